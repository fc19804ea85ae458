//! The kit for tests of bots, tested by tests of bots.

use quadruplex::UploadSource;
use quadruplex::prelude::*;
use quadruplex::testing::PATIENCE;
use tokio::time::Instant;

async fn echo(msg: Text) -> Result<String> {
    match msg.text() {
        "fail" => Err("the oven is cold".into()),
        "silence" => Ok(String::new()),
        text => Ok(text.to_uppercase()),
    }
}

fn shouting() -> Router {
    Router::new().on_message(echo)
}

#[quadruplex::test]
async fn a_bot_answers(telegram: Sandbox) -> Result {
    let bot = telegram.bot(shouting()).await?;
    let mut alice = telegram.user("alice").await?.open(&bot).await?;
    let mut bob = telegram.user("bob").await?.open(&bot).await?;

    alice.say("one").await?;
    bob.say("two").await?;
    alice.say("three").await?;
    assert_eq!(alice.reply().await?.text(), "ONE");
    assert_eq!(alice.reply().await?.text(), "THREE");
    assert_eq!(bob.reply().await?.text(), "TWO");
    bob.silence().await?;
    Ok(())
}

#[quadruplex::test]
async fn who_gets_no_answer_is_told_why(telegram: Sandbox) -> Result {
    let bot = telegram.bot(shouting()).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    chat.say("hello").await?;
    chat.reply().await?;
    chat.say("fail").await?;
    let start = Instant::now();
    let error = chat.reply().await.unwrap_err().to_string();
    assert_eq!(start.elapsed(), PATIENCE);
    let lines: Vec<&str> = error.lines().map(str::trim).collect();
    assert_eq!(lines[0], "no answer within 5 s");
    assert!(lines[1].ends_with(" alice: hello"), "{error}");
    assert!(lines[2].ends_with(" @test_bot: HELLO"), "{error}");
    assert!(lines[3].ends_with(" alice: fail"), "{error}");
    assert!(lines[4].starts_with("handler `") && lines[4].ends_with("::testing::echo`: the oven is cold"), "{error}");
    Ok(())
}

#[test]
#[should_panic(expected = "no answer within 5 s")]
fn an_error_fails_the_test() {
    quadruplex::testing::run(async |telegram: Sandbox| -> Result {
        let bot = telegram.bot(Router::new()).await?;
        let mut chat = telegram.user("alice").await?.open(&bot).await?;
        chat.say("hello").await?;
        chat.reply().await?;
        Ok(())
    });
}

#[quadruplex::test]
async fn time_is_virtual(telegram: Sandbox) -> Result {
    async fn patient(_: Text) -> &'static str {
        sleep(DAY).await;
        "at last"
    }
    let (real, start) = (std::time::Instant::now(), Instant::now());
    let bot = telegram.bot(Router::new().on_message(patient)).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    chat.say("hello").await?;
    chat.silence().await?;
    telegram.advance(24 * HOUR).await;
    assert_eq!(chat.reply().await?.text(), "at last");
    assert!(start.elapsed() >= DAY && real.elapsed() < MINUTE);
    Ok(())
}

#[quadruplex::test]
async fn buttons_are_pressed(telegram: Sandbox) -> Result {
    async fn ask(chat: Chat) -> Result {
        let buttons = Buttons::row([("👍", "up"), ("👎", "down")]).and_row([Button::url("Why?", "https://telegram.org")]);
        chat.send("Good?").buttons(buttons).await?;
        Ok(())
    }
    async fn vote(query: CallbackQuery) -> Result {
        query.message().edit(format!("{} it is", String::from_utf8_lossy(query.data()))).await?;
        query.toast("counted").await?;
        Ok(())
    }
    let bot = telegram.bot(Router::new().on_message(ask).on_callback(vote)).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    chat.say("/start").await?;
    assert_eq!(chat.reply().await?.text(), "Good?");
    assert_eq!(chat.press("Why?").await?.url.as_deref(), Some("https://telegram.org"));
    assert_eq!(chat.press("👎").await?.toast.as_deref(), Some("counted"));
    assert_eq!(chat.edited().await?.text(), "down it is");
    let missing = chat.press("👎").await.unwrap_err().to_string();
    assert!(missing.starts_with("there is no button \"👎\" in the chat"), "the edit has taken the buttons away: {missing}");
    Ok(())
}

/// Roll dice.
#[derive(Command)]
struct Roll {
    /// sides of each die
    #[arg(default = 6, range = 2..=120)]
    sides: u32,
    /// how many dice
    #[arg(default = 1, range = 1..=20)]
    dice: u8,
}

async fn roll(Roll { sides, dice }: Roll) -> String {
    format!("🎲 {:?}", vec![sides; usize::from(dice)])
}

