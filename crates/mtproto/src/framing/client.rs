use bytes::BytesMut;
use rand_core::Rng;

use super::codec::{Decoder, Encoder, Item, Tail, Writer};
use super::obfuscation::Obfuscation;
use super::{Begun, FrameError, MAX_FRAME, Transport};

/// A payload shorter than any message: a transport error or, on the padded transport, a quick acknowledgement.
const MIN_PACKET: usize = 24;

/// The client's end of a stream.
///
/// What has to come first on a connection (tag or obfuscated header) is written in front of the first frame.
#[derive(Debug)]
pub struct ClientFramer {
    encoder: Encoder,
    decoder: Decoder,
    obfuscation: Option<Obfuscation>,
    preamble: Vec<u8>,
}

/// What a client reads.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame {
    /// A packet: encrypted, or a plain message of the key exchange. On the padded transport up to 15 random bytes may follow it.
    Packet(BytesMut),
    /// The server's refusal, a negative number: −404 unknown key or broken packet, −429 too many connections, −444 wrong
    /// data centre. It closes the connection after it.
    TransportError(i32),
    /// The server has received the packet that this token is computed from.
    QuickAck(u32),
    /// A word of zero, which servers may send. It means nothing, except over HTTP: a request has ended with nothing.
    Nothing,
}

impl ClientFramer {
    /// A stream without obfuscation.
    #[must_use]
    pub fn new(transport: Transport) -> Self {
        let preamble = match (transport, transport.tag()) {
            (Transport::Abridged, Some(tag)) => tag[..1].to_vec(),
            (_, Some(tag)) => tag.to_vec(),
            (_, None) => Vec::new(),
        };
        Self::with(transport, None, preamble)
    }

    /// An obfuscated stream to data centre `dc` (negative: its media servers; plus 10,000: its test servers), through a proxy
    /// if there is a `secret`.
    ///
    /// # Errors
    /// [`FrameError::NotObfuscatable`] for [`Transport::Full`].
    pub fn obfuscated(transport: Transport, dc: i16, secret: Option<&[u8; 16]>, rng: &mut dyn Rng) -> Result<Self, FrameError> {
        let (obfuscation, header) = Obfuscation::client(transport, dc, secret, rng)?;
        Ok(Self::with(transport, Some(obfuscation), header.to_vec()))
    }

    fn with(transport: Transport, obfuscation: Option<Obfuscation>, preamble: Vec<u8>) -> Self {
        let decoder = Decoder::new(transport, Writer::Server, MAX_FRAME);
        Self { encoder: Encoder::new(transport), decoder, obfuscation, preamble }
    }

    /// Begins a frame at the end of `out`: append the packet to it, then [`finish`](Self::finish).
    pub fn begin(&mut self, out: &mut Vec<u8>) -> Begun {
        out.append(&mut self.preamble);
        Begun(self.encoder.begin(out))
    }

    /// Completes a frame. If nothing was appended, it is taken back.
    ///
    /// # Errors
    /// [`FrameError::Length`] when the packet is no multiple of four, [`FrameError::TooLong`] when no header can tell its length;
    /// the frame is taken back then.
    pub fn finish(&mut self, frame: Begun, out: &mut Vec<u8>, rng: &mut dyn Rng) -> Result<(), FrameError> {
        self.complete(frame, false, out, rng)
    }

    /// As [`finish`](Self::finish), and asks for a quick acknowledgement; [`Transport::Full`] does not know how.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    pub fn finish_with_quick_ack(&mut self, frame: Begun, out: &mut Vec<u8>, rng: &mut dyn Rng) -> Result<(), FrameError> {
        self.complete(frame, true, out, rng)
    }

    fn complete(&mut self, Begun(start): Begun, flag: bool, out: &mut Vec<u8>, rng: &mut dyn Rng) -> Result<(), FrameError> {
        self.encoder.finish(start, flag, Tail::Random(rng), out)?;
        if let Some(obfuscation) = &mut self.obfuscation {
            obfuscation.send(&mut out[start..]);
        }
        Ok(())
    }

    /// Takes the next frame off the front of `input`, or `None` when it is not complete. Between two calls `input` may only grow.
    ///
    /// # Errors
    /// [`FrameError`]: the connection has to be closed.
    pub fn next(&mut self, input: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
        if let Some(obfuscation) = &mut self.obfuscation {
            obfuscation.receive(input);
        }
        let frame = match self.decoder.next(input)? {
            None => None,
            Some(Item::QuickAck(token)) => Some(Frame::QuickAck(token)),
            Some(Item::Error(code)) => Some(Frame::TransportError(code)),
            Some(Item::Payload(packet, _)) if packet.len() >= MIN_PACKET => Some(Frame::Packet(packet)),
            Some(Item::Payload(short, _)) => Some(short_frame(&short)?),
        };
        if let Some(obfuscation) = &mut self.obfuscation {
            obfuscation.taken(input.len());
        }
        Ok(frame)
    }

    /// How many bytes the frame lacked at which [`next`](Self::next) has stopped, as its header says: room for them is room for all of
    /// it. 0 if that was not known yet. It is the word of whoever is at the other end, and at most [`MAX_FRAME`].
    #[must_use]
    pub fn lacks(&self) -> usize {
        self.decoder.lacks()
    }
}

/// −1 and a token: a quick acknowledgement; another negative number: an error; zero: nothing.
fn short_frame(payload: &[u8]) -> Result<Frame, FrameError> {
    let word = |at: usize| payload.get(at..)?.first_chunk().map(|word| i32::from_le_bytes(*word));
    match (word(0), word(4)) {
        (Some(-1), Some(token)) => Ok(Frame::QuickAck(token as u32)),
        (Some(0), _) => Ok(Frame::Nothing),
        (Some(code), _) if code < 0 => Ok(Frame::TransportError(code)),
        _ => Err(FrameError::Length(payload.len())),
    }
}
