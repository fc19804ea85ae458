use quadruplex_api::functions::bots;
use quadruplex_api::{PeerRef, enums, types};
use tracing::{debug, warn};

use crate::router::Command;
use crate::{Client, Error};

/// The commands that a bot shows to some people, or in a language, instead of those that its router has; see
/// [`App::menu`](crate::App::menu).
///
/// ```
/// use quadruplex::prelude::*;
///
/// /// Roll dice.
/// #[derive(Command)]
/// struct Roll {}
///
/// let german = Menu::everybody().language("de").command("roll", "Würfeln");
/// let admins = Menu::group_admins().with::<Roll>().command("ban", "Somebody who has to go");
/// # let _ = (german, admins);
/// ```
#[derive(Clone, Debug)]
#[must_use = "a menu is shown when it is given to an application"]
pub struct Menu {
    whose: Whose,
    language: String,
    commands: Vec<types::BotCommand>,
}

/// Who sees it; who could see several, sees the one that stands last here.
#[derive(Clone, Debug)]
enum Whose {
    Everybody,
    Private,
    Groups,
    GroupAdmins,
    Chat(PeerRef),
    ChatAdmins(PeerRef),
}

impl Menu {
    /// For everybody who has no other.
    pub fn everybody() -> Self {
        Self::of(Whose::Everybody)
    }

    /// In private chats.
    pub fn private() -> Self {
        Self::of(Whose::Private)
    }

    /// In groups.
    pub fn groups() -> Self {
        Self::of(Whose::Groups)
    }

    /// For the admins of groups.
    pub fn group_admins() -> Self {
        Self::of(Whose::GroupAdmins)
    }

    /// In one chat.
    pub fn chat(chat: impl Into<PeerRef>) -> Self {
        Self::of(Whose::Chat(chat.into()))
    }

    /// For the admins of one group.
    pub fn chat_admins(chat: impl Into<PeerRef>) -> Self {
        Self::of(Whose::ChatAdmins(chat.into()))
    }

    /// Only for people whose application has this language, by its two letters: `de`.
    pub fn language(mut self, code: impl Into<String>) -> Self {
        self.language = code.into();
        self
    }

    /// And this command.
    pub fn command(mut self, name: impl Into<String>, description: impl Into<String>) -> Self {
        self.commands.push(types::BotCommand::new(name, description));
        self
    }

    /// And this command, as it describes itself.
    pub fn with<C: Command>(self) -> Self {
        self.command(C::NAME, C::DESCRIPTION)
    }

    fn of(whose: Whose) -> Self {
        Self { whose, language: String::new(), commands: Vec::new() }
    }

    /// Tells Telegram, if it shows something else.
    async fn show(self, client: &Client) -> Result<(), Error> {
        let Self { whose, language, commands } = self;
        let scope = match whose {
            Whose::Everybody => enums::BotCommandScope::Default,
            Whose::Private => enums::BotCommandScope::Users,
            Whose::Groups => enums::BotCommandScope::Chats,
            Whose::GroupAdmins => enums::BotCommandScope::ChatAdmins,
            Whose::Chat(chat) => types::BotCommandScopePeer::new(client.input_peer(chat).await?).into(),
            Whose::ChatAdmins(chat) => types::BotCommandScopePeerAdmins::new(client.input_peer(chat).await?).into(),
        };
        if client.call(bots::GetBotCommands::new(scope.clone(), language.as_str())).await? == commands {
            debug!(?scope, language, "the menu of the bot is as it should be");
            return Ok(());
        }
        client.call(bots::SetBotCommands::new(scope, language, commands)).repeatable().await.map(drop)
    }
}

/// Shows all of them.
pub(super) async fn show(client: Client, menus: Vec<Menu>) {
    for menu in menus {
        if let Err(error) = menu.show(&client).await {
            warn!(%error, "a menu of the bot could not be set");
        }
    }
}
