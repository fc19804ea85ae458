//! What a measured process is told, and what it tells.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Who {
    Ours,
    Grammers,
    Telethon,
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ours => "Quadruplex",
            Self::Grammers => "grammers",
            Self::Telethon => "Telethon",
        })
    }
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// So many calls at once, all futures in one task.
    Joined(usize),
    /// So many calls at once, each in a task of its own.
    Spawned(usize),
    /// The file to the server.
    Upload,
    /// The file from the server.
    Download,
    /// So many clients that do nothing for so long, in one process, with a store in memory or in files.
    Idle { clients: usize, files: bool, seconds: u64 },
}

/// The argument of a measured process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    pub who: Who,
    pub work: Work,
    pub dc: i32,
    pub address: SocketAddr,
    pub user: i64,
    /// The authorization key, in hexadecimal; for [`Work::Idle`] nothing, see `file`.
    pub key: String,
    /// What is uploaded; where the download goes; the keys of idle clients, one a line.
    pub file: PathBuf,
}

/// What a process has measured of its own work, between `go` and the end of the last call.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Figures {
    pub wall_us: u64,
    /// Processor time of the whole process, user and system.
    pub cpu_us: u64,
    /// Calls of the allocator, reallocations included; `None` where they cannot be counted.
    pub allocations: Option<u64>,
    /// How much more was on the heap while calls waited; `None` where that is not watched.
    #[serde(default)]
    pub heap_bytes: Option<u64>,
    /// `VmHWM` at the end.
    pub peak_kib: u64,
    /// The same without the files that are in memory by then, the program itself among them: what no other process can share.
    pub private_kib: u64,
    pub p50_us: u64,
    pub p99_us: u64,
    /// Packets with calls in them, as the client counts; only ours does.
    pub packets_with_calls: Option<u64>,
    /// What is on the heap for each idle client, and what the process has in memory for it.
    pub idle: Option<Idle>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Idle {
    /// As soon as all is quiet.
    pub heap_bytes_at_first: u64,
    pub heap_bytes: u64,
    pub resident_bytes: u64,
}

/// A key as it is written in a [`Job`].
pub fn key_to_hex(key: &[u8; 256]) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The reverse of [`key_to_hex`].
pub fn key_from_hex(text: &str) -> Option<[u8; 256]> {
    let bytes: Option<Vec<u8>> = (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect();
    bytes?.try_into().ok()
}
