//! Keyboards and what happens when somebody presses a button.

use quadruplex_sandbox::world::Peer;
use quadruplex_tl_schema::builtin::LAYERS;
use quadruplex_tl_schema::{Object, Value};

use super::fixture::{Fixture, Session, history, input, peer_of, send};

fn button(text: &str, kind: Object) -> Object {
    Object::new("keyboardInlineButton").with("text", text).with("type", kind)
}

fn callback(data: &[u8]) -> Object {
    button("Press", Object::new("inlineButtonTypeCallback").with("data", data))
}

fn inline(buttons: Vec<Object>) -> Object {
    let row = Object::new("keyboardInlineButtonRow").with("buttons", buttons);
    Object::new("replyInlineMarkup").with("rows", vec![row])
}

/// Alice and a bot that have met; the bot has sent a message with a button. The message's id in Alice's box.
struct Scene {
    fixture: Fixture,
    alice: Session,
    bot: Session,
    /// How Alice names the bot.
    to_bot: Object,
    /// How the bot names Alice.
    to_alice: Object,
    id: i32,
}

impl Scene {
    fn new() -> Self {
        let mut fixture = Fixture::new();
        let (alice, bot) = (fixture.user("alice"), fixture.bot("quiz", true));
        let to_bot = peer_of(&mut fixture, &alice, "quiz_bot");
        fixture.ok(&alice, send(&to_bot, "/start", 1));
        let to_alice = peer_of(&mut fixture, &bot, "alice_name");
        // The bot's box is ahead, so that the ids differ.
        fixture.ok(&bot, send(&Object::new("inputPeerSelf"), "note", 1));
        fixture.ok(&bot, send(&to_alice, "A or B?", 2).with("reply_markup", inline(vec![callback(b"a"), callback(b"b")])));
        let newest = fixture.ok(&alice, history(&to_bot)).objects("messages").next().unwrap().clone();
        fixture.pushes();
        Self { fixture, alice, bot, to_bot, to_alice, id: newest.int("id").unwrap() }
    }

    /// The id of the message in the bot's box.
    fn bots_id(&self) -> i32 {
        let said = self.fixture.world.messages(self.bot.id, Peer::User(self.alice.id));
        said.iter().map(|said| said.id).max().unwrap()
    }

    fn press(&self, data: &[u8]) -> Object {
        Object::new("messages.getBotCallbackAnswer").with("peer", self.to_bot.clone()).with("msg_id", self.id).with("data", data)
    }

    /// Presses, and returns what the bot is told.
    fn pressed(&mut self, data: &[u8]) -> Object {
        let press = self.press(data);
        assert!(self.fixture.call(&self.alice, press).unwrap_err().starts_with("later"));
        let live = self.fixture.live(&self.bot).remove(0);
        live.objects("updates").next().unwrap().clone()
    }
}

fn answer(query_id: i64, text: &str) -> Object {
    Object::new("messages.setBotCallbackAnswer").with("alert", true).with("query_id", query_id).with("message", text).with("cache_time", 5)
}

#[test]
fn a_press_waits_for_the_bot_and_brings_its_answer() {
    let mut scene = Scene::new();
    let asked = scene.pressed(b"b");
    assert!(asked.is("updateBotCallbackQuery"));
    assert_eq!((asked.long("user_id"), asked.bytes("data")), (Some(scene.alice.id), Some(&b"b"[..])));
    assert_eq!(asked.object("peer").unwrap().long("user_id"), Some(scene.alice.id));
    assert_eq!(asked.int("msg_id"), Some(scene.bots_id()), "the bot's own id of the message");
    assert_ne!(asked.int("msg_id"), Some(scene.id));

    let query_id = asked.long("query_id").unwrap();
    let other = scene.fixture.bot("other", true);
    scene.fixture.refused(&other, answer(query_id, "mine"), "400 QUERY_ID_INVALID");
    let asked = scene.pressed(b"a");
    let query_id = asked.long("query_id").unwrap();
    assert_eq!(scene.fixture.call(&scene.bot, answer(query_id, "Right!")), Ok(Value::Bool(true)));
    let press = scene.press(b"a");
    let Ok(Value::Object(got)) = scene.fixture.late(&scene.alice, &press) else { panic!("no answer") };
    assert_eq!((got.string("message"), got.flag("alert"), got.int("cache_time")), (Some("Right!"), true, Some(5)));
    scene.fixture.refused(&scene.bot, answer(query_id, "again"), "400 QUERY_ID_INVALID");
}

#[test]
fn a_bot_that_does_not_answer_is_given_up() {
    let mut scene = Scene::new();
    let asked = scene.pressed(b"a");
    let due = scene.fixture.world.next_timeout().unwrap();
    assert_eq!(due.ms - scene.fixture.now.ms, 10_000);
    scene.fixture.now = due;
    scene.fixture.world.handle_timeout(due);
    let press = scene.press(b"a");
    assert_eq!(scene.fixture.late(&scene.alice, &press), Err("400 BOT_RESPONSE_TIMEOUT".to_owned()));
    assert_eq!(scene.fixture.world.next_timeout(), None);
    scene.fixture.refused(&scene.bot, answer(asked.long("query_id").unwrap(), "late"), "400 QUERY_ID_INVALID");
}

