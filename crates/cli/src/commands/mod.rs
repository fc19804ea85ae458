//! The commands, one room each.

mod call;
mod chat;
mod dead;
mod demo;
mod download;
mod history;
mod listen;
mod login;
mod sandbox;
mod schema;
mod send;
mod store;
mod upload;

use clap::Subcommand;

use crate::Context;
use crate::failure::Failure;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(demo::Arguments),
    Sandbox(sandbox::Arguments),
    Login(Box<login::Arguments>),
    Send(Box<send::Arguments>),
    Listen(Box<listen::Arguments>),
    Chat(Box<chat::Arguments>),
    History(Box<history::Arguments>),
    Upload(Box<upload::Arguments>),
    Download(Box<download::Arguments>),
    Call(Box<call::Arguments>),
    Schema(schema::Arguments),
    Dead(dead::Arguments),
    Store(store::Arguments),
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Demo(arguments) => demo::run(arguments, context).await,
            Self::Sandbox(arguments) => sandbox::run(arguments, context).await,
            Self::Login(arguments) => login::run(*arguments, context).await,
            Self::Send(arguments) => send::run(*arguments, context).await,
            Self::Listen(arguments) => listen::run(*arguments, context).await,
            Self::Chat(arguments) => chat::run(*arguments, context).await,
            Self::History(arguments) => history::run(*arguments, context).await,
            Self::Upload(arguments) => upload::run(*arguments, context).await,
            Self::Download(arguments) => download::run(*arguments, context).await,
            Self::Call(arguments) => call::run(*arguments, context).await,
            Self::Schema(arguments) => schema::run(&arguments, context),
            Self::Dead(arguments) => dead::run(arguments, context).await,
            Self::Store(arguments) => store::run(arguments, context).await,
        }
    }
}
