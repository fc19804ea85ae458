//! A proxy that delays and counts packets of MTProto, by the lengths before them.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

/// What has gone through a proxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    pub packets_up: u64,
    pub packets_down: u64,
    pub bytes_up: u64,
    pub bytes_down: u64,
}

impl Traffic {
    pub fn since(self, earlier: Self) -> Self {
        Self {
            packets_up: self.packets_up - earlier.packets_up,
            packets_down: self.packets_down - earlier.packets_down,
            bytes_up: self.bytes_up - earlier.bytes_up,
            bytes_down: self.bytes_down - earlier.bytes_down,
        }
    }
}

#[derive(Default)]
struct Counted {
    packets: AtomicU64,
    bytes: AtomicU64,
}

/// A proxy before one server. It ends when it is dropped.
pub struct Proxy {
    pub address: SocketAddr,
    ways: Arc<[Counted; 2]>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Listens on a port of this machine; every byte takes `delay` longer, each way.
    pub async fn start(server: SocketAddr, delay: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let ways: Arc<[Counted; 2]> = Arc::default();
        let counted = ways.clone();
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let counted = counted.clone();
                tokio::spawn(async move {
                    // A client that finds no server sees its connection closed.
                    let _ = join(client, server, delay, counted).await;
                });
            }
        });
        Ok(Self { address, ways, task })
    }

    pub fn traffic(&self) -> Traffic {
        let [up, down] = &*self.ways;
        Traffic {
            packets_up: up.packets.load(Ordering::Relaxed),
            packets_down: down.packets.load(Ordering::Relaxed),
            bytes_up: up.bytes.load(Ordering::Relaxed),
            bytes_down: down.bytes.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn join(client: TcpStream, server: SocketAddr, delay: Duration, ways: Arc<[Counted; 2]>) -> io::Result<()> {
    let server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let ((client_read, client_write), (server_read, server_write)) = (client.into_split(), server.into_split());
    // The client's first bytes say how packets are delimited, both ways.
    let framing = Arc::new(OnceLock::new());
    tokio::spawn(carry(client_read, server_write, delay, Parser::new(framing.clone()), ways.clone(), 0));
    tokio::spawn(carry(server_read, client_write, delay, Parser::new(framing), ways, 1));
    Ok(())
}

async fn carry(mut from: OwnedReadHalf, to: OwnedWriteHalf, delay: Duration, mut parser: Parser, ways: Arc<[Counted; 2]>, way: usize) {
    let (queue, queued) = mpsc::unbounded_channel();
    let mut to = if delay.is_zero() {
        Some(to)
    } else {
        tokio::spawn(write_late(to, queued));
        None
    };
    let mut buffer = vec![0; 256 << 10];
    loop {
        let Ok(count @ 1..) = from.read(&mut buffer).await else { return };
        ways[way].bytes.fetch_add(count as u64, Ordering::Relaxed);
        ways[way].packets.fetch_add(parser.read(&buffer[..count], way == 0), Ordering::Relaxed);
        let gone = match &mut to {
            Some(to) => to.write_all(&buffer[..count]).await.is_err(),
            None => queue.send((Instant::now() + delay, buffer[..count].to_vec())).is_err(),
        };
        if gone {
            return;
        }
    }
}

async fn write_late(mut to: OwnedWriteHalf, mut queued: mpsc::UnboundedReceiver<(Instant, Vec<u8>)>) {
    while let Some((due, bytes)) = queued.recv().await {
        sleep_until(due).await;
        if to.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

/// How packets are delimited: <https://core.telegram.org/mtproto/mtproto-transports>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Abridged,
    Intermediate,
    Full,
}

impl Framing {
    /// By the first bytes of the client, and how many of them belong to no packet.
    fn of(first: [u8; 4]) -> (Self, usize) {
        match first {
            [0xef, ..] => (Self::Abridged, 1),
            [0xee, 0xee, 0xee, 0xee] | [0xdd, 0xdd, 0xdd, 0xdd] => (Self::Intermediate, 4),
            _ => (Self::Full, 0),
        }
    }

    /// How long the packet is that begins with these bytes, its header included; `None` if it takes more of them to say.
    fn packet(self, header: &[u8]) -> Option<usize> {
        let long = |bytes: &[u8]| bytes.iter().rev().fold(0, |length, byte| length << 8 | usize::from(*byte));
        match self {
            Self::Abridged => match *header.first()? {
                0x7f => Some(4 + 4 * long(header.get(1..4)?)),
                words => Some(1 + 4 * usize::from(words)),
            },
            Self::Intermediate => Some(4 + long(header.get(..4)?)),
            Self::Full => Some(long(header.get(..4)?)),
        }
    }
}

/// Finds where packets begin in a stream.
struct Parser {
    framing: Arc<OnceLock<Framing>>,
    /// What has come of a header.
    header: Vec<u8>,
    /// How much of the current packet has still to come.
    left: usize,
}

impl Parser {
    fn new(framing: Arc<OnceLock<Framing>>) -> Self {
        Self { framing, header: Vec::new(), left: 0 }
    }

    /// How many packets begin in these bytes.
    fn read(&mut self, mut bytes: &[u8], from_client: bool) -> u64 {
        let mut packets = 0;
        loop {
            let skipped = self.left.min(bytes.len());
            self.left -= skipped;
            let Some((byte, rest)) = bytes[skipped..].split_first() else { return packets };
            bytes = rest;
            self.header.push(*byte);
            if from_client
                && self.framing.get().is_none()
                && let Some(first) = self.header.first_chunk()
            {
                let (framing, tag) = Framing::of(*first);
                self.header.drain(..tag);
                let _ = self.framing.set(framing);
            }
            if let Some(length) = self.framing.get().and_then(|framing| framing.packet(&self.header)) {
                self.left = length.saturating_sub(self.header.len());
                self.header.clear();
                packets += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_counted_however_they_arrive() {
        let abridged = [&[0xef, 2][..], &[7; 8], &[0x7f, 0, 1, 0], &[7; 1024], &[1], &[7; 4]].concat();
        let intermediate = [&[0xee; 4][..], &[8, 0, 0, 0], &[7; 8], &[4, 0, 0, 0], &[7; 4], &[0, 0, 0, 0]].concat();
        let full = [&[16, 0, 0, 0][..], &[7; 12], &[20, 0, 0, 0], &[7; 16], &[12, 0, 0, 0], &[7; 8]].concat();
        for stream in [abridged, intermediate, full] {
            for size in [1, 3, 5, 1000, 5000] {
                let mut parser = Parser::new(Arc::default());
                let packets: u64 = stream.chunks(size).map(|chunk| parser.read(chunk, true)).sum();
                assert_eq!(packets, 3, "in pieces of {size}");
            }
        }
    }
}
