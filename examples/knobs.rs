//! How a program runs, in one place: `cargo run --example knobs -- --sandbox`.

use quadruplex::prelude::*;

async fn echo(msg: Text) -> String {
    msg.text().to_owned()
}

fn app(router: Router) -> App {
    App::new(router)
        .backlog(Backlog::Since(HOUR)) // what came while we were off: All (default), Since, Skip
        .order(Order::PerChat) // PerChat (default), PerUser, Global, None
        .at_once(256) // handlers running at the same time
        .drain_within(10 * SECOND) // on SIGTERM
        .metrics("127.0.0.1:0") // /metrics and /health; a program that is watched names a port, such as 9100
}

#[tokio::main]
async fn main() -> Result {
    app(Router::new().on_message(echo)).run().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[quadruplex::test]
    async fn it_runs_as_told(telegram: Sandbox) -> Result {
        let bot = telegram.app(app(Router::new().on_message(echo))).await?;
        let mut chat = telegram.user("alice").await?.open(&bot).await?;
        chat.say("hello").await?;
        assert_eq!(chat.reply().await?.text(), "hello");
        Ok(())
    }
}
