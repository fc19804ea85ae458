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
                    make_room(&mut self.input);
                    if self.reader.read_buf(&mut self.input).await? == 0 {
                        return Err(ConnectError::Eof);
                    }
                }
            }
        }
    }
}

/// The transport, if it can be obfuscated, or one that can.
fn tagged(transport: Transport) -> Transport {
    if transport == Transport::Full { Transport::Intermediate } else { transport }
}

pub(crate) fn make_room(input: &mut BytesMut) {
    if input.capacity() - input.len() < LITTLE {
        input.reserve(if input.is_empty() { LITTLE } else { ROOM });
    }
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
