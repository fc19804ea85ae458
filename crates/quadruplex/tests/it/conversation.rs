//! Handlers that ask and wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use quadruplex::prelude::*;
use quadruplex::testing;
use quadruplex::testing::server::world::Peer;
use quadruplex::testing::server::{LinkScript, NewUser};
use quadruplex::{ConversationEnded, UploadSource};

/// Introduce yourself.
#[derive(Command)]
struct Register;

async fn register(_: Register, chat: Chat) -> Result {
    let name = chat.ask("What is your name?").text().await?;
    let age: u8 = chat.ask("How old are you?").parse().or_say("A number, please.").await?;
    let right = chat.ask(html!("<b>{name}</b>, {age}. Right?")).choice(["Yes", "No"]).within(5 * MINUTE).await?;
    if right == "Yes" {
        chat.send(html!("Welcome, <b>{name}</b>!")).await?;
    }
    Ok(())
}

async fn anything_else(msg: Text) -> Option<String> {
    (!msg.text().starts_with('/')).then(|| format!("heard {}", msg.text()))
}

/// Say something.
#[derive(Command)]
pub(crate) struct Ping;

async fn ping(_: Ping) -> &'static str {
    "pong"
}

fn router() -> Router {
    Router::new().on_command(register).on_command(ping).on_message(anything_else)
}

pub(crate) async fn expect(chat: &mut testing::Chat, text: &str) -> Result {
    assert_eq!(chat.reply().await?.text(), text, "{}", chat.transcript());
    Ok(())
}

#[quadruplex::test]
async fn a_conversation(telegram: Sandbox) -> Result {
    let bot = telegram.bot(router()).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    chat.say("/register").await?;
    expect(&mut chat, "What is your name?").await?;
    chat.send_photo(UploadSource::bytes("me.jpg", &b"\xff\xd8\xff"[..])).await?;
    expect(&mut chat, "What is your name?").await?;
    chat.say("<b>Alice").await?;
    expect(&mut chat, "How old are you?").await?;
    chat.say("old").await?;
    expect(&mut chat, "A number, please.").await?;
    chat.say("300").await?;
    expect(&mut chat, "A number, please.").await?;
    chat.say("30").await?;
    let question = chat.reply().await?;
    assert_eq!(question.html(), "<b>&lt;b&gt;Alice</b>, 30. Right?");
    chat.say("perhaps").await?;
    expect(&mut chat, "<b>Alice, 30. Right?").await?;
    chat.press("Yes").await?;
    expect(&mut chat, "Welcome, <b>Alice!").await?;
    chat.say("thanks").await?;
    expect(&mut chat, "heard thanks").await?;
    Ok(())
}

#[quadruplex::test]
async fn everybody_has_a_conversation_of_his_own(telegram: Sandbox) -> Result {
    let bot = telegram.app(App::new(router()).at_once(2)).await?;
    let mut chats = Vec::new();
    for name in ["alice", "bobby", "carol", "david"] {
        let mut chat = telegram.user(name).await?.open(&bot).await?;
        chat.say("/register").await?;
        expect(&mut chat, "What is your name?").await?;
        chats.push((name, chat));
    }
    for (name, chat) in &mut chats {
        chat.say(*name).await?;
        expect(chat, "How old are you?").await?;
    }
    for (name, chat) in &mut chats {
        chat.say("30").await?;
        expect(chat, &format!("{name}, 30. Right?")).await?;
    }
    Ok(())
}

#[quadruplex::test]
async fn a_thousand_conversations_need_few_hands(telegram: Sandbox) -> Result {
    const PEOPLE: usize = 1000;
    let bot = telegram.app(App::new(router()).at_once(4)).await?;
    let bot = telegram.server().world().find_user(bot.username()).ok_or("the bot has an account")?;
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        let new = NewUser { first_name: format!("Person {number}"), ..NewUser::default() };
        people.push(telegram.server().create_user(new)?);
    }
    let say = async |text: &str| {
        let now = telegram.server().now();
        for person in &people {
            telegram.server().world().say(*person, Peer::User(bot), text, now).expect("a bot can be written to");
        }
        telegram.server().deliver();
        telegram.advance(MINUTE).await;
    };
    say("/register").await;
    say("Alice").await;
    say("30").await;
    say("Yes").await;
    let world = telegram.server().world();
    for person in &people {
        let said: Vec<String> = world.messages(*person, Peer::User(bot)).into_iter().map(|message| message.text).collect();
        let expected =
            ["/register", "What is your name?", "Alice", "How old are you?", "30", "Alice, 30. Right?", "Yes", "Welcome, Alice!"];
        assert_eq!(said, expected);
    }
    Ok(())
}