#[quadruplex::test]
async fn rolls_what_it_is_told(telegram: Sandbox) -> Result {
    let bot = telegram.bot(Router::new().on_command(roll)).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;

    chat.say("/roll 6 2").await?;
    assert!(chat.reply().await?.text().starts_with("🎲"));

    chat.say("/roll banana").await?;
    assert_eq!(chat.reply().await?.text(), "usage: /roll [sides=6] [dice=1] — sides must be 2..=120, got \"banana\"");

    telegram.advance(24 * HOUR).await; // virtual: the daily job has run, the test took a millisecond
    Ok(())
}

#[derive(Callback)]
struct Vote {
    post: u32,
    up: bool,
}

#[quadruplex::test]
async fn what_is_packed_into_a_button_comes_back(telegram: Sandbox) -> Result {
    async fn ask(chat: Chat) -> Result {
        let buttons = Buttons::row([("👍", Vote { post: 7, up: true }), ("👎", Vote { post: 7, up: false })]);
        chat.send("Good?").buttons(buttons).await?;
        Ok(())
    }
    async fn vote(Vote { post, up }: Vote, chat: Chat) -> Result {
        chat.send(format!("{post}: {up}")).await?;
        Ok(())
    }
    let bot = telegram.bot(Router::new().on_message(ask).on_callback(vote)).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    chat.say("/start").await?;
    chat.reply().await?;
    chat.press("👎").await?;
    assert_eq!(chat.reply().await?.text(), "7: false");
    Ok(())
}

#[quadruplex::test]
async fn keys_write(telegram: Sandbox) -> Result {
    async fn ask(msg: Text, chat: Chat) -> Result {
        match msg.text() {
            "Yes" => chat.send("good").buttons(Keyboard::remove()).await?,
            _ => chat.send("Sure?").buttons(Keyboard::row(["Yes", "No"])).await?,
        };
        Ok(())
    }
    let bot = telegram.bot(Router::new().on_message(ask)).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    chat.say("hello").await?;
    chat.reply().await?;
    chat.press("Yes").await?;
    assert_eq!(chat.reply().await?.text(), "good");
    assert!(chat.press("No").await.is_err(), "the keyboard is gone");
    Ok(())
}

#[quadruplex::test]
async fn media_arrives(telegram: Sandbox) -> Result {
    async fn describe(msg: Message) -> String {
        if msg.media().is_some() { "a picture".to_owned() } else { "words".to_owned() }
    }
    let bot = telegram.bot(Router::new().on_message(describe)).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    chat.send_photo(UploadSource::bytes("sea.jpg", &b"\xff\xd8\xff"[..])).await?;
    assert_eq!(chat.reply().await?.text(), "a picture");
    chat.send_file(UploadSource::bytes("sea.txt", &b"waves"[..])).await?;
    assert_eq!(chat.reply().await?.text(), "a picture");
    Ok(())
}

#[quadruplex::test]
async fn groups(telegram: Sandbox) -> Result {
    let bot = telegram.bot(shouting()).await?;
    let group = telegram.group("Bakers", &bot).await?;
    let mut alice = telegram.user("alice").await?.join(&group).await?;
    let mut bobby = telegram.user("bobby").await?.join(&group).await?;
    // In groups a bot hears of commands, as long as it has no more rights.
    alice.say("/bread").await?;
    assert_eq!(alice.reply().await?.text(), "/BREAD");
    assert_eq!(bobby.reply().await?.text(), "/BREAD");
    bobby.say("just talking").await?;
    alice.silence().await?;
    assert!(alice.transcript().contains("just talking"), "{}", alice.transcript());
    Ok(())
}

#[quadruplex::test]
async fn faults(telegram: Sandbox) -> Result {
    let bot = telegram.bot(shouting()).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    telegram.disconnect();
    chat.say("one").await?;
    assert_eq!(chat.reply().await?.text(), "ONE");
    telegram.fail("messages.sendMessage", 420, "FLOOD_WAIT_3");
    let start = Instant::now();
    chat.say("two").await?;
    assert!(start.elapsed() >= 3 * SECOND, "the person has waited");
    assert_eq!(chat.reply().await?.text(), "TWO");
    Ok(())
}

#[quadruplex::test]
async fn a_bot_that_crashes_goes_on(telegram: Sandbox) -> Result {
    async fn stuck(_: Text) {
        std::future::pending().await
    }
    let mut bot = telegram.bot(Router::new().on_message(stuck)).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    chat.say("one").await?;
    chat.silence().await?;
    bot.restart(shouting()).await?;
    assert_eq!(chat.reply().await?.text(), "ONE");
    Ok(())
}

#[quadruplex::test]
async fn without_a_sandbox() {
    sleep(DAY).await;
}
