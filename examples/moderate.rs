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

#[tokio::main]
async fn main() -> Result {
    let greetings = Switch::on("greetings");
    let greeter = Router::new().on_service(greet.when(filter::service(ServiceKind::Joined)));
    let router = Router::new()
        .on_message(unlink.when(filter::regex(r"https?://").ignore_case()))
        .plugin(&greetings, greeter)
        .on_command(quiet)
        .state(greetings);
    quadruplex::run(router).await
}
