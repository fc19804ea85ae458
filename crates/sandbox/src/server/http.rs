//! Clients that come over HTTP: each packet is a request, and is answered when there is something to tell, or when the client has
//! waited long enough (<https://core.telegram.org/mtproto/service_messages#http-wait-long-poll>).

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use quadruplex_net::Stream;
use quadruplex_net::http::{Asked, PATH, read_request, write_answer};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::time::{Instant, sleep_until};

use super::connection::MAX_PACKET;
use super::hub::{Hub, lock};
use super::link::Fate;
use super::peer::{Carried, Hold, Peer, Taken};

/// What holds where a client says nothing.
const UNSAID: Hold = Hold { max_delay: Duration::ZERO, wait_after: Duration::ZERO, max_wait: Duration::from_secs(25) };
/// No answer is held back for longer, whatever a client says.
const LONGEST: Duration = Duration::from_secs(60);

/// Serves a client whose first bytes are those of a request.
pub(super) async fn serve(hub: Arc<Hub>, dc: i32, stream: Box<dyn Stream>, input: BytesMut) -> io::Result<()> {
    let (mut stop, mut epoch) = (hub.stop.subscribe(), hub.epoch.subscribe());
    let (reader, writer) = tokio::io::split(stream);
    let mut connection = Connection { peer: Peer::of_requests(hub, dc)?, reader, writer, input };
    let result = tokio::select! {
        result = connection.run() => result,
        () = super::stopped(&mut stop) => Ok(()),
        _ = epoch.changed() => Ok(()),
    };
    connection.peer.leave();
    result
}

struct Connection {
    peer: Peer,
    reader: ReadHalf<Box<dyn Stream>>,
    writer: WriteHalf<Box<dyn Stream>>,
    input: BytesMut,
}

impl Connection {
    async fn run(&mut self) -> io::Result<()> {
        while let Some(Asked { method, path, body, keeps }) = self.next_request().await? {
            if method != "POST" || path != PATH {
                return self.answer(404, &[], false).await;
            }
            let fate = lock(&self.peer.hub.faults).fate();
            let taken = match fate {
                Fate::Pass => self.peer.handle_packet(body),
                // A request that never came is never answered.
                Fate::Drop => continue,
                Fate::Duplicate => self.peer.handle_packet(body.clone()).and_then(|_| self.peer.handle_packet(body)),
                Fate::Cut => return Err(io::ErrorKind::ConnectionReset.into()),
            };
            match taken {
                Ok(Taken::Plain(answer)) => self.answer(200, &answer, keeps).await?,
                Ok(Taken::Message(carried, hold)) => {
                    self.hold(&carried, hold.unwrap_or(UNSAID)).await?;
                    let packet = self.pack(&carried)?;
                    self.answer(200, &packet, keeps).await?;
                }
                // The number is in the status and, for clients that look there, in the body.
                Err(code) => return self.answer(code.unsigned_abs() as u16, &code.to_le_bytes(), false).await,
            }
            if !keeps {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The next request; `None` when the client has gone.
    async fn next_request(&mut self) -> io::Result<Option<Asked>> {
        loop {
            if let Some(asked) = read_request(&mut self.input, MAX_PACKET)? {
                return Ok(Some(asked));
            }
            let retry = self.peer.next_retry();
            tokio::select! {
                read = self.reader.read_buf(&mut self.input) => if read? == 0 { return Ok(None) },
                () = sleep_until(retry.unwrap_or_else(Instant::now)), if retry.is_some() => self.peer.retry_deferred(),
            }
        }
    }

    /// Waits until an answer is due.
    async fn hold(&mut self, carried: &Carried, hold: Hold) -> io::Result<()> {
        let until = Instant::now() + hold.max_wait.min(LONGEST);
        let mut waiting = Waiting { count: 0, since: until, latest: until };
        loop {
            let mut woken = pin!(carried.line.wake.notified());
            // What comes up between the look and the wait counts, too.
            woken.as_mut().enable();
            let queued = carried.slot.lock().session.queued();
            let due = waiting.due(queued, hold).min(until);
            // A client that asks again over this connection has waited long enough, and so has one that has gone elsewhere.
            if due <= Instant::now() || !self.input.is_empty() || !carried.is_carried() {
                return Ok(());
            }
            let retry = self.peer.next_retry();
            tokio::select! {
                () = woken => self.peer.retry_deferred(),
                () = sleep_until(due) => {}
                () = sleep_until(retry.unwrap_or(due)), if retry.is_some() => self.peer.retry_deferred(),
                read = self.reader.read_buf(&mut self.input) => if read? == 0 { return Err(io::ErrorKind::UnexpectedEof.into()) },
            }
        }
    }

    /// Everything that there is to tell to a session, as far as one packet holds it; nothing, if the link loses it.
    fn pack(&mut self, carried: &Carried) -> io::Result<Vec<u8>> {
        let now = self.peer.hub.now();
        let fate = lock(&self.peer.hub.faults).fate();
        let mut packet = Vec::new();
        if carried.is_carried() {
            carried.slot.lock().session.transmit(now, &mut self.peer.random, &mut packet);
        }
        match fate {
            // A request has one answer.
            Fate::Pass | Fate::Duplicate => Ok(packet),
            Fate::Drop => Ok(Vec::new()),
            Fate::Cut => Err(io::ErrorKind::ConnectionReset.into()),
        }
    }

    async fn answer(&mut self, status: u16, body: &[u8], keeps: bool) -> io::Result<()> {
        let mut out = Vec::with_capacity(body.len() + 160);
        write_answer(status, body.len(), keeps, &mut out);
        out.extend_from_slice(body);
        self.writer.write_all(&out).await?;
        self.writer.flush().await
    }
}

/// Messages that wait for an answer to travel in.
struct Waiting {
    count: usize,
    /// When the first of them came.
    since: Instant,
    /// When the last one came.
    latest: Instant,
}

impl Waiting {
    /// When an answer is due, now that so many wait.
    fn due(&mut self, count: usize, hold: Hold) -> Instant {
        let now = Instant::now();
        let before = std::mem::replace(&mut self.count, count);
        if count == 0 {
            return now + LONGEST;
        }
        if before == 0 {
            self.since = now;
        }
        if count != before {
            self.latest = now;
        }
        (self.since + hold.max_delay).min(self.latest + hold.wait_after)
    }
}
