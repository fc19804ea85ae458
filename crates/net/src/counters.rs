use std::sync::atomic::{AtomicU64, Ordering};

/// What has gone over a connection since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Packets written.
    pub packets_sent: u64,
    /// Packets written with calls in them; the others hold acknowledgements and pings alone.
    pub packets_with_calls: u64,
    /// Packets read.
    pub packets_received: u64,
    /// Bytes written, with framing.
    pub bytes_sent: u64,
    /// Bytes read, with framing.
    pub bytes_received: u64,
    /// Calls taken.
    pub calls: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) packets_sent: AtomicU64,
    pub(crate) packets_with_calls: AtomicU64,
    pub(crate) packets_received: AtomicU64,
    pub(crate) bytes_sent: AtomicU64,
    pub(crate) bytes_received: AtomicU64,
    pub(crate) calls: AtomicU64,
}

impl Counters {
    pub(crate) fn read(&self) -> Traffic {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Traffic {
            packets_sent: read(&self.packets_sent),
            packets_with_calls: read(&self.packets_with_calls),
            packets_received: read(&self.packets_received),
            bytes_sent: read(&self.bytes_sent),
            bytes_received: read(&self.bytes_received),
            calls: read(&self.calls),
        }
    }
}
