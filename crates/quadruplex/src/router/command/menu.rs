use quadruplex_api::functions::bots;
use quadruplex_api::{enums, types};
use tracing::{debug, warn};

use super::{Command, Parameter};
use crate::{Client, Error};

/// The commands that handlers take, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct CommandList(pub(crate) Vec<Listed>);

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) usage: String,
    pub(crate) parameters: Vec<(&'static str, &'static str)>,
}

impl Listed {
    pub(crate) fn of<C: Command>() -> Self {
        let told = |parameter: &Parameter| (parameter.name, parameter.description);
        Self { name: C::NAME, description: C::DESCRIPTION, usage: C::usage(), parameters: C::PARAMETERS.iter().map(told).collect() }
    }
}

/// Tells Telegram what the menu of the bot shows, if it shows something else.
pub(crate) async fn set_menu(client: Client, commands: CommandList) {
    if let Err(error) = update_menu(&client, &commands).await {
        warn!(%error, "the menu of the bot could not be set");
    }
}

async fn update_menu(client: &Client, commands: &CommandList) -> Result<(), Error> {
    let scope = enums::BotCommandScope::Default;
    let wanted: Vec<_> = commands.0.iter().map(|command| types::BotCommand::new(command.name, command.description)).collect();
    if client.call(bots::GetBotCommands::new(scope.clone(), "")).await? == wanted {
        debug!("the menu of the bot is as it should be");
        return Ok(());
    }
    client.call(bots::SetBotCommands::new(scope, "", wanted)).repeatable().await.map(drop)
}
