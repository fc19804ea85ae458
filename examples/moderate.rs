//! Keeps a group tidy: deletes links of those who do not administer it, for which it needs the right to delete, and greets who joins, until
//! an administrator says `/quiet`: `cargo run --example moderate -- --sandbox`.

use quadruplex::api::enums;
use quadruplex::api::functions::channels;
use quadruplex::prelude::*;
use quadruplex::router::filter::ServiceKind;

/// Switch the greetings on or off.
#[derive(Command)]
struct Quiet;

async fn unlink(msg: Group<Text>) -> Result {
    if !administers(&msg).await? {
        msg.delete().await?;
        msg.respond("No links here, please.").await?;
    }
    Ok(())
}

/// Whether who said it administers the group.
async fn administers(msg: &Message) -> Result<bool> {
    // Who writes in the name of the group itself administers it.
    let Some(sender) = msg.sender().filter(|sender| *sender != msg.chat()) else { return Ok(true) };
    let found = msg.client().call(channels::GetParticipant::new(msg.chat(), sender)).await?;
    Ok(matches!(found.participant, enums::ChannelParticipant::Admin(_) | enums::ChannelParticipant::Creator(_)))
}

async fn greet() -> &'static str {
    "Welcome!"
}

async fn quiet(_: Quiet, msg: Group<Text>, State(greetings): State<Switch>) -> Result<&'static str> {
    if !administers(&msg).await? {
        return Ok("That is for administrators.");
    }
    greetings.set(!greetings.is_on());
    Ok(if greetings.is_on() { "I greet." } else { "I am quiet." })
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
    use quadruplex::api::types::ChatAdminRights;

    use super::*;

    #[quadruplex::test]
    async fn who_joins_is_greeted_unless_it_is_quiet(telegram: Sandbox) -> Result {
        let bot = telegram.bot(router()).await?;
        let group = telegram.group("cinema", &bot).await?;
        let mut alice = telegram.user("alice").await?.join(&group).await?;
        assert_eq!(alice.reply().await?.text(), "Welcome!");
        alice.say("/quiet").await?;
        assert_eq!(alice.reply().await?.text(), "That is for administrators.");
        telegram.user("owner").await?.join(&group).await?.say("/quiet").await?;
        assert_eq!(alice.reply().await?.text(), "I am quiet.");
        telegram.user("bobby").await?.join(&group).await?;
        alice.silence().await
    }

    #[quadruplex::test]
    async fn links_of_members_are_deleted_and_those_of_administrators_stay(telegram: Sandbox) -> Result {
        let bot = telegram.bot(router()).await?;
        let group = telegram.group("cinema", &bot).await?;
        let owner = telegram.user("owner").await?;
        let of_owner = owner.join(&group).await?;
        let rights = ChatAdminRights { delete_messages: true, ..ChatAdminRights::new() };
        owner.client().call(channels::EditAdmin::new(group.username(), bot.username(), rights)).await?;

        let mut alice = telegram.user("alice").await?.join(&group).await?;
        assert_eq!(alice.reply().await?.text(), "Welcome!");
        let kept = of_owner.say("see https://example.org").await?;
        let deleted = alice.say("see HTTPS://example.org").await?;
        assert_eq!(alice.reply().await?.text(), "No links here, please.");
        assert!(kept.reload().await?.is_some() && deleted.reload().await?.is_none());
        alice.silence().await
    }
}
