use std::io::Read;

use bytes::{Buf, Bytes};
use quadruplex_tl::{Error, ErrorKind, Reader, serialize_bytes, serialized_bytes_len};

use crate::Violation;

/// The id of `msg_container#73f1f8dc`.
pub const MSG_CONTAINER: u32 = 0x73f1_f8dc;
/// The id of `gzip_packed#3072cfa1`.
pub const GZIP_PACKED: u32 = 0x3072_cfa1;

/// The most messages one container may hold; the official page says 1,024, libraries stop before that.
pub const MAX_CONTAINER: usize = 1020;
/// The longest message that a server takes. A longer one makes it close the connection, each time it is sent again.
pub const MAX_MESSAGE: usize = 1_044_404;
/// What unpacking an object may yield at the most: as much as the largest frame.
const MAX_UNPACKED: usize = 16 << 20;
/// The same for everything in one packet together.
const MAX_UNPACKED_TOGETHER: usize = 64 << 20;

/// How data in the gzip format begins; anything else is taken for the zlib format.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// What gzip must be able to save: bodies below this are not tried.
const WORTH_TRYING: usize = 128;
/// Above this, the middle is tried first: media and encrypted data do not pack.
const PROBE_ABOVE: usize = 16 << 10;
const PROBE: usize = 1 << 10;

/// A message as it stands in an envelope or a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Unix time and sender, unique within the session.
    pub msg_id: i64,
    /// Twice the number of content-related messages before it, plus one if it is one itself.
    pub seq_no: i32,
    /// The TL object.
    pub body: Bytes,
}

impl Message {
    /// Whether the receiver has to acknowledge it.
    pub const fn is_content_related(&self) -> bool {
        self.seq_no & 1 == 1
    }
}

/// The messages of a packet, to be taken out one after the other.
///
/// One is unpacked when its turn comes, so that what a thousand answers unpack to is never in memory all at once.
#[derive(Debug)]
pub struct Messages {
    inside: Inside,
    /// For what is packed in them, and in this packet.
    pub(crate) budget: Budget,
}

#[derive(Debug)]
enum Inside {
    /// One message, alone, until it is taken.
    Lone(Option<Message>),
    /// A container from the next message on, whose lengths are right, and how many are left.
    Container(Bytes, usize),
}

/// How many bytes unpacking may still yield in one packet.
#[derive(Debug)]
pub(crate) struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        Self(MAX_UNPACKED_TOGETHER)
    }
}

/// Opens a container of so many messages at the most; a message that is none comes back alone. The bodies share the buffer of the
/// envelope.
///
/// # Errors
/// A container with more messages, one that does not keep its lengths, or too much that is packed.
pub(crate) fn open(outer: Message, most: usize) -> Result<Messages, Violation> {
    let mut budget = Budget::default();
    let outer = Message { body: budget.gunzip(outer.body)?, ..outer };
    let mut reader = Reader::new(&outer.body);
    if reader.peek_id() != Some(MSG_CONTAINER) {
        return Ok(Messages { inside: Inside::Lone(Some(outer)), budget });
    }
    reader.u32("msg_container")?;
    let count = reader.bare_vector_len(16, "msg_container")?;
    if count > most {
        return Err(Violation::TooMany);
    }
    let start = reader.offset();
    for _ in 0..count {
        Header::read(&mut reader)?;
    }
    reader.finish()?;
    Ok(Messages { inside: Inside::Container(outer.body.slice(start..), count), budget })
}

impl Messages {
    /// Whether they travel in a container.
    pub(crate) const fn is_container(&self) -> bool {
        matches!(self.inside, Inside::Container(..))
    }

