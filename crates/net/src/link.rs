use std::time::Duration;

use bytes::BytesMut;
use quadruplex_mtproto::Now;
use quadruplex_mtproto::client::KeyState;
use quadruplex_mtproto::framing::{ClientFramer, Frame, Transport};
use quadruplex_mtproto::handshake::{ClientConfig, ClientHandshake, ClientStep, Established, plain};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::time::{Instant, timeout};

use crate::{ConnectError, Dial, Dialed, Environment, Options, Random, Server, StoredKey, Stream, Target, Way};

/// How long the server may take for one message of the key exchange.
const PATIENCE: Duration = Duration::from_secs(15);
/// So much room for reading an idle connection has…
const LITTLE: usize = 4 << 10;
/// …and so much one on which a packet has not come whole: few reads for a busy one.
const ROOM: usize = 32 << 10;
/// The longest frame that gets all its room before it has come: a part of a file of 1 MiB, with what is around it.
const BELIEVED: usize = (1 << 20) + (64 << 10);

/// A stream with the framing that was chosen for it.
pub(crate) struct Link {
    pub(crate) reader: ReadHalf<Box<dyn Stream>>,
    pub(crate) writer: WriteHalf<Box<dyn Stream>>,
    pub(crate) framer: ClientFramer,
    pub(crate) input: BytesMut,
    /// The MTProto proxy that it leads through.
    pub(crate) proxy: Option<Target>,
    /// Whether the server speaks only when it is asked.
    pub(crate) polls: bool,
}

impl Link {
    pub(crate) async fn dial(options: &Options, dial: &dyn Dial, random: &mut Random) -> Result<Self, ConnectError> {
        let Dialed { stream, way } = dial.dial(Server { dc: options.dc, addresses: &options.addresses }).await?;
        let (reader, writer) = tokio::io::split(stream);
        let dc = i16::try_from(options.dc).unwrap_or_default();
        let polls = way == Way::Requests;
        let (framer, proxy) = match way {
            Way::Requests => (ClientFramer::new(Transport::Intermediate), None),
            Way::Open if options.obfuscated => (ClientFramer::obfuscated(options.transport, dc, None, random)?, None),
            Way::Obfuscated => (ClientFramer::obfuscated(tagged(options.transport), dc, None, random)?, None),
            Way::Open => (ClientFramer::new(options.transport), None),
            Way::MtProxy { server, secret, padded } => {
                let transport = if padded { Transport::PaddedIntermediate } else { tagged(options.transport) };
                (ClientFramer::obfuscated(transport, dc, Some(&secret), random)?, Some(server))
            }
        };
        Ok(Self { reader, writer, framer, input: BytesMut::new(), proxy, polls })
    }

    /// Agrees on a key with the server.
    pub(crate) async fn exchange(
        &mut self,
        config: &ClientConfig,
        environment: &Environment,
        random: &mut Random,
    ) -> Result<Established, ConnectError> {
        let (mut body, mut state) = ClientHandshake::start(random);
        let mut last_id = 0;
        loop {
            let now = environment.now();
            last_id = plain_id(now, last_id);
            self.write_plain(last_id, &body, random).await?;
            let packet = timeout(PATIENCE, self.read_packet()).await.map_err(|_| ConnectError::Silent)??;
            let (_, answer) = plain::unwrap(&packet).map_err(|_| ConnectError::NotPlain)?;
            match state.handle(answer, config, environment.now(), random).map_err(ConnectError::Handshake)? {
                ClientStep::Send { body: more, next } => (body, state) = (more, next),
                ClientStep::Done(established) => return Ok(established),
            }
        }
    }

    async fn write_plain(&mut self, msg_id: i64, body: &[u8], random: &mut Random) -> Result<(), ConnectError> {
        let mut out = Vec::new();
        let frame = self.framer.begin(&mut out);
        plain::wrap(msg_id, body, &mut out);
        self.framer.finish(frame, &mut out, random)?;
        Ok(self.writer.write_all(&out).await?)
    }

