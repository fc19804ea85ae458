//! The Telegram (MTProto) framework: bots and user accounts, without a Bot API server in between.

mod client;
mod error;
mod files;
mod messages;
mod updates;

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
pub use updates::{Delivery, Event, Gap, GapReason, UpdateStream};

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
