//! The commands, one room each.

mod call;
mod demo;
mod login;
mod sandbox;
mod schema;

use clap::Subcommand;

use crate::Context;
use crate::failure::Failure;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(demo::Arguments),
    Sandbox(sandbox::Arguments),
    Login(Box<login::Arguments>),
    Call(Box<call::Arguments>),
    Schema(schema::Arguments),
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Demo(arguments) => demo::run(arguments, context).await,
            Self::Sandbox(arguments) => sandbox::run(arguments, context).await,
            Self::Login(arguments) => login::run(*arguments, context).await,
            Self::Call(arguments) => call::run(*arguments, context).await,
            Self::Schema(arguments) => schema::run(&arguments, context),
        }
    }
}
