//! `bots.*`: what a bot says of itself.

use quadruplex_tl_schema::{Object, Value};

use super::super::dispatch::{Access, Answer, Call, Method};
use super::super::fanout::{Fanout, Update};
use super::super::state::rows::{Bot, CommandList, Peer, Scope};
use super::super::state::tl::Tl;
use super::super::view::bare_peer;
use super::super::{RpcError, World, error};
use super::method;

pub(crate) const METHODS: &[Method] = &[
    method("bots.getBotCommands", Access::Home, get_commands),
    method("bots.getBotInfo", Access::Home, get_info),
    method("bots.getBotMenuButton", Access::Home, get_menu_button),
    method("bots.resetBotCommands", Access::Home, |call| store(call, Vec::new())),
    method("bots.setBotCommands", Access::Home, set_commands),
    method("bots.setBotInfo", Access::Home, set_info),
    method("bots.setBotMenuButton", Access::Home, set_menu_button),
];

/// The most commands of a bot in one scope and language.
const MAX_COMMANDS: usize = 100;
/// The longest description of a command, in characters.
const MAX_DESCRIPTION: usize = 256;

fn set_commands(call: &mut Call<'_>) -> Answer {
    let commands: Vec<&Object> = call.request.objects("commands").collect();
    if commands.len() > MAX_COMMANDS {
        return Err(error::BOT_COMMANDS_TOO_MUCH);
    }
    for command in &commands {
        let name = command.string("command").unwrap_or_default();
        if !(1..=32).contains(&name.len()) || !name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_')) {
            return Err(error::BOT_COMMAND_INVALID);
        }
        if !(1..=MAX_DESCRIPTION).contains(&command.string("description").unwrap_or_default().chars().count()) {
            return Err(error::BOT_COMMAND_DESCRIPTION_INVALID);
        }
    }
    let commands = commands.into_iter().cloned().map(Tl).collect();
    store(call, commands)
}

/// The scope and the language of the request.
fn place(call: &Call<'_>) -> Result<(Scope, String), RpcError> {
    let input = call.object("scope")?;
    let peer = || call.world.input_peer(call.me, input.object("peer").ok_or(error::PEER_ID_INVALID)?);
    let scope = match input.name.as_str() {
        "botCommandScopeUsers" => Scope::Users,
        "botCommandScopeChats" => Scope::Chats,
        "botCommandScopeChatAdmins" => Scope::ChatAdmins,
        "botCommandScopePeer" => Scope::Peer(peer()?),
        "botCommandScopePeerAdmins" => Scope::PeerAdmins(peer()?),
        "botCommandScopePeerUser" => {
            let user = input.object("user_id").ok_or(error::USER_ID_INVALID)?;
            Scope::PeerUser(peer()?, call.world.input_user(call.me, user)?)
        }
        _ => Scope::Default,
    };
    let language = call.text("lang_code");
    let good = language.is_empty() || language.len() == 2 && language.bytes().all(|byte| byte.is_ascii_lowercase());
    if good { Ok((scope, language.to_owned())) } else { Err(error::LANG_CODE_INVALID) }
}

fn store(call: &mut Call<'_>, commands: Vec<Tl>) -> Answer {
    let (scope, language) = place(call)?;
    let me = call.me;
    let Some(bot) = call.world.state.tables.users.get_mut(&me).and_then(|user| user.bot.as_mut()) else {
        return Err(error::USER_BOT_REQUIRED);
    };
    bot.lists.retain(|list| list.scope != scope || list.language != language);
    if !commands.is_empty() {
        bot.lists.push(CommandList { scope, language, commands });
    }
    tell_acquaintances(call);
    Ok(true.into())
}

/// Tells everybody who has a conversation with the bot which commands it has there now.
fn tell_acquaintances(call: &mut Call<'_>) {
    let me = call.me;
    let Some(bot) = call.world.state.tables.users.get(&me).and_then(|user| user.bot.as_ref()) else { return };
    let known = call.world.state.tables.dialogs.range((me, Peer::User(i64::MIN))..=(me, Peer::User(i64::MAX)));
    let mut fanout = Fanout::default();
    for ((_, peer), _) in known.filter(|((_, peer), _)| *peer != Peer::User(me)) {
        let commands = listed(bot.commands_for(*peer, false, ""));
        let update = Object::new("updateBotCommands").with("peer", bare_peer(Peer::User(me))).with("bot_id", me).with("commands", commands);
        fanout.tell(peer.id(), Update::Plain(update));
    }
    call.publish_all(fanout);
}

fn listed(commands: &[Tl]) -> Value {
    commands.iter().map(|command| command.0.clone()).collect()
}

fn get_commands(call: &mut Call<'_>) -> Answer {
    let (scope, language) = place(call)?;
    let bot = call.world.user(call.me)?.bot.as_ref();
    let list = bot.and_then(|bot| bot.lists.iter().find(|list| list.scope == scope && list.language == language));
    Ok(listed(list.map_or(&[], |list| &list.commands)))
}

/// A bot of the field `bot`, or the caller.
fn asked(call: &Call<'_>) -> Result<i64, RpcError> {
    let id = call.request.object("bot").map_or(Ok(call.me), |input| call.world.input_user(call.me, input))?;
    if call.world.is_bot(id) { Ok(id) } else { Err(error::USER_BOT_INVALID) }
}

