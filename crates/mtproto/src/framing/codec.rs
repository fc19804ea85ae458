use bytes::{Buf, BytesMut};
use rand_core::Rng;

use super::{FrameError, Transport};

/// In a length: "acknowledge quickly" from a client, "this is an acknowledgement" from a server.
const FLAG: u32 = 1 << 31;
/// The abridged header that says that three bytes of length follow; also the longest short length, in words.
const LONG: u8 = 0x7f;
/// Length, number and sum of a full frame.
const FULL_OVERHEAD: usize = 12;
/// Bytes before the payload that [`begin`](Encoder::begin) reserves.
const RESERVED: [u8; 8] = [0; 8];

/// Writes frames.
#[derive(Debug)]
pub(super) struct Encoder {
    transport: Transport,
    /// The number of the next full frame.
    number: u32,
}

impl Encoder {
    pub(super) const fn new(transport: Transport) -> Self {
        Self { transport, number: 0 }
    }

    /// Reserves the longest header.
    pub(super) fn begin(&self, out: &mut Vec<u8>) -> usize {
        let start = out.len();
        out.extend_from_slice(&RESERVED[..self.reserved()]);
        start
    }

    /// Completes the frame that begins at `start`; an empty one is taken back.
    pub(super) fn finish(&mut self, start: usize, flag: bool, tail: Tail<'_>, out: &mut Vec<u8>) -> Result<(), FrameError> {
        let payload = start + self.reserved();
        let len = out.len().saturating_sub(payload);
        let max = if self.transport == Transport::Abridged { 0xff_ffff * 4 } else { FLAG as usize - 64 };
        let error = match len {
            0 => Some(Ok(())),
            _ if !len.is_multiple_of(4) => Some(Err(FrameError::Length(len))),
            _ if len > max => Some(Err(FrameError::TooLong { len, max })),
            _ => None,
        };
        if let Some(result) = error {
            out.truncate(start);
            return result;
        }
        let flag = if flag { FLAG } else { 0 };
        match self.transport {
            Transport::Abridged => {
                let words = (len / 4) as u32;
                if words < u32::from(LONG) {
                    out[start] = words as u8 | (flag >> 24) as u8;
                    // The short header leaves three bytes of room. Such packets are short: moving them is cheaper than knowing
                    // their length beforehand.
                    out.copy_within(payload.., start + 1);
                    out.truncate(out.len() - 3);
                } else {
                    let header = u32::from(LONG) | flag >> 24 | words << 8;
                    out[start..payload].copy_from_slice(&header.to_le_bytes());
                }
            }
            Transport::Intermediate => out[start..payload].copy_from_slice(&(len as u32 | flag).to_le_bytes()),
            Transport::PaddedIntermediate => {
                let tail = tail.append(out);
                out[start..payload].copy_from_slice(&((len + tail) as u32 | flag).to_le_bytes());
            }
            Transport::Full => {
                out[start..start + 4].copy_from_slice(&((len + FULL_OVERHEAD) as u32).to_le_bytes());
                out[start + 4..payload].copy_from_slice(&self.number.to_le_bytes());
                let sum = crc32fast::hash(&out[start..]);
                out.extend_from_slice(&sum.to_le_bytes());
                self.number = self.number.wrapping_add(1);
            }
        }
        Ok(())
    }

    const fn reserved(&self) -> usize {
        match self.transport {
            Transport::Full => 8,
            _ => 4,
        }
    }
}

/// What comes behind a packet on the padded transport.
pub(super) enum Tail<'a> {
    None,
    /// Up to 15 bytes.
    Random(&'a mut dyn Rng),
    /// Up to 3 bytes: Telethon takes no more off an answer, and MTProto proxies add no more.
    Short(&'a mut dyn Rng),
}

impl Tail<'_> {
    fn append(self, out: &mut Vec<u8>) -> usize {
        let (rng, most) = match self {
            Self::None => return 0,
            Self::Random(rng) => (rng, 15),
            Self::Short(rng) => (rng, 3),
        };
        let mut random = [0; 16];
        rng.fill_bytes(&mut random);
        let len = usize::from(random[15] & most);
        out.extend_from_slice(&random[..len]);
        len
    }
}

