//! Keeps a group tidy: deletes links of those who do not administer it, greets who joins, and can be switched off by its administrators:
//! `cargo run --example moderate -- --sandbox`, then `/quiet`.

use quadruplex::prelude::*;
use quadruplex::router::filter::ServiceKind;

/// Switch the greetings on or off.
#[derive(Command)]
struct Quiet;

async fn unlink(msg: Group<Text>) -> Result {
    msg.delete().await?;
    msg.respond("No links here, please.").await?;
    Ok(())
}

async fn greet() -> &'static str {
    "Welcome!"
}

async fn quiet(_: Quiet, State(greetings): State<Switch>) -> &'static str {
    greetings.set(!greetings.is_on());
    if greetings.is_on() { "I greet." } else { "I am quiet." }
}

fn router() -> Router {
    let greetings = Switch::on("greetings");
    let greeter = Router::new().on_service(greet.when(filter::service(ServiceKind::Joined)));
    Router::new()
        .on_message(unlink.when(filter::regex(r"https?://").ignore_case()))
        .plugin(&greetings, greeter)
        .on_command(quiet)
        .state(greetings)
}

#[tokio::main]
async fn main() -> Result {
    quadruplex::run(router()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[quadruplex::test]
    async fn who_joins_is_greeted_unless_it_is_quiet(telegram: Sandbox) -> Result {
        let bot = telegram.bot(router()).await?;
        let group = telegram.group("cinema", &bot).await?;
        let mut alice = telegram.user("alice").await?.join(&group).await?;
        assert_eq!(alice.reply().await?.text(), "Welcome!");
        alice.say("/quiet").await?;
        assert_eq!(alice.reply().await?.text(), "I am quiet.");
        telegram.user("bobby").await?.join(&group).await?;
        alice.silence().await
    }
}
