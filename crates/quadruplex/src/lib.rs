//! The Telegram (MTProto) framework: bots and user accounts, without a Bot API server in between.

mod accounts;
mod app;
#[cfg(feature = "bars")]
mod bars;
mod calls;
mod client;
pub mod cluster;
mod conversation;
mod error;
mod files;
mod fleet;
#[cfg(feature = "http")]
mod http;
mod messages;
#[cfg(feature = "metrics")]
mod metrics;
pub mod prelude;
mod reports;
pub mod router;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod schedule;
#[cfg(feature = "testing")]
pub mod testing;
mod text;
mod units;
mod updates;

pub use accounts::{Account, AccountStatus, Accounts, Standing, start_and_loop};
pub use app::{App, Backlog, Menu, Running, Variables, run};
#[cfg(feature = "bars")]
pub use bars::Bars;
pub use calls::{AfterFailure, Limit, Mixed, Multiple, MultipleMixed, Wait};
pub use client::{ApiId, Builder, Call, Client, CodeKind, LoginCode, Servers, SignIn, Unhandled};
#[cfg(feature = "tower")]
pub use client::{Calls, RawCall};
pub use conversation::{Ask, ConversationEnded, Keeper, Kept, OfChat, OfMember, OfUser, Remembered};
pub use error::{Error, FloodWait, LastSeen, PeerError, RpcError};
pub use files::{
    Chunks, Download, GIB, KIB, MIB, Nowhere, Progress, RemoteFile, Saved, ToDir, ToMemory, ToPath, ToWriter, Upload, UploadSource,
    Uploaded,
};
pub use fleet::{Fleet, FleetAccount, FleetMachine, Sessions};
pub use messages::{
    Attachment, Button, Buttons, Dialog, Dialogs, DialogsQuery, ForEach, History, HistoryQuery, Key, Keyboard, MediaKind, Message, Pages,
    Participant, Participants, ParticipantsQuery, Role, Search, SearchQuery, SendFiles,
};
pub use reports::log_tail;
pub use router::{Router, spawn};
pub use schedule::{Missed, Schedule, Scheduled};
#[doc(hidden)]
pub use text::template;
pub use text::{CAPTION_LENGTH, FormattedText, MESSAGE_LENGTH, MarkupError};
pub use units::{DAY, HOUR, MINUTE, SECOND};
pub use updates::{Delivery, Event, Gap, GapReason, OpenChat, OpenUpdates, Order, UpdateStream};

/// Says which argument of a handler is wrong, where the compiler would only say that the function is no handler.
///
/// ```
/// use quadruplex::prelude::*;
///
/// #[quadruplex::handler]
/// async fn echo(msg: Text) -> Result {
///     msg.respond(msg.text()).await?;
///     Ok(())
/// }
/// ```
pub use quadruplex_macros::handler;

/// Any error.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What handlers and `main` return.
pub type Result<T = (), E = BoxError> = std::result::Result<T, E>;

/// Formatted text from a template of HTML, written as for `format!`. The template is checked when the program is compiled, and what is put
/// into it is never read as markup: a name `<b>` stays a name. A value that is a [`FormattedText`] keeps its formatting.
///
/// ```
/// use quadruplex::html;
///
/// let (name, id, price) = ("<b>", 7, 1.5);
/// let who = html!("<a href=\"tg://user?id={id}\">{name}</a>");
/// assert_eq!(who.to_html(), "<a href=\"tg://user?id=7\">&lt;b&gt;</a>");
/// assert_eq!(html!("{who} pays <code>{price:.2}</code>{}", '!').to_markdown(), "[<b\\>](tg://user?id=7) pays `1.50`\\!");
/// ```
///
/// ```compile_fail
/// quadruplex::html!("<b>never closed");
/// ```
pub use quadruplex_macros::html;
/// Formatted text from a template of Markdown, as [`html!`] does it for HTML. Raw strings save the second backslash.
///
/// ```
/// use quadruplex::md;
///
/// let name = "*";
/// assert_eq!(md!(r"*{name}*, welcome\!").to_html(), "<b>*</b>, welcome!");
/// ```
///
/// ```compile_fail
/// quadruplex::md!("every dot is escaped.");
/// ```
pub use quadruplex_macros::md;
/// A test of a bot in a sandbox of its own, under virtual time; see [`testing`]. It takes the [`Sandbox`](testing::Sandbox), or nothing, and
/// returns nothing or a `Result` of it.
#[cfg(feature = "testing")]
pub use quadruplex_macros::test;

/// What programs need besides Telegram, from [`awaitkit`](https://docs.rs/awaitkit): waiting, asking, tasks, loops, locks, many things at once.
///
/// In a handler, errors of tasks and loops that nobody waits for go to the [admins](App::admins).
///
/// ```
/// use quadruplex::prelude::*;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result {
/// sleep(3 * SECOND).await;
/// let task = spawn(async { 6 * 7 });
/// assert_eq!(task.await?, 42);
/// let squares = try_map_concurrent([1, 2, 3], limit!(2), async |n| Ok::<_, Error>(n * n)).await?;
/// assert_eq!(squares, [1, 4, 9]);
/// let ticks = Loop::every(30 * SECOND, async || Next::Continue).start("ticks");
/// ticks.set_period(5 * SECOND);
/// ticks.stop().await;
/// # Ok(()) }
/// ```
pub use awaitkit as helpers;
pub use awaitkit::Backoff;
#[cfg(feature = "cron")]
pub use awaitkit::chrono;
#[cfg(feature = "http")]
pub use awaitkit_http;
pub use quadruplex_api as api;
pub use quadruplex_crypto::rsa::PublicKey;
pub use quadruplex_mtproto::framing::Transport;
pub use quadruplex_net as net;
pub use quadruplex_tl_schema as schema;
pub use tokio_util::sync::CancellationToken;

/// What survives a restart: stores, and what is in them.
pub mod store {
    #[cfg(feature = "stores")]
    pub use crate::fleet::{MySql, Postgres};
    pub use quadruplex_store::*;
}

/// The program in the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