/// One item of the stream, in the words of both directions.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// A payload, and whether its length was flagged.
    Payload(BytesMut, bool),
    /// A quick acknowledgement; only a server sends one.
    QuickAck(u32),
    /// A negative length, with which some servers announce an error on the full transport.
    Error(i32),
}

/// Who writes the stream that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writer {
    Client,
    Server,
}

/// Reads frames.
#[derive(Debug)]
pub(super) struct Decoder {
    transport: Transport,
    writer: Writer,
    max: usize,
    /// The number of the next full frame.
    number: u32,
    /// How many bytes the frame at the front of the input lacked, if its header was there.
    lacks: usize,
}

impl Decoder {
    pub(super) const fn new(transport: Transport, writer: Writer, max: usize) -> Self {
        Self { transport, writer, max, number: 0, lacks: 0 }
    }

    pub(super) const fn lacks(&self) -> usize {
        self.lacks
    }

    pub(super) const fn set_max(&mut self, max: usize) {
        self.max = max;
    }

    /// Takes the next item off the front of `input`; `None` when it is not complete.
    pub(super) fn next(&mut self, input: &mut BytesMut) -> Result<Option<Item>, FrameError> {
        self.lacks = 0;
        let (header, len, flag) = match self.transport {
            Transport::Abridged => {
                let Some(&first) = input.first() else { return Ok(None) };
                let flag = first & 0x80 != 0;
                if flag && self.writer == Writer::Server {
                    return Ok(take(input).map(|token| Item::QuickAck(u32::from_be_bytes(token))));
                }
                if first & LONG < LONG {
                    (1, usize::from(first & LONG) * 4, flag)
                } else {
                    let Some(long) = peek(input, 0) else { return Ok(None) };
                    (4, (u32::from_le_bytes(long) >> 8) as usize * 4, flag)
                }
            }
            Transport::Intermediate | Transport::PaddedIntermediate => {
                let Some(word) = peek(input, 0).map(u32::from_le_bytes) else { return Ok(None) };
                let flag = word & FLAG != 0;
                if flag && self.writer == Writer::Server {
                    input.advance(4);
                    return Ok(Some(Item::QuickAck(word)));
                }
                (4, (word & !FLAG) as usize, flag)
            }
            Transport::Full => return self.next_full(input),
        };
        let aligned = self.transport == Transport::PaddedIntermediate || len.is_multiple_of(4);
        if len < 4 || !aligned {
            return Err(FrameError::Length(len));
        }
        self.check_max(len)?;
        self.lacks = (header + len).saturating_sub(input.len());
        if self.lacks > 0 {
            return Ok(None);
        }
        input.advance(header);
        Ok(Some(Item::Payload(input.split_to(len), flag)))
    }

    fn next_full(&mut self, input: &mut BytesMut) -> Result<Option<Item>, FrameError> {
        let Some(word) = peek(input, 0).map(u32::from_le_bytes) else { return Ok(None) };
        if word & FLAG != 0 {
            input.advance(4);
            return Ok(Some(Item::Error(word as i32)));
        }
        let len = word as usize;
        if len < FULL_OVERHEAD + 4 || !len.is_multiple_of(4) {
            return Err(FrameError::Length(len));
        }
        self.check_max(len)?;
        self.lacks = len.saturating_sub(input.len());
        let (Some(number), Some(announced)) = (peek(input, 4), peek(input, len - 4)) else { return Ok(None) };
        let (number, announced) = (u32::from_le_bytes(number), u32::from_le_bytes(announced));
        let computed = crc32fast::hash(&input[..len - 4]);
        if computed != announced {
            return Err(FrameError::Checksum { computed, announced });
        }
        if number != self.number {
            return Err(FrameError::Sequence { expected: self.number, got: number });
        }
        self.number = self.number.wrapping_add(1);
        let mut payload = input.split_to(len);
        payload.advance(8);
        payload.truncate(len - FULL_OVERHEAD);
        Ok(Some(Item::Payload(payload, false)))
    }

    const fn check_max(&self, len: usize) -> Result<(), FrameError> {
        if len > self.max { Err(FrameError::TooLong { len, max: self.max }) } else { Ok(()) }
    }
}

fn peek(input: &[u8], at: usize) -> Option<[u8; 4]> {
    input.get(at..)?.first_chunk().copied()
}

fn take(input: &mut BytesMut) -> Option<[u8; 4]> {
    let word = peek(input, 0)?;
    input.advance(4);
    Some(word)
}