    /// The ids of those in a container that are left.
    pub(crate) fn inner_ids(&self) -> impl Iterator<Item = i64> + '_ {
        let (rest, left) = match &self.inside {
            Inside::Container(rest, left) => (&rest[..], *left),
            Inside::Lone(_) => (&[][..], 0),
        };
        let mut reader = Reader::new(rest);
        // No length is wrong here.
        (0..left).map_while(move |_| Header::read(&mut reader).ok()).map(|header| header.msg_id)
    }

    /// Takes the next one out.
    ///
    /// # Errors
    /// It is a container itself, or unpacks to too much.
    pub(crate) fn next(&mut self) -> Result<Option<Message>, Violation> {
        let (rest, left) = match &mut self.inside {
            Inside::Lone(message) => return Ok(message.take()),
            Inside::Container(rest, left) => (rest, left),
        };
        if *left == 0 {
            return Ok(None);
        }
        let mut reader = Reader::new(rest);
        let Header { msg_id, seq_no, body } = Header::read(&mut reader)?;
        let body = self.budget.gunzip(rest.slice_ref(body))?;
        if Reader::new(&body).peek_id() == Some(MSG_CONTAINER) {
            return Err(reader.unknown("message.body", MSG_CONTAINER).into());
        }
        let end = reader.offset();
        rest.advance(end);
        *left -= 1;
        Ok(Some(Message { msg_id, seq_no, body }))
    }
}

/// A message in a container, packed as it came.
struct Header<'a> {
    msg_id: i64,
    seq_no: i32,
    body: &'a [u8],
}

impl<'a> Header<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let msg_id = i64::from_le_bytes(reader.array("message.msg_id")?);
        let seq_no = i32::from_le_bytes(reader.array("message.seqno")?);
        let len = reader.u32("message.bytes")? as usize;
        if !len.is_multiple_of(4) {
            let kind = ErrorKind::UnexpectedEnd { needed: len.next_multiple_of(4), left: len };
            return Err(reader.error("message.bytes", kind));
        }
        Ok(Self { msg_id, seq_no, body: reader.take(len, "message.body")? })
    }
}

/// Unpacks a `gzip_packed` object, in the gzip or the zlib format; anything else passes through untouched.
///
/// # Errors
/// Data that is in neither format, or that unpacks to more than 16 MiB.
pub fn gunzip(body: Bytes) -> Result<Bytes, Error> {
    Budget::default().gunzip(body)
}

impl Budget {
    /// The same for one object among others; it is an error too if all together are too much.
    pub(crate) fn gunzip(&mut self, body: Bytes) -> Result<Bytes, Error> {
        let mut reader = Reader::new(&body);
        if reader.peek_id() != Some(GZIP_PACKED) {
            return Ok(body);
        }
        let id = reader.u32("gzip_packed")?;
        let packed = reader.bytes("gzip_packed.packed_data")?;
        let broken = Error { what: "gzip_packed.packed_data", offset: 4, kind: ErrorKind::UnknownConstructor(id) };
        let most = MAX_UNPACKED.min(self.0);
        let mut unpacked = Vec::with_capacity((packed.len() * 4).min(most));
        let limit = most as u64 + 1;
        // mtcute packs in the zlib format, and Telegram takes it.
        let read = if packed.starts_with(&GZIP_MAGIC) {
            flate2::read::GzDecoder::new(packed).take(limit).read_to_end(&mut unpacked)
        } else {
            flate2::read::ZlibDecoder::new(packed).take(limit).read_to_end(&mut unpacked)
        };
        self.0 = self.0.saturating_sub(unpacked.len());
        if read.is_err() || unpacked.len() > most {
            return Err(broken);
        }
        let inner = Bytes::from(unpacked);
        // Packing twice saves nothing; only a bomb does it.
        if Reader::new(&inner).peek_id() == Some(GZIP_PACKED) { Err(broken) } else { Ok(inner) }
    }
}

