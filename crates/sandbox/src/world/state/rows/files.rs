//! Files and their parts.

use serde::{Deserialize, Serialize};

use crate::world::state::tl::Tl;

/// A file on its way up; the key is (account, file id of the client).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Upload {
    pub(crate) blob: u64,
    /// The announced number of parts, for big files.
    pub(crate) total: Option<i32>,
    /// The size of all parts but the last.
    pub(crate) part_size: i32,
    /// When a part came, to the minute.
    pub(crate) touched: i32,
    /// Complete: used by a message, and may be used again.
    pub(crate) done: Option<Done>,
}

/// The shape of a complete upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Done {
    pub(crate) parts: i32,
    pub(crate) size: i64,
}

/// The size of an uploaded part in bytes; the key is (account, file id of the client, part).
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Part(pub(crate) i32);

/// A photo or document.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct File {
    pub(crate) photo: bool,
    pub(crate) size: i64,
    pub(crate) mime: String,
    pub(crate) attributes: Vec<Tl>,
    pub(crate) date: i32,
    pub(crate) dc: i32,
    pub(crate) blob: u64,
    pub(crate) part_size: i32,
    /// Width and height of a photo.
    pub(crate) dimensions: Option<(i32, i32)>,
}