#[test]
fn only_buttons_that_are_there_can_be_pressed() {
    let mut scene = Scene::new();
    let (wrong, gone) = (scene.press(b"c"), scene.press(b"a").with("msg_id", 99));
    scene.fixture.refused(&scene.alice, wrong, "400 DATA_INVALID");
    scene.fixture.refused(&scene.alice, gone, "400 MESSAGE_ID_INVALID");
    let press = scene.press(b"a");
    scene.fixture.refused(&scene.bot, press, "400 BOT_METHOD_INVALID");
    // An edit without a keyboard takes it away.
    let newest = scene.bots_id();
    let edit = Object::new("messages.editMessage").with("peer", scene.to_alice.clone()).with("id", newest).with("message", "Done");
    scene.fixture.ok(&scene.bot, edit);
    let press = scene.press(b"a");
    scene.fixture.refused(&scene.alice, press, "400 MESSAGE_ID_INVALID");
}

#[test]
fn in_a_group_everybody_may_press() {
    let mut fixture = Fixture::new();
    let (alice, bot) = (fixture.user("alice"), fixture.bot("quiz", true));
    let to_bot = peer_of(&mut fixture, &alice, "quiz_bot");
    let create = Object::new("channels.createChannel").with("megagroup", true).with("title", "Club").with("about", "");
    let club = input(fixture.ok(&alice, create).objects("chats").next().unwrap());
    let invite = Object::new("channels.inviteToChannel")
        .with("channel", super::fixture::as_channel(&club))
        .with("users", vec![super::fixture::as_user(&to_bot)]);
    fixture.ok(&alice, invite);
    let for_bot = club.clone().with("access_hash", 0i64);
    let sent = fixture.ok(&bot, send(&for_bot, "Vote", 1).with("reply_markup", inline(vec![callback(b"x")])));
    let id = sent.objects("updates").find_map(|update| update.object("message")).unwrap().int("id").unwrap();
    fixture.pushes();
    let press = Object::new("messages.getBotCallbackAnswer").with("peer", club).with("msg_id", id).with("data", &b"x"[..]);
    fixture.call(&alice, press).unwrap_err();
    let live = fixture.live(&bot).remove(0);
    let asked = live.objects("updates").next().unwrap();
    assert_eq!((asked.int("msg_id"), asked.object("peer").unwrap().name.as_str()), (Some(id), "peerChannel"));
}

#[test]
fn keyboards_are_checked() {
    let mut scene = Scene::new();
    let url = |url: &str| button("Open", Object::new("inlineButtonTypeUrl").with("url", url));
    let rows = |markup: &'static str, row: &'static str, buttons: Vec<Object>| {
        Object::new(markup).with("rows", vec![Object::new(row).with("buttons", buttons)])
    };
    let reply = |buttons: Vec<Object>| rows("replyKeyboardMarkup", "keyboardButtonRow", buttons);
    let plain = |text: &str| Object::new("keyboardButton").with("text", text).with("type", Object::new("buttonTypeDefault"));
    for (markup, error) in [
        (inline(vec![callback(&[7; 65])]), "400 BUTTON_DATA_INVALID"),
        (inline(vec![callback(b"")]), "400 BUTTON_DATA_INVALID"),
        (inline(vec![url("no address")]), "400 BUTTON_URL_INVALID"),
        (inline(vec![url("ftp://a.b")]), "400 BUTTON_URL_INVALID"),
        (inline(vec![button("", Object::new("inlineButtonTypeGame"))]), "400 REPLY_MARKUP_INVALID"),
        (inline(vec![callback(b"x"); 101]), "400 REPLY_MARKUP_TOO_LONG"),
        (reply(vec![]), "400 REPLY_MARKUP_INVALID"),
    ] {
        scene.fixture.refused(&scene.bot, send(&scene.to_alice, "x", 3).with("reply_markup", markup), error);
    }
    for (number, markup) in [
        inline(vec![callback(&[7; 64]), url("https://example.org"), url("t.me/x"), url("tg://user?id=1")]),
        reply(vec![plain("Yes"), plain("No")]),
        Object::new("replyKeyboardHide"),
        Object::new("replyKeyboardForceReply"),
    ]
    .into_iter()
    .enumerate()
    {
        scene.fixture.ok(&scene.bot, send(&scene.to_alice, "x", 10 + number as i64).with("reply_markup", markup));
    }
    let kinds: Vec<String> = scene
        .fixture
        .ok(&scene.alice, history(&scene.to_bot))
        .objects("messages")
        .filter_map(|message| Some(message.object("reply_markup")?.name.as_str().to_owned()))
        .collect();
    assert_eq!(kinds, ["replyKeyboardForceReply", "replyKeyboardHide", "replyKeyboardMarkup", "replyInlineMarkup", "replyInlineMarkup"]);
    // Those of people are not seen by anybody.
    scene.fixture.ok(&scene.alice, send(&scene.to_bot, "y", 20).with("reply_markup", inline(vec![callback(b"a")])));
    let newest = scene.fixture.ok(&scene.alice, history(&scene.to_bot)).objects("messages").next().unwrap().clone();
    assert!(newest.object("reply_markup").is_none());
}

/// Sessions of the fixture speak the layers in turn: what one says in its words, each other reads in its own.
#[test]
fn a_keyboard_is_read_in_every_layer() {
    let mut scene = Scene::new();
    for _ in LAYERS {
        let session = scene.fixture.again(scene.alice.id);
        let newest = scene.fixture.ok(&session, history(&scene.to_bot)).objects("messages").next().unwrap().clone();
        let rows: Vec<Object> = newest.object("reply_markup").unwrap().objects("rows").cloned().collect();
        let buttons: Vec<&Object> = rows[0].objects("buttons").collect();
        let expected = if session.caller.layer <= 228 { "keyboardButtonCallback" } else { "keyboardInlineButton" };
        assert_eq!((buttons.len(), buttons[0].name.as_str()), (2, expected));
    }
}
