//! `messages.*`.

pub(crate) mod callbacks;
pub(crate) mod chats;
pub(crate) mod dialogs;
pub(crate) mod drafts;
pub(crate) mod edit;
pub(crate) mod forward;
pub(crate) mod history;
pub(crate) mod inline;
pub(crate) mod invites;
pub(crate) mod joining;
pub(crate) mod media;
pub(crate) mod pin;
pub(crate) mod polls;
pub(crate) mod quiet;
pub(crate) mod reactions;
pub(crate) mod read;
pub(crate) mod scheduled;
pub(crate) mod send;
