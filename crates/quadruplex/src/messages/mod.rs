//! Messages: sending, reading, changing; the chats they are in.

mod again;
mod attachment;
mod buttons;
mod by_kind;
mod change;
mod chats;
mod dialogs;
mod for_each;
mod history;
mod keyboard;
mod load;
mod media_kind;
mod merge;
mod message;
mod pages;
mod participants;
mod send;
mod send_files;
mod sent;

pub use attachment::Attachment;
pub use buttons::{Button, Buttons};
pub use dialogs::{Dialog, Dialogs, DialogsQuery};
pub use for_each::ForEach;
pub use history::{History, HistoryQuery, Search, SearchQuery};
pub use keyboard::{Key, Keyboard};
pub(crate) use load::load;
pub use media_kind::MediaKind;
pub use message::Message;
pub use pages::Pages;
pub use participants::{Participant, Participants, ParticipantsQuery, Role};
pub(crate) use send::NOT_MODIFIED;
pub use send_files::SendFiles;