fn get_info(call: &mut Call<'_>) -> Answer {
    let user = call.world.user(asked(call)?)?;
    let description = user.bot.as_ref().map_or("", |bot| bot.description(call.text("lang_code")));
    let object = Object::new("bots.botInfo").with("name", user.first_name.as_str()).with("about", user.about.as_str());
    Ok(object.with("description", description).into())
}

fn set_info(call: &mut Call<'_>) -> Answer {
    if asked(call)? != call.me {
        return Err(error::USER_BOT_INVALID);
    }
    let language = call.text("lang_code");
    call.world.state.tables.users.entry_of(&call.me, |user| {
        // Names and texts of other languages are not kept apart: nobody here reads them.
        if let Some(name) = call.request.string("name").filter(|name| !name.is_empty()) {
            name.clone_into(&mut user.first_name);
        }
        if let Some(about) = call.request.string("about") {
            about.clone_into(&mut user.about);
        }
        if let (Some(description), Some(bot)) = (call.request.string("description"), &mut user.bot) {
            bot.descriptions.insert(language.to_owned(), description.to_owned());
        }
    });
    Ok(true.into())
}

/// The user of the field `user_id`; 0 for everybody who has no button of their own.
fn whose_button(call: &Call<'_>) -> Result<i64, RpcError> {
    let input = call.object("user_id")?;
    if input.is("inputUserEmpty") { Ok(0) } else { call.world.input_user(call.me, input) }
}

fn set_menu_button(call: &mut Call<'_>) -> Answer {
    let user = whose_button(call)?;
    let button = call.object("button")?;
    if button.is("botMenuButton") {
        if button.string("text").is_none_or(str::is_empty) {
            return Err(error::BUTTON_TEXT_INVALID);
        }
        if !button.string("url").is_some_and(|url| url.starts_with("https://")) {
            return Err(error::BUTTON_URL_INVALID);
        }
    }
    let me = call.me;
    if let Some(bot) = call.world.state.tables.users.get_mut(&me).and_then(|user| user.bot.as_mut()) {
        bot.buttons.insert(user, Tl(button.clone()));
    }
    if user != 0 {
        let mut fanout = Fanout::default();
        let update = Object::new("updateBotMenuButton").with("bot_id", me).with("button", button.clone());
        fanout.tell(user, Update::Plain(update));
        call.publish_all(fanout);
    }
    Ok(true.into())
}

fn get_menu_button(call: &mut Call<'_>) -> Answer {
    let user = whose_button(call)?;
    let bot = call.world.user(call.me)?.bot.as_ref();
    Ok(bot.map_or_else(|| Object::new("botMenuButtonDefault"), |bot| bot.menu_button(user)).into())
}

impl World {
    /// The bots of a group, each as a `BotInfo` with the commands that a reader finds there.
    pub(crate) fn group_bots(&self, group: Peer, reader: i64, language: &str) -> Value {
        let members: Vec<i64> = match group {
            Peer::Chat(id) => self.chat_members(id),
            Peer::Channel(id) if self.is_megagroup(id) => self.channel_members(id).map(|(user, _)| user).collect(),
            Peer::Channel(_) | Peer::User(_) => Vec::new(),
        };
        let admin = self.admin_rights(reader, group).is_some();
        let bots = members.iter().filter_map(|id| Some((*id, self.state.tables.users.get(id)?.bot.as_ref()?)));
        bots.map(|(id, bot)| bot.info(id, reader, bot.commands_in_group(group, reader, admin, language), language)).collect()
    }
}

impl Bot {
    /// The commands that somebody finds in a conversation, by <https://core.telegram.org/api/bots/commands>: of the scopes that
    /// fit, the narrowest; in the reader's language, if there is a list in it.
    pub(crate) fn commands_for(&self, reader: Peer, admin: bool, language: &str) -> &[Tl] {
        self.commands_in(&[Scope::Peer(reader), Scope::Users], language, admin)
    }

    /// The same in a group.
    pub(crate) fn commands_in_group(&self, group: Peer, reader: i64, admin: bool, language: &str) -> &[Tl] {
        let all = [Scope::PeerUser(group, reader), Scope::PeerAdmins(group), Scope::Peer(group), Scope::ChatAdmins, Scope::Chats];
        self.commands_in(&all, language, admin)
    }

    fn commands_in(&self, scopes: &[Scope], language: &str, admin: bool) -> &[Tl] {
        let fits = |scope: &&Scope| admin || !matches!(scope, Scope::PeerAdmins(_) | Scope::ChatAdmins);
        let list = |scope: &Scope, language: &str| self.lists.iter().find(|list| list.scope == *scope && list.language == language);
        let found = scopes.iter().filter(fits).chain([&Scope::Default]).find_map(|scope| list(scope, language).or_else(|| list(scope, "")));
        found.map_or(&[], |list| &list.commands)
    }

    fn description(&self, language: &str) -> &str {
        self.descriptions.get(language).or_else(|| self.descriptions.get("")).map_or("", String::as_str)
    }

    fn menu_button(&self, user: i64) -> Object {
        let button = self.buttons.get(&user).or_else(|| self.buttons.get(&0));
        button.map_or_else(|| Object::new("botMenuButtonDefault"), |button| button.0.clone())
    }

    /// A `BotInfo`, with the commands that a reader finds.
    pub(crate) fn info(&self, id: i64, reader: i64, commands: &[Tl], language: &str) -> Object {
        let description = Some(self.description(language)).filter(|text| !text.is_empty());
        Object::new("botInfo")
            .with("user_id", id)
            .with_some("description", description)
            .with("commands", listed(commands))
            .with("menu_button", self.menu_button(reader))
    }
}
