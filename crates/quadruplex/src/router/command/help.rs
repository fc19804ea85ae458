use std::fmt::Write as _;

use super::menu::{CommandList, Listed};
use super::{Command, Parameter, Refusal, Words, Wrong};
use crate::router::argument::Needs;
use crate::router::{Argument, State, Update};

/// `/help`, for bots that have none of their own.
pub(crate) struct Help {
    command: Option<String>,
}

impl Command for Help {
    const NAME: &'static str = "help";
    const DESCRIPTION: &'static str = "What this bot understands";
    const PARAMETERS: &'static [Parameter] =
        &[Parameter { name: "command", description: "the one to explain", is_optional: true, default: None, takes_rest: false }];

    fn parse(words: &mut Words<'_>) -> Result<Self, Wrong> {
        Ok(Self { command: words.next(&Self::PARAMETERS[0], "a command", |_| true)? })
    }

    fn write(&self, words: &mut Vec<String>) {
        words.extend(self.command.clone());
    }
}

impl Argument for Help {
    fn fits(update: &Update) -> bool {
        Self::is_in(update)
    }

    async fn take(update: &Update) -> Result<Self, Refusal> {
        Self::take_from(update)
    }

    fn declare(needs: &mut Needs) {
        needs.command::<Self>();
    }
}

/// Tells all commands, or all about one.
pub(crate) async fn help(Help { command }: Help, State(list): State<CommandList>) -> String {
    let Some(wanted) = command else { return list.0.iter().map(line).collect::<Vec<_>>().join("\n") };
    let wanted = wanted.trim_start_matches('/');
    match list.0.iter().find(|command| command.name == wanted) {
        Some(command) => all_about(command),
        None => format!("there is no /{wanted}; /help tells what there is"),
    }
}

fn line(command: &Listed) -> String {
    format!("{} — {}", command.usage, command.description)
}

fn all_about(command: &Listed) -> String {
    let mut text = line(command);
    for (name, description) in command.parameters.iter().filter(|(_, description)| !description.is_empty()) {
        // Writing to a string does not fail.
        let _ = write!(text, "\n  {name}: {description}");
    }
    text
}
