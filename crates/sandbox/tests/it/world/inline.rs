//! Inline mode: what a bot offers to whoever types its name.

use quadruplex_tl_schema::{Object, Value};

use super::fixture::{Fixture, Session, as_user, history, peer_of, texts};

struct Scene {
    fixture: Fixture,
    alice: Session,
    bob: Session,
    bot: Session,
    found: Object,
    to_bob: Object,
}

impl Scene {
    fn new() -> Self {
        let mut fixture = Fixture::new();
        let (alice, bob, bot) = (fixture.user("alice"), fixture.user("bobby"), fixture.bot("pics", true));
        fixture.world.set_inline(bot.id, Some("Search"), fixture.now).unwrap();
        let (found, to_bob) = (peer_of(&mut fixture, &alice, "pics_bot"), peer_of(&mut fixture, &alice, "bobby_name"));
        Self { fixture, alice, bob, bot, found, to_bob }
    }

    fn ask(&self, text: &str) -> Object {
        Object::new("messages.getInlineBotResults")
            .with("bot", as_user(&self.found))
            .with("peer", self.to_bob.clone())
            .with("query", text)
            .with("offset", "")
    }

    /// Asks, and returns the number of the question.
    fn asked(&mut self, text: &str) -> i64 {
        self.fixture.pushes();
        let ask = self.ask(text);
        assert!(self.fixture.call(&self.alice, ask).unwrap_err().starts_with("later"));
        let live = self.fixture.live(&self.bot).remove(0);
        let update = live.objects("updates").next().unwrap();
        assert_eq!((update.name.as_str(), update.string("query")), ("updateBotInlineQuery", Some(text)));
        assert!(update.object("peer_type").unwrap().is("inlineQueryPeerTypePM"));
        update.long("query_id").unwrap()
    }

    fn send(&self, query_id: i64, id: &str, random_id: i64) -> Object {
        Object::new("messages.sendInlineBotResult")
            .with("peer", self.to_bob.clone())
            .with("random_id", random_id)
            .with("query_id", query_id)
            .with("id", id)
    }
}

fn button() -> Object {
    let kind = Object::new("inlineButtonTypeCallback").with("data", &b"more"[..]);
    let button = Object::new("keyboardInlineButton").with("text", "More").with("type", kind);
    let row = Object::new("keyboardInlineButtonRow").with("buttons", vec![button]);
    Object::new("replyInlineMarkup").with("rows", vec![row])
}

fn article(id: &str, text: &str) -> Object {
    let message = Object::new("inputBotInlineMessageText").with("message", text).with("reply_markup", button());
    Object::new("inputBotInlineResult").with("id", id).with("type", "article").with("title", id).with("send_message", message)
}

fn offer(query_id: i64, results: Vec<Object>) -> Object {
    Object::new("messages.setInlineBotResults").with("query_id", query_id).with("results", results).with("cache_time", 5)
}

