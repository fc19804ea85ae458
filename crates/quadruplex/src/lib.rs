//! The Telegram (MTProto) framework: bots and user accounts, without a Bot API server in between.

mod app;
mod client;
mod error;
mod files;
mod messages;
pub mod prelude;
pub mod router;
mod units;
mod updates;

pub use app::{App, Running};
pub use client::{ApiId, Builder, Call, Client, CodeKind, LoginCode, Servers, SignIn};
pub use error::{Error, PeerError, RpcError};
pub use files::{
    Chunks, Download, GIB, KIB, MIB, Nowhere, Progress, RemoteFile, Saved, ToDir, ToMemory, ToPath, ToWriter, Upload, UploadSource,
    Uploaded,
};
pub use messages::{
    Attachment, Dialog, Dialogs, DialogsQuery, ForEach, FormattedText, History, HistoryQuery, Message, Pages, Participant, Participants,
    ParticipantsQuery, Role, Search, SearchQuery, SendFiles,
};
pub use router::Router;
pub use units::{DAY, HOUR, MINUTE, SECOND};
pub use updates::{Delivery, Event, Gap, GapReason, UpdateStream};

/// Any error.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What handlers and `main` return.
pub type Result<T = (), E = BoxError> = std::result::Result<T, E>;

pub use quadruplex_api as api;
pub use quadruplex_crypto::rsa::PublicKey;
pub use quadruplex_mtproto::framing::Transport;
pub use quadruplex_net as net;
pub use quadruplex_store as store;
pub use quadruplex_tl_schema as schema;

/// The program in the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