    async fn read_packet(&mut self) -> Result<BytesMut, ConnectError> {
        loop {
            match self.framer.next(&mut self.input)? {
                Some(Frame::Packet(packet)) => return Ok(packet),
                Some(Frame::TransportError(code)) => return Err(ConnectError::Transport(code)),
                Some(Frame::QuickAck(_) | Frame::Nothing) => {}
                None => {
                    self.make_room();
                    if self.reader.read_buf(&mut self.input).await? == 0 {
                        return Err(ConnectError::Eof);
                    }
                }
            }
        }
    }

    /// Makes room for what is read next: for the rest of a frame that has begun, where its length is known. A part of a file comes into a
    /// buffer of its own size then, without having been copied from smaller ones.
    pub(crate) fn make_room(&mut self) {
        let rest = self.framer.lacks().min(BELIEVED);
        let needed = if rest == 0 { LITTLE } else { rest };
        if self.input.capacity() - self.input.len() < needed {
            self.input.reserve(if self.input.is_empty() { LITTLE } else { rest.max(ROOM) });
        }
    }
}

/// The transport, if it can be obfuscated, or one that can.
fn tagged(transport: Transport) -> Transport {
    if transport == Transport::Full { Transport::Intermediate } else { transport }
}

/// Message ids of plain messages: the time, increasing.
fn plain_id(now: Now, last: i64) -> i64 {
    let time = (now.wall.as_secs() as i64) << 32 | i64::from(now.wall.subsec_nanos());
    (time & !3).max(last + 4)
}

/// A new link, and the key that was agreed on over it if there was none.
pub(crate) async fn connect(
    options: &Options,
    dial: &dyn Dial,
    environment: &Environment,
    random: &mut Random,
    has_session: bool,
) -> Result<(Link, Option<(StoredKey, Duration)>), ConnectError> {
    let mut link = Link::dial(options, dial, random).await?;
    if has_session || options.key.is_some() {
        return Ok((link, None));
    }
    let began = Instant::now();
    let config = ClientConfig { keys: options.server_keys.clone(), dc: Some(options.dc), expires_in: None };
    let agreed = link.exchange(&config, environment, random).await?;
    let state = KeyState { salt: agreed.server_salt, future_salts: Vec::new(), server_time: Some(agreed.server_time) };
    Ok((link, Some((StoredKey { auth_key: agreed.auth_key, state }, began.elapsed()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> Link {
        let (near, _far) = tokio::io::duplex(64);
        let (reader, writer) = tokio::io::split(Box::new(near) as Box<dyn Stream>);
        let framer = ClientFramer::new(Transport::Intermediate);
        Link { reader, writer, framer, input: BytesMut::new(), proxy: None, polls: false }
    }

    #[test]
    fn a_long_frame_gets_its_room_once() {
        let mut link = link();
        let (mut expected, len) = (ROOM, 524_380);
        let mut wire = (len as u32).to_le_bytes().to_vec();
        wire.resize(4 + len, 7);
        // The pieces in which it comes.
        for piece in wire.chunks(1000) {
            link.make_room();
            if link.framer.lacks() > 0 {
                expected = 4 + len;
            }
            assert!(link.input.capacity() <= expected, "{} after {}", link.input.capacity(), link.input.len());
            link.input.extend_from_slice(piece);
            if let Some(frame) = link.framer.next(&mut link.input).unwrap() {
                assert!(matches!(frame, Frame::Packet(packet) if packet.len() == len));
                return;
            }
        }
        panic!("it does not come whole");
    }

    #[test]
    fn a_lie_about_the_length_takes_little_room() {
        let mut link = link();
        link.input.extend_from_slice(&(16_u32 << 20).to_le_bytes());
        assert_eq!(link.framer.next(&mut link.input).unwrap(), None);
        link.make_room();
        assert!(link.input.capacity() <= BELIEVED + 4, "{}", link.input.capacity());
    }
}