/// Packs a body when that saves at least a tenth; else the body comes back as it is, and so does one that is packed already.
///
/// Not for parts of files: those do not pack, and trying costs more than sending.
pub fn gzip(body: Bytes) -> Bytes {
    // What is packed twice nobody unpacks.
    if body.len() < WORTH_TRYING || Reader::new(&body).peek_id() == Some(GZIP_PACKED) {
        return body;
    }
    if body.len() > PROBE_ABOVE {
        let start = (body.len() - PROBE) / 2;
        let probe = &body[start..start + PROBE];
        if deflate(probe).len() > PROBE / 10 * 9 {
            return body;
        }
    }
    let packed = deflate(&body);
    if 4 + serialized_bytes_len(packed.len()) > body.len() / 10 * 9 {
        return body;
    }
    let mut out = Vec::with_capacity(4 + serialized_bytes_len(packed.len()));
    out.extend_from_slice(&GZIP_PACKED.to_le_bytes());
    serialize_bytes(&packed, &mut out);
    out.into()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(bytes.len() / 2);
    let mut encoder = flate2::read::GzEncoder::new(bytes, flate2::Compression::fast());
    // Reading from a slice into memory cannot fail; if it did, the result would not pay and not be used.
    if encoder.read_to_end(&mut packed).is_err() {
        packed.resize(bytes.len() + 1, 0);
    }
    packed
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All messages of a container, or the one that is none.
    fn open_any(body: Vec<u8>) -> Result<Vec<Message>, Violation> {
        let mut messages = open(Message { msg_id: 4, seq_no: 1, body: body.into() }, usize::MAX)?;
        std::iter::from_fn(|| messages.next().transpose()).collect()
    }

    #[test]
    fn what_packs_is_packed_and_what_does_not_stays() {
        let text = Bytes::from(b"stop. ".repeat(200));
        let packed = gzip(text.clone());
        assert!(packed.len() < text.len() / 10);
        assert_eq!(gunzip(packed).unwrap(), text);

        let noise: Vec<u8> = (0..40_000_u32).flat_map(|n| (n.wrapping_mul(2_654_435_761).rotate_left(n % 31)).to_le_bytes()).collect();
        assert_eq!(gzip(noise.clone().into()), noise);
        assert_eq!(gzip(Bytes::from_static(b"short")), b"short"[..]);
        // A fuzzer's: what begins like something packed, and packs well.
        let like_packed = [&GZIP_PACKED.to_le_bytes()[..], &[0x13; 200]].concat();
        assert_eq!(gzip(like_packed.clone().into()), like_packed);
    }

    #[test]
    fn the_zlib_format_is_taken_too() {
        let text = b"stop. ".repeat(50);
        let mut packed = Vec::new();
        flate2::read::ZlibEncoder::new(&text[..], flate2::Compression::default()).read_to_end(&mut packed).unwrap();
        let mut out = GZIP_PACKED.to_le_bytes().to_vec();
        serialize_bytes(&packed, &mut out);
        assert_eq!(gunzip(out.clone().into()).unwrap(), text);
        out[9] ^= 1;
        assert!(gunzip(out.into()).is_err());
    }

    #[test]
    fn a_bomb_does_not_go_off() {
        let bomb = gzip(Bytes::from(vec![0; MAX_UNPACKED + 4]));
        assert!(bomb.len() < MAX_UNPACKED / 50);
        assert!(gunzip(bomb).is_err());
        let mut out = GZIP_PACKED.to_le_bytes().to_vec();
        serialize_bytes(&deflate(&gzip(Bytes::from(vec![7; 100_000]))), &mut out);
        assert!(gunzip(out.into()).is_err());
    }

    #[test]
    fn many_bombs_in_one_packet_do_not_go_off_either() {
        let bomb = gzip(Bytes::from(vec![0; 10 << 20]));
        let mut body = MSG_CONTAINER.to_le_bytes().to_vec();
        body.extend_from_slice(&60_u32.to_le_bytes());
        for id in 0..60_i64 {
            body.extend_from_slice(&(4 * id).to_le_bytes());
            body.extend_from_slice(&1_i32.to_le_bytes());
            body.extend_from_slice(&(bomb.len() as u32).to_le_bytes());
            body.extend_from_slice(&bomb);
        }
        assert!(open_any(body).is_err());
    }

    #[test]
    fn a_container_keeps_its_lengths() {
        let mut body = MSG_CONTAINER.to_le_bytes().to_vec();
        body.extend_from_slice(&2_u32.to_le_bytes());
        for id in [8_i64, 12] {
            body.extend_from_slice(&id.to_le_bytes());
            body.extend_from_slice(&3_i32.to_le_bytes());
            body.extend_from_slice(&4_u32.to_le_bytes());
            body.extend_from_slice(&[id as u8; 4]);
        }
        let inner = open_any(body.clone()).unwrap();
        assert_eq!(inner.iter().map(|m| m.msg_id).collect::<Vec<_>>(), [8, 12]);
        assert_eq!(inner[1].body, [12; 4][..]);
        for cut in 8..body.len() {
            assert!(open_any(body[..cut].to_vec()).is_err(), "cut at {cut}");
        }
        body[4] = 200;
        assert!(open_any(body).is_err(), "more messages than bytes");
    }
}
