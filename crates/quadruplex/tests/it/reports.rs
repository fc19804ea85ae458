//! What admins are told of errors that nobody waits for.

use quadruplex::prelude::*;

async fn order(msg: Text) -> Result {
    Err(format!("no room for {}", msg.text()).into())
}

async fn document(report: &Message) -> Result<String> {
    Ok(String::from_utf8(report.download().to_memory(1 << 20).await?)?)
}

#[quadruplex::test]
async fn each_kind_once_an_hour_with_the_log(telegram: Sandbox) -> Result {
    let alice = telegram.user("alice").await?;
    let bot = telegram.app(App::new(Router::new().on_message(order)).admins(["@alice"])).await?;
    let mut chat = alice.open(&bot).await?;
    chat.say("order 1").await?;
    telegram.advance(MINUTE).await;
    let report = chat.reply().await?;
    assert!(report.text().ends_with("order`: no room for order 1"), "{}", report.text());
    let whole = document(&report).await?;
    assert!(whole.contains("not handled: handler `") && whole.contains("no room for order 1"), "{whole}");
    chat.say("order 2").await?;
    chat.silence().await?;
    telegram.advance(HOUR).await;
    let report = chat.reply().await?;
    let (count, rest) = report.text().split_once("× ").ok_or("it says how often")?;
    assert!(count.parse::<u32>()? >= 3 && rest.ends_with("no room for order 2"), "{}", report.text());
    telegram.advance(3 * HOUR).await;
    chat.silence().await
}

#[quadruplex::test]
async fn a_report_that_fails_is_no_problem_of_its_own(telegram: Sandbox) -> Result {
    let alice = telegram.user("alice").await?;
    let bot = telegram.app(App::new(Router::new().on_message(order)).admins(["@alice"])).await?;
    let mut chat = alice.open(&bot).await?;
    telegram.fail("messages.sendMedia", 400, "PEER_ID_INVALID");
    telegram.fail("messages.sendMedia", 400, "PEER_ID_INVALID");
    chat.say("order 1").await?;
    telegram.advance(MINUTE).await;
    assert!(!chat.transcript().contains("no room"), "{}", chat.transcript());
    telegram.advance(3 * MINUTE).await;
    let report = chat.reply().await?;
    assert_eq!(report.text().lines().count(), 1, "{}", report.text());
    assert!(!document(&report).await?.contains("PEER_ID_INVALID"));
    chat.silence().await
}

#[quadruplex::test]
async fn detached_calls_tasks_and_scheduled_handlers(telegram: Sandbox) -> Result {
    async fn leave(client: Client) {
        client.send("@nobody_has_this_name", "hello").detach();
        awaitkit::spawn_named("import", async { Err::<(), _>("the file is empty") }).detach();
    }
    async fn tidy() -> Result {
        Err("the shelf is gone".into())
    }
    let alice = telegram.user("alice").await?;
    let router = Router::new().on_message(leave).on_schedule(Schedule::every(DAY), tidy);
    let bot = telegram.app(App::new(router).admins(["@alice"])).await?;
    let mut chat = alice.open(&bot).await?;
    chat.say("go").await?;
    telegram.advance(MINUTE).await;
    let told = document(&chat.reply().await?).await?;
    assert!(told.contains("a detached call: @nobody_has_this_name was not found"), "{told}");
    assert!(told.contains("task `import`") && told.contains("the file is empty"), "{told}");
    telegram.advance(DAY + MINUTE).await;
    let report = chat.reply().await?;
    assert!(report.text().contains("tidy") && report.text().contains("the shelf is gone"), "{}", report.text());
    Ok(())
}

#[quadruplex::test]
async fn without_admins_nobody_is_told(telegram: Sandbox) -> Result {
    let bot = telegram.bot(Router::new().on_message(order)).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    chat.say("order 1").await?;
    telegram.advance(2 * HOUR).await;
    chat.silence().await
}
