//! One account on many machines: start it as often as you like. One process holds the connection, and is replaced when it dies; all of them
//! handle. `cargo run --example cluster -- --sandbox` is one machine of its own.

use quadruplex::prelude::*;

async fn echo(msg: Text) -> String {
    msg.text().to_owned()
}

// Each chat by one process at a time, in order; calls go through the holder without your knowing.
async fn start(router: Router) -> Result {
    App::new(router).cluster("redis://10.0.0.1").run().await
}

#[tokio::main]
async fn main() -> Result {
    start(Router::new().on_message(echo)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[quadruplex::test]
    async fn whichever_machine_is_left_answers(telegram: Sandbox) -> Result {
        let cluster = telegram.cluster()?;
        let app = || App::new(Router::new().on_message(echo));
        let (one, _other) = (cluster.machine(app())?, cluster.machine(app())?);
        telegram.advance(5 * SECOND).await;
        let mut chat = cluster.chat(&telegram.user("alice").await?).await?;
        chat.say("hello").await?;
        assert_eq!(chat.reply().await?.text(), "hello");
        drop(one); // as a machine whose plug is pulled
        chat.say("anybody?").await?;
        telegram.advance(MINUTE).await;
        assert_eq!(chat.reply().await?.text(), "anybody?");
        Ok(())
    }
}
