//! `bots.*`: what a bot says of itself.

use quadruplex_tl_schema::{Object, Value};

use super::super::dispatch::{Access, Answer, Call, Method};
use super::super::error;
use super::super::state::tl::Tl;
use super::method;

pub(crate) const METHODS: &[Method] = &[
    method("bots.getBotCommands", Access::Home, get_commands),
    method("bots.getBotInfo", Access::Home, get_info),
    method("bots.resetBotCommands", Access::Home, reset_commands),
    method("bots.setBotCommands", Access::Home, set_commands),
    method("bots.setBotInfo", Access::Home, set_info),
];

/// The most commands of a bot.
const MAX_COMMANDS: usize = 100;

fn set_commands(call: &mut Call<'_>) -> Answer {
    let commands: Vec<&Object> = call.request.objects("commands").collect();
    let good = |name: &str| (1..=32).contains(&name.len()) && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    if commands.len() > MAX_COMMANDS || commands.iter().any(|command| !good(command.string("command").unwrap_or_default())) {
        return Err(error::BOT_COMMAND_INVALID);
    }
    let commands = commands.into_iter().cloned().map(Tl).collect();
    store(call, commands)
}

fn reset_commands(call: &mut Call<'_>) -> Answer {
    store(call, Vec::new())
}

fn store(call: &mut Call<'_>, commands: Vec<Tl>) -> Answer {
    if let Some(bot) = call.world.state.tables.users.get_mut(&call.me).and_then(|user| user.bot.as_mut()) {
        bot.commands = commands;
    }
    Ok(true.into())
}

fn get_commands(call: &mut Call<'_>) -> Answer {
    let commands: Value = call.world.user(call.me)?.bot.iter().flat_map(|bot| &bot.commands).map(|command| command.0.clone()).collect();
    Ok(commands)
}

fn get_info(call: &mut Call<'_>) -> Answer {
    let id = match call.request.object("bot") {
        Some(input) => call.world.input_user(call.me, input)?,
        None => call.me,
    };
    let user = call.world.user(id)?;
    let object = Object::new("bots.botInfo").with("name", user.first_name.as_str()).with("about", user.about.as_str());
    Ok(object.with("description", "").into())
}

fn set_info(call: &mut Call<'_>) -> Answer {
    call.world.state.tables.users.entry_of(&call.me, |user| {
        if let Some(name) = call.request.string("name") {
            name.clone_into(&mut user.first_name);
        }
        if let Some(about) = call.request.string("about") {
            about.clone_into(&mut user.about);
        }
    });
    Ok(true.into())
}