#[test]
fn what_a_bot_offers_is_sent_by_whoever_asked() {
    let mut scene = Scene::new();
    let query_id = scene.asked("cats");
    let results = vec![article("one", "A cat"), article("two", "Two /cats")];
    assert_eq!(scene.fixture.call(&scene.bot, offer(query_id, results).with("next_offset", "2")), Ok(Value::Bool(true)));
    let ask = scene.ask("cats");
    let Ok(Value::Object(shown)) = scene.fixture.late(&scene.alice, &ask) else { panic!("no results") };
    assert_eq!((shown.long("query_id"), shown.string("next_offset")), (Some(query_id), Some("2")));
    let kinds: Vec<&str> = shown.objects("results").map(|result| result.object("send_message").unwrap().name.as_str()).collect();
    assert_eq!(kinds, ["botInlineMessageText"; 2]);

    let send = scene.send(query_id, "two", 1);
    scene.fixture.ok(&scene.alice, send.clone());
    let told = scene.fixture.live(&scene.bot).remove(0);
    let chosen = told.objects("updates").next().unwrap().clone();
    assert_eq!((chosen.name.as_str(), chosen.string("id"), chosen.string("query")), ("updateBotInlineSend", Some("two"), Some("cats")));
    scene.fixture.ok(&scene.alice, send);
    let to_alice = peer_of(&mut scene.fixture, &scene.bob, "alice_name");
    let seen = scene.fixture.ok(&scene.bob, history(&to_alice));
    assert_eq!(texts(&seen), ["Two /cats"], "repeated, sent once");
    let message = seen.objects("messages").next().unwrap().clone();
    assert_eq!((message.long("via_bot_id"), message.objects("entities").count()), (Some(scene.bot.id), 1));
    assert!(seen.objects("users").any(|user| user.long("id") == Some(scene.bot.id)));

    // Bob presses the button; the bot knows the message by its inline id only.
    let press = Object::new("messages.getBotCallbackAnswer")
        .with("peer", to_alice)
        .with("msg_id", message.int("id").unwrap())
        .with("data", &b"more"[..]);
    scene.fixture.call(&scene.bob, press).unwrap_err();
    let told = scene.fixture.live(&scene.bot).remove(0);
    let pressed = told.objects("updates").next().unwrap().clone();
    assert_eq!((pressed.name.as_str(), pressed.object("msg_id")), ("updateInlineBotCallbackQuery", chosen.object("msg_id")));
    let edit = |id: Object| Object::new("messages.editInlineBotMessage").with("id", id).with("message", "Three cats");
    let id = chosen.object("msg_id").unwrap().clone();
    assert_eq!(scene.fixture.call(&scene.bot, edit(id.clone())), Ok(Value::Bool(true)));
    scene.fixture.refused(&scene.bot, edit(id.clone()), "400 MESSAGE_NOT_MODIFIED");
    scene.fixture.refused(&scene.bot, edit(id.with("access_hash", 1i64)), "400 MESSAGE_ID_INVALID");
    let to_bob = scene.to_bob.clone();
    assert_eq!(texts(&scene.fixture.ok(&scene.alice, history(&to_bob))), ["Three cats"]);
}

#[test]
fn what_is_offered_is_checked() {
    let mut scene = Scene::new();
    let query_id = scene.asked("x");
    let long = "x".repeat(65);
    let no_message = article("a", "");
    for (results, error) in [
        (vec![article("a", "b"); 2], "400 RESULT_ID_DUPLICATE"),
        (vec![article("", "b")], "400 RESULT_ID_INVALID"),
        (vec![article(&long, "b")], "400 RESULT_ID_INVALID"),
        (vec![no_message], "400 MESSAGE_EMPTY"),
        ((0..51).map(|number| article(&number.to_string(), "b")).collect(), "400 RESULTS_TOO_MUCH"),
    ] {
        scene.fixture.refused(&scene.bot, offer(query_id, results), error);
    }
    scene.fixture.refused(&scene.bot, offer(query_id + 1, vec![]), "400 QUERY_ID_INVALID");
    scene.fixture.call(&scene.bot, offer(query_id, vec![article("a", "b")]).with("private", true)).unwrap();
    scene.fixture.refused(&scene.bot, offer(query_id, vec![]), "400 QUERY_ID_INVALID");
    for (query, id, error) in [
        (0, "a", "400 QUERY_ID_EMPTY"),
        (query_id, "", "400 RESULT_ID_EMPTY"),
        (query_id, "z", "400 RESULT_ID_INVALID"),
        (9, "a", "400 INLINE_RESULT_EXPIRED"),
    ] {
        let send = scene.send(query, id, 1);
        scene.fixture.refused(&scene.alice, send, error);
    }
    let me = Object::new("inputPeerSelf");
    let send = scene.send(query_id, "a", 1).with("peer", me);
    scene.fixture.refused(&scene.bob, send, "400 INLINE_RESULT_EXPIRED");
    scene.fixture.world.set_inline(scene.bot.id, None, scene.fixture.now).unwrap();
    let ask = scene.ask("x");
    scene.fixture.refused(&scene.alice, ask, "400 BOT_INLINE_DISABLED");
}
