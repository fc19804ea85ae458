//! Tests of bots: a Telegram of their own, in memory, under virtual time.
//!
//! A test has a [`Sandbox`], in which a bot runs and people write to it. No socket is opened, no account is needed, and nothing is waited
//! for: when everybody waits, the clock moves to when the first of them goes on. A test of a day takes milliseconds, and takes the same
//! way every time. Feature `sandbox`.
//!
//! ```
//! use quadruplex::prelude::*;
//!
//! async fn echo(msg: Text) -> String {
//!     msg.text().to_uppercase()
//! }
//!
//! # mod tests { use super::*; // where the attribute makes a function
//! #[quadruplex::test]
//! async fn shouts(telegram: Sandbox) -> Result {
//!     let bot = telegram.bot(Router::new().on_message(echo)).await?;
//!     let mut chat = telegram.user("alice").await?.open(&bot).await?;
//!
//!     chat.say("hello").await?;
//!     assert_eq!(chat.reply().await?.text(), "HELLO");
//!     Ok(())
//! }
//! # }
//! ```
//!
//! [`Chat::reply`] fails after five virtual seconds, and shows the chat and what the handlers have failed with. `QUADRUPLEX_SEED=7` runs
//! tests with other random numbers.
//!
//! Signs of life, the configuration, and the question whether updates were missed come every six hours, so that a day in which nothing happens is a few
//! requests. A link that swallows what it is told is noticed as late.
//!
//! Files and clocks of the system, and real sockets, do not wait for virtual time: a handler that calls a web server needs a stand-in.

mod bot;
mod chat;
mod cluster;
mod fleet;
mod group;
mod log;
mod run;
mod sandbox;
mod user;

pub use bot::Bot;
pub use chat::{Chat, Pressed};
pub use cluster::{Cluster, Machine};
pub use fleet::FleetOfTest;
pub use group::Group;
pub use log::Unmet;
pub use quadruplex_sandbox as server;
pub use run::{Outcome, run};
pub use sandbox::Sandbox;
pub use user::User;

/// How long, in virtual time, something is waited for.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);
