//! What handlers answer with, and what a bot shows.

use quadruplex::api::enums::BotCommandScope;
use quadruplex::prelude::*;

#[quadruplex::test]
async fn a_text_that_is_too_long_is_sent_as_several(telegram: Sandbox) -> Result {
    async fn tell(_: Text) -> FormattedText {
        let words = "word ".repeat(2000);
        html!("<b>{words}</b>")
    }
    let bot = telegram.bot(Router::new().on_message(tell)).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    chat.say("tell me").await?;
    let mut words = 0;
    for _ in 0..3 {
        let part = chat.reply().await?;
        words += part.text().split_whitespace().count();
        assert!(part.text().len() <= 4096 && part.html().starts_with("<b>"));
    }
    assert_eq!(words, 2000);
    chat.silence().await
}

/// What a handler that runs again finds done has not failed, neither for itself nor for what stands behind it in a queue.
#[quadruplex::test]
async fn an_edit_that_changes_nothing_stops_no_queue(telegram: Sandbox) -> Result {
    async fn tell(msg: Text) -> Result {
        let sent = msg.respond("once").await?;
        let (client, chat) = (msg.client(), msg.chat());
        client.edit(chat.clone(), sent.id(), "once").queue("q").detach();
        client.send(chat, "behind it").queue("q").after_failure(AfterFailure::Stop).await?;
        Ok(())
    }
    let bot = telegram.bot(Router::new().on_message(tell)).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    chat.say("tell me").await?;
    assert_eq!(chat.reply().await?.text(), "once");
    assert_eq!(chat.reply().await?.text(), "behind it");
    chat.silence().await
}

#[quadruplex::test]
async fn inline_queries(telegram: Sandbox) -> Result {
    async fn shout(query: InlineQuery) -> Result {
        let text = query.text().to_uppercase();
        query
            .answer([InlineQuery::article("1", "Shout it", text.clone()), InlineQuery::article("2", "Twice", format!("{text} {text}"))])
            .await?;
        Ok(())
    }
    let bot = telegram.bot(Router::new().on_inline_query(shout)).await?;
    let id = bot.client().own_user().expect("it is signed in").id;
    let now = telegram.server().now();
    telegram.server().world().set_inline(id, Some("Say something"), now).map_err(|error| error.name)?;
    let (alice, bobby) = (telegram.user("alice").await?, telegram.user("bobby").await?);
    let client = alice.client();
    let request = messages::GetInlineBotResults::new("@test_bot", "@bobby", "hello", "");
    let results = client.call(request).await?;
    let titles: Vec<_> = results.results.iter().map(|result| quadruplex::api::to_json(result)["title"].clone()).collect();
    assert_eq!(titles, ["Shout it", "Twice"]);
    client.call(messages::SendInlineBotResult::new("@bobby", results.query_id, "2")).await?;
    let seen = bobby.client().search("@alice", "HELLO").collect().await?;
    assert_eq!(seen.iter().map(Message::text).collect::<Vec<_>>(), ["HELLO HELLO"]);
    Ok(())
}

/// Roll dice.
#[derive(Command)]
struct Roll {}

#[quadruplex::test]
async fn menus_by_scope_and_language_are_set_only_when_they_change(telegram: Sandbox) -> Result {
    let app = || {
        let router = Router::new().on_command(async |_: Roll| "6");
        let german = Menu::everybody().language("de").command("roll", "Würfeln");
        App::new(router).menu(german).menu(Menu::group_admins().with::<Roll>().command("ban", "Somebody who has to go"))
    };
    let mut bot = telegram.app(app()).await?;
    sleep(SECOND).await;
    let shown = async |client: &Client, scope: BotCommandScope, language: &str| -> Result<Vec<String>> {
        let commands = client.call(bots::GetBotCommands::new(scope, language)).await?;
        Ok(commands.into_iter().map(|command| format!("{}: {}", command.command, command.description)).collect())
    };
    assert_eq!(shown(bot.client(), BotCommandScope::Default, "").await?, ["roll: Roll dice", "help: What this bot understands"]);
    assert_eq!(shown(bot.client(), BotCommandScope::Default, "de").await?, ["roll: Würfeln"]);
    assert_eq!(shown(bot.client(), BotCommandScope::ChatAdmins, "").await?, ["roll: Roll dice", "ban: Somebody who has to go"]);
    // Whoever sets one now is refused, and the refusal would be used up.
    telegram.fail("bots.setBotCommands", 400, "BOT_COMMAND_INVALID");
    bot.restart_app(app()).await?;
    sleep(SECOND).await;
    assert_eq!(telegram.server().world().faults_mut().errors.iter().map(|rule| rule.times).collect::<Vec<_>>(), [1]);
    Ok(())
}
