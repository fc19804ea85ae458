//! One connection of a client.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use quadruplex_mtproto::framing::{FrameError, ServerFramer};
use quadruplex_net::{Random, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::hub::{Hub, lock};
use super::link::Fate;
use super::peer::{Carried, Peer, Taken};

/// How long a client may take until its transport is known.
pub(super) const FIRST_BYTES: Duration = Duration::from_secs(30);
/// A longer packet of a client makes a server close the connection.
pub(super) const MAX_PACKET: usize = 1_044_404 + 1024;
/// Nothing more is packed while so much waits for the socket.
const ENOUGH_OUT: usize = 1 << 20;

/// Serves a client of a data centre, whose transport is known, until it goes, breaks the protocol, or the sandbox stops.
pub(super) async fn serve(hub: Arc<Hub>, dc: i32, stream: Box<dyn Stream>, framer: ServerFramer, input: BytesMut) -> io::Result<()> {
    let (mut stop, mut epoch) = (hub.stop.subscribe(), hub.epoch.subscribe());
    let (reader, writer) = tokio::io::split(stream);
    let (peer, wake) = Peer::of_stream(hub, dc)?;
    let mut connection = Connection { peer, reader, writer, input, out: Vec::new(), written: 0, framer, wake, closing: false };
    let result = tokio::select! {
        result = connection.run() => result,
        () = super::stopped(&mut stop) => Ok(()),
        _ = epoch.changed() => Ok(()),
    };
    connection.peer.leave();
    result
}

/// Why nothing came of a client.
pub(super) enum NotBegun {
    Io(io::Error),
    Frame(FrameError),
}

impl From<NotBegun> for io::Error {
    fn from(error: NotBegun) -> Self {
        match error {
            NotBegun::Io(error) => error,
            NotBegun::Frame(error) => Self::other(error),
        }
    }
}

/// Waits until the transport of a client is known; `secret` is that of the proxy to which it comes. What cannot be read stays in `input`.
pub(super) async fn begin(stream: &mut dyn Stream, input: &mut BytesMut, secret: Option<&[u8; 16]>) -> Result<ServerFramer, NotBegun> {
    let late = || NotBegun::Io(io::ErrorKind::TimedOut.into());
    let until = Instant::now() + FIRST_BYTES;
    loop {
        if let Some(framer) = ServerFramer::accept_with(input, secret).map_err(NotBegun::Frame)? {
            return Ok(framer.max_frame(MAX_PACKET));
        }
        let read = timeout_at(until, stream.read_buf(input)).await.map_err(|_| late())?;
        if read.map_err(NotBegun::Io)? == 0 {
            return Err(NotBegun::Io(io::ErrorKind::UnexpectedEof.into()));
        }
    }
}

struct Connection {
    peer: Peer,
    reader: ReadHalf<Box<dyn Stream>>,
    writer: WriteHalf<Box<dyn Stream>>,
    input: BytesMut,
    out: Vec<u8>,
    written: usize,
    framer: ServerFramer,
    wake: Arc<Notify>,
    closing: bool,
}

impl Connection {
    async fn run(&mut self) -> io::Result<()> {
        self.read()?;
        loop {
            self.pack();
            let has_out = self.written < self.out.len();
            if self.closing && !has_out {
                return Ok(());
            }
            let due = self.peer.next_timeout();
            let woken = self.wake.clone();
            tokio::select! {
                biased;
                wrote = self.writer.write(&self.out[self.written..]), if has_out => {
                    self.written += wrote?;
                    if self.written == self.out.len() {
                        self.out.clear();
                        self.out.shrink_to(64 << 10);
                        self.written = 0;
                    }
                }
                read = self.reader.read_buf(&mut self.input), if !self.closing && self.out.len() < ENOUGH_OUT => {
                    if read? == 0 {
                        return Ok(());
                    }
                    self.read()?;
                }
                () = woken.notified() => {}
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => self.peer.handle_timeout(),
            }
        }
    }

    /// Takes all packets that have come whole.
    fn read(&mut self) -> io::Result<()> {
        if self.input.capacity() - self.input.len() < 4096 {
            self.input.reserve(64 << 10);
        }
        while let Some(received) = self.framer.next(&mut self.input).map_err(io::Error::other)?
            && !self.closing
        {
            let fate = lock(&self.peer.hub.faults).fate();
            match fate {
                Fate::Pass => self.handle_packet(received.packet),
                Fate::Drop => {}
                Fate::Duplicate => {
                    self.handle_packet(received.packet.clone());
                    self.handle_packet(received.packet);
                }
                Fate::Cut => return Err(io::ErrorKind::ConnectionReset.into()),
            }
        }
        Ok(())
    }

    fn handle_packet(&mut self, packet: BytesMut) {
        match self.peer.handle_packet(packet) {
            Ok(Taken::Plain(answer)) => self.frame(|out, _| out.extend_from_slice(&answer)),
            Ok(Taken::Message(..)) => {}
            Err(code) => {
                self.framer.transport_error(code, &mut self.out);
                self.closing = true;
            }
        }
    }

    /// Writes what the sessions of this connection have to send. A session that another connection carries by now is left to it.
    fn pack(&mut self) {
        let now = self.peer.hub.now();
        self.peer.sessions.retain(Carried::is_carried);
        for at in 0..self.peer.sessions.len() {
            let slot = self.peer.sessions[at].slot.clone();
            while self.out.len() < ENOUGH_OUT {
                let fate = lock(&self.peer.hub.faults).fate();
                let mut state = slot.lock();
                let mut copy = Vec::new();
                let packed = self.frame(|out, random| {
                    let start = out.len();
                    let packed = state.session.poll_transmit(now, random, out);
                    match fate {
                        Fate::Drop => out.truncate(start),
                        Fate::Duplicate => copy.extend_from_slice(&out[start..]),
                        Fate::Pass | Fate::Cut => {}
                    }
                    packed
                });
                drop(state);
                if !packed {
                    break;
                }
                if !copy.is_empty() {
                    self.frame(|out, _| out.extend_from_slice(&copy));
                }
                if fate == Fate::Cut {
                    self.closing = true;
                    return;
                }
            }
        }
    }

    /// Appends one frame; nothing, if `write` appends nothing.
    fn frame<T>(&mut self, write: impl FnOnce(&mut Vec<u8>, &mut Random) -> T) -> T {
        let frame = self.framer.begin(&mut self.out);
        let result = write(&mut self.out, &mut self.peer.random);
        if let Err(error) = self.framer.finish(frame, &mut self.out, &mut self.peer.random) {
            tracing::error!(%error, "a packet of our own does not fit a frame");
            self.closing = true;
        }
        result
    }
}
