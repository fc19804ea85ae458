//! The commands, one room each.

mod demo;
mod sandbox;

use clap::Subcommand;

use crate::Context;
use crate::failure::Failure;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(demo::Arguments),
    Sandbox(sandbox::Arguments),
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Demo(arguments) => demo::run(arguments, context).await,
            Self::Sandbox(arguments) => sandbox::run(arguments, context).await,
        }
    }
}
