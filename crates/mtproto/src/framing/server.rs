use bytes::{Buf, BytesMut};
use rand_core::Rng;

use super::codec::{Decoder, Encoder, Item, Tail, Writer};
use super::obfuscation::{HEADER, Obfuscation};
use super::{Begun, FrameError, MAX_FRAME, Transport};

/// The server's end of a stream, in the transport that the client chose.
#[derive(Debug)]
pub struct ServerFramer {
    transport: Transport,
    dc: Option<i16>,
    encoder: Encoder,
    decoder: Decoder,
    obfuscation: Option<Obfuscation>,
}

/// What a server reads.
#[derive(Debug, PartialEq, Eq)]
pub struct Received {
    /// A packet: encrypted, or a plain message of the key exchange. On the padded transport up to 15 random bytes may follow it.
    pub packet: BytesMut,
    /// Whether the client asks for a quick acknowledgement.
    pub quick_ack: bool,
}

impl ServerFramer {
    /// Recognises the transport from the first bytes and takes them off `input`; `None` when more are needed.
    ///
    /// # Errors
    /// [`FrameError::UnknownTransport`], or [`FrameError::OtherProtocol`] for HTTP and TLS.
    pub fn accept(input: &mut BytesMut) -> Result<Option<Self>, FrameError> {
        Self::accept_with(input, None)
    }

    /// As [`accept`](Self::accept), for clients that come with the secret of a proxy.
    ///
    /// # Errors
    /// As [`accept`](Self::accept).
    pub fn accept_with(input: &mut BytesMut, secret: Option<&[u8; 16]>) -> Result<Option<Self>, FrameError> {
        if input.first() == Some(&0xef) {
            input.advance(1);
            return Ok(Some(Self::new(Transport::Abridged, None, None)));
        }
        let Some(first) = input.first_chunk::<4>() else { return Ok(None) };
        match first {
            b"HEAD" | b"POST" | b"GET " | b"OPTI" => return Err(FrameError::OtherProtocol("HTTP")),
            [0x16, 0x03, 0x01, 0x02] => return Err(FrameError::OtherProtocol("TLS")),
            tag => {
                if let Some(transport) = Transport::of_tag(*tag) {
                    input.advance(4);
                    return Ok(Some(Self::new(transport, None, None)));
                }
            }
        }
        // The first full frame has the number 0 where an obfuscated header must not.
        let Some(second) = input.get(4..8) else { return Ok(None) };
        if second == [0; 4] {
            return Ok(Some(Self::new(Transport::Full, None, None)));
        }
        let Some(header) = input.first_chunk::<HEADER>() else { return Ok(None) };
        let (obfuscation, transport, dc) = Obfuscation::server(header, secret)?;
        input.advance(HEADER);
        Ok(Some(Self::new(transport, Some(obfuscation), Some(dc))))
    }

    fn new(transport: Transport, obfuscation: Option<Obfuscation>, dc: Option<i16>) -> Self {
        let decoder = Decoder::new(transport, Writer::Client, MAX_FRAME);
        Self { transport, dc, encoder: Encoder::new(transport), decoder, obfuscation }
    }

    /// Refuses frames longer than `max` bytes from now on; [`MAX_FRAME`] unless told otherwise.
    #[must_use]
    pub fn max_frame(mut self, max: usize) -> Self {
        self.decoder.set_max(max);
        self
    }

    /// The transport that the client speaks.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// The data centre that an obfuscated header names; `None` without obfuscation. Many clients fill it in only when they
    /// go through a proxy and leave it random otherwise, so a server that is no proxy does not rely on it.
    #[must_use]
    pub fn dc(&self) -> Option<i16> {
        self.dc
    }

    /// Begins a frame at the end of `out`: append the packet to it, then [`finish`](Self::finish).
    pub fn begin(&mut self, out: &mut Vec<u8>) -> Begun {
        Begun(self.encoder.begin(out))
    }

    /// Completes a frame. If nothing was appended, it is taken back.
    ///
    /// # Errors
    /// As [`ClientFramer::finish`](super::ClientFramer::finish).
    pub fn finish(&mut self, frame: Begun, out: &mut Vec<u8>, rng: &mut dyn Rng) -> Result<(), FrameError> {
        self.complete(frame, Tail::Short(rng), out)
    }

    /// Appends a refusal: −404, −429 or −444. The connection is closed after it.
    pub fn transport_error(&mut self, code: i32, out: &mut Vec<u8>) {
        self.short(&[code], out);
    }

    /// Appends a quick acknowledgement of the packet from which `token` was computed; nothing on [`Transport::Full`].
    pub fn quick_ack(&mut self, token: u32, out: &mut Vec<u8>) {
        let (token, start) = (token | 1 << 31, out.len());
        match self.transport {
            Transport::Abridged => out.extend_from_slice(&token.to_be_bytes()),
            Transport::Intermediate => out.extend_from_slice(&token.to_le_bytes()),
            Transport::PaddedIntermediate => return self.short(&[-1, token as i32], out),
            Transport::Full => return,
        }
        if let Some(obfuscation) = &mut self.obfuscation {
            obfuscation.send(&mut out[start..]);
        }
    }

    /// Takes the next packet off the front of `input`, or `None` when it is not complete. Between two calls `input` may only grow.
    ///
    /// # Errors
    /// [`FrameError`]: the connection has to be closed.
    pub fn next(&mut self, input: &mut BytesMut) -> Result<Option<Received>, FrameError> {
        if let Some(obfuscation) = &mut self.obfuscation {
            obfuscation.receive(input);
        }
        let received = match self.decoder.next(input)? {
            None => None,
            Some(Item::Payload(packet, quick_ack)) => Some(Received { packet, quick_ack }),
            // What only a server writes.
            Some(Item::QuickAck(word)) => return Err(FrameError::Length(word as usize)),
            Some(Item::Error(word)) => return Err(FrameError::Length(word as u32 as usize)),
        };
        if let Some(obfuscation) = &mut self.obfuscation {
            obfuscation.taken(input.len());
        }
        Ok(received)
    }

    /// A frame without a tail: clients tell short frames from packets by their length.
    fn short(&mut self, words: &[i32], out: &mut Vec<u8>) {
        let frame = self.begin(out);
        out.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        self.complete(frame, Tail::None, out).expect("whole words, and few");
    }

    fn complete(&mut self, Begun(start): Begun, tail: Tail<'_>, out: &mut Vec<u8>) -> Result<(), FrameError> {
        self.encoder.finish(start, false, tail, out)?;
        if let Some(obfuscation) = &mut self.obfuscation {
            obfuscation.send(&mut out[start..]);
        }
        Ok(())
    }
}
