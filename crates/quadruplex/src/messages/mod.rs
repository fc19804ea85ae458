//! Messages: sending, reading, changing; the chats they are in.

mod attachment;
mod by_kind;
mod change;
mod chats;
mod dialogs;
mod for_each;
mod history;
mod load;
mod merge;
mod message;
mod pages;
mod participants;
mod send;
mod send_files;
mod sent;
mod text;

pub use attachment::Attachment;
pub use dialogs::{Dialog, Dialogs, DialogsQuery};
pub use for_each::ForEach;
pub use history::{History, HistoryQuery, Search, SearchQuery};
pub(crate) use load::load;
pub use message::Message;
pub use pages::Pages;
pub use participants::{Participant, Participants, ParticipantsQuery, Role};
pub use send_files::SendFiles;
pub use text::FormattedText;