#[quadruplex::test]
async fn others_in_the_chat_are_handled_meanwhile(telegram: Sandbox) -> Result {
    let bot = telegram.bot(router()).await?;
    let group = telegram.group("Bakers", &bot).await?;
    let mut alice = telegram.user("alice").await?.join(&group).await?;
    let bobby = telegram.user("bobby").await?.join(&group).await?;
    alice.say("/register").await?;
    let question = alice.reply().await?;
    assert_eq!(question.text(), "What is your name?");
    bobby.say("/ping").await?;
    expect(&mut alice, "pong").await?;
    // In a group the bot hears what answers it.
    alice.answer(&question, "Alice").await?;
    expect(&mut alice, "How old are you?").await?;
    Ok(())
}

#[quadruplex::test]
async fn what_is_said_to_another_bot_is_neither_an_answer_nor_an_end(telegram: Sandbox) -> Result {
    let bot = telegram.bot(router()).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    chat.say("/register").await?;
    expect(&mut chat, "What is your name?").await?;
    for other in ["/cancel@other_bot", "/ping@other_bot"] {
        chat.say(other).await?;
    }
    chat.say("Alice").await?;
    expect(&mut chat, "How old are you?").await
}

#[quadruplex::test]
async fn it_ends_quietly(telegram: Sandbox) -> Result {
    let bot = telegram.bot(router()).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    let begin = async |chat: &mut testing::Chat| {
        chat.say("/register").await?;
        expect(chat, "What is your name?").await
    };
    begin(&mut chat).await?;
    chat.say("/cancel").await?;
    chat.silence().await?;
    chat.say("hello").await?;
    expect(&mut chat, "heard hello").await?;

    begin(&mut chat).await?;
    chat.say("/ping").await?;
    expect(&mut chat, "pong").await?;
    chat.say("hello").await?;
    expect(&mut chat, "heard hello").await?;

    begin(&mut chat).await?;
    telegram.advance(2 * HOUR).await;
    chat.say("hello").await?;
    expect(&mut chat, "heard hello").await?;
    let error = chat.reply().await.unwrap_err().to_string();
    assert!(error.ends_with("no handler has failed"), "the ends of conversations are no failures: {error}");
    Ok(())
}

#[quadruplex::test]
async fn it_goes_on_after_a_restart(telegram: Sandbox) -> Result {
    let mut bot = telegram.bot(router()).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    chat.say("/register").await?;
    expect(&mut chat, "What is your name?").await?;
    bot.restart(router()).await?;
    chat.silence().await?;
    chat.say("Alice").await?;
    expect(&mut chat, "How old are you?").await?;
    chat.say("old").await?;
    expect(&mut chat, "A number, please.").await?;
    for _ in 0..3 {
        bot.restart(router()).await?;
    }
    chat.silence().await?;
    chat.say("30").await?;
    expect(&mut chat, "Alice, 30. Right?").await?;
    bot.restart(router()).await?;
    chat.press("Yes").await?;
    expect(&mut chat, "Welcome, Alice!").await?;
    bot.restart(router()).await?;
    chat.say("hello").await?;
    expect(&mut chat, "heard hello").await?;
    chat.silence().await?;
    Ok(())
}

#[quadruplex::test]
async fn it_is_the_same_conversation_wherever_it_is_cut(telegram: Sandbox) -> Result {
    let mut bot = telegram.bot(router()).await?;
    telegram.server().set_link(LinkScript { delay: Duration::from_millis(40), ..LinkScript::default() });
    for cut in (0..800).step_by(31) {
        let mut chat = telegram.user(&format!("person{cut}")).await?.open(&bot).await?;
        for (text, answer) in [
            ("/register", "What is your name?"),
            ("Alice", "How old are you?"),
            ("old", "A number, please."),
            ("30", "Alice, 30. Right?"),
            ("Yes", "Welcome, Alice!"),
        ] {
            chat.say(text).await?;
            telegram.advance(Duration::from_millis(cut)).await;
            bot.restart(router()).await?;
            expect(&mut chat, answer).await?;
        }
        chat.silence().await?;
    }
    Ok(())
}

#[quadruplex::test]
async fn an_answer_is_not_lost_before_the_next_question(telegram: Sandbox) -> Result {
    async fn slow(_: Text, chat: Chat) -> Result<String> {
        let name = chat.ask("Name?").text().await?;
        sleep(HOUR).await;
        let place = chat.ask("Place?").text().await?;
        sleep(HOUR).await;
        Ok(format!("{name} of {place}"))
    }
    let router = || Router::new().on_message(slow);
    let mut bot = telegram.bot(router()).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    chat.say("/start").await?;
    expect(&mut chat, "Name?").await?;
    chat.say("Alice").await?;
    telegram.advance(MINUTE).await;
    bot.restart(router()).await?;
    chat.silence().await?;
    telegram.advance(HOUR).await;
    expect(&mut chat, "Place?").await?;
    chat.say("Bergen").await?;
    telegram.advance(MINUTE).await;
    bot.restart(router()).await?;
    chat.silence().await?;
    // The work between the questions is done again.
    telegram.advance(2 * HOUR).await;
    expect(&mut chat, "Alice of Bergen").await?;
    telegram.advance(DAY).await;
    chat.silence().await?;
    Ok(())
}

#[quadruplex::test]
async fn what_comes_to_nobody_is_handled(telegram: Sandbox) -> Result {
    async fn hasty(_: Register, chat: Chat) -> Result {
        tokio::select! {
            biased;
            answer = chat.ask("Well?").text() => chat.send(format!("you said {}", answer?)).await?,
            () = sleep(MINUTE) => chat.send("Too late.").await?,
        };
        Ok(())
    }
    let bot = telegram.bot(Router::new().on_command(hasty).on_message(anything_else)).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    chat.say("/register").await?;
    expect(&mut chat, "Well?").await?;
    telegram.advance(MINUTE).await;
    chat.say("now").await?;
    expect(&mut chat, "Too late.").await?;
    expect(&mut chat, "heard now").await?;
    Ok(())
}

#[quadruplex::test]
async fn what_was_said_early_is_an_answer(telegram: Sandbox) -> Result {
    let bot = telegram.bot(router()).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    for text in ["/register", "Alice", "30", "Yes", "hello"] {
        chat.say(text).await?;
    }
    for text in ["What is your name?", "How old are you?", "Alice, 30. Right?", "Welcome, Alice!", "heard hello"] {
        expect(&mut chat, text).await?;
    }
    Ok(())
}

#[quadruplex::test]
async fn an_end_can_be_dealt_with(telegram: Sandbox) -> Result {
    async fn patient(_: Text, chat: Chat, State(ends): State<Arc<AtomicUsize>>) -> Result {
        let answer = chat.ask("Well?").text().within(MINUTE).await;
        if let Err(Error::ConversationEnded(ConversationEnded::Silence)) = answer {
            ends.fetch_add(1, Ordering::Relaxed);
            chat.send("Never mind.").await?;
        }
        Ok(())
    }
    let ends = Arc::new(AtomicUsize::new(0));
    let bot = telegram.bot(Router::new().on_message(patient).state(Arc::clone(&ends))).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    chat.say("hello").await?;
    expect(&mut chat, "Well?").await?;
    telegram.advance(MINUTE).await;
    expect(&mut chat, "Never mind.").await?;
    assert_eq!(ends.load(Ordering::Relaxed), 1);
    Ok(())
}

/// Each message is an answer to one question: whose it is does not keep the next from the other.
#[quadruplex::test]
async fn two_questions_at_once_have_an_answer_each(telegram: Sandbox) -> Result {
    async fn one(_: Text, chat: Chat) -> Result<String> {
        Ok(format!("one: {}", chat.ask("First?").text().await?))
    }
    async fn two(_: Text, chat: Chat) -> Result<String> {
        Ok(format!("two: {}", chat.ask("Second?").text().await?))
    }
    async fn both(_: Text, chat: Chat) -> Result<String> {
        let (one, two) = (chat.ask("First?").text(), chat.ask("Second?").text());
        let (one, two) = tokio::join!(one.into_future(), two.into_future());
        Ok(format!("both: {} {}", one?, two?))
    }
    for (router, expected) in [
        (Router::new().on_message(one).on_message(two), ["one: 1 two: 2", "one: 2 two: 1"]),
        (Router::new().on_message(both), ["both: 1 2", "both: 2 1"]),
    ] {
        let bot = telegram.bot(router).await?;
        let mut chat = telegram.user("alice").await?.open(&bot).await?;
        chat.say("hello").await?;
        let mut questions = [chat.reply().await?.text().to_owned(), chat.reply().await?.text().to_owned()];
        questions.sort();
        assert_eq!(questions, ["First?", "Second?"]);
        for text in ["1", "2"] {
            chat.say(text).await?;
        }
        let mut answers = vec![chat.reply().await?.text().to_owned()];
        if answers[0].starts_with("one") || answers[0].starts_with("two") {
            answers.push(chat.reply().await?.text().to_owned());
        }
        answers.sort();
        assert!(expected.contains(&&*answers.join(" ")), "{answers:?}");
        chat.silence().await?;
    }
    Ok(())
}
