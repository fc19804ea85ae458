//! Wire primitives and traits of TL, the serialisation of MTProto.
//!
//! Every multi-byte number is little-endian and everything is aligned to four bytes
//! (<https://core.telegram.org/mtproto/serialize>). Writing cannot fail. Reading never panics, never allocates more than the
//! bytes that are there justify, and an [`Error`] names the type and the byte offset.
//!
//! ```
//! use quadruplex_tl::{Deserialize, Reader, Serialize};
//!
//! let mut out = Vec::new();
//! "telegraph".to_owned().serialize(&mut out);
//! assert_eq!(out.len(), 12); // 1 length byte, 9 bytes, 2 of padding
//!
//! let mut reader = Reader::new(&out);
//! assert_eq!(String::deserialize(&mut reader)?, "telegraph");
//! reader.finish()?;
//! # Ok::<(), quadruplex_tl::Error>(())
//! ```

mod error;
mod read;
mod write;

pub use error::{Error, ErrorKind};
pub use read::{MAX_DEPTH, Reader};
pub use write::{serialize_bytes, serialized_bytes_len};

/// The id of `vector#1cb5c415`.
pub const VECTOR: u32 = 0x1cb5_c415;
/// The id of `boolTrue#997275b5`.
pub const BOOL_TRUE: u32 = 0x9972_75b5;
/// The id of `boolFalse#bc799737`.
pub const BOOL_FALSE: u32 = 0xbc79_9737;

/// Appends the TL form of a value. Infallible: what a type can hold, it can write.
pub trait Serialize {
    /// Appends `self` to `out`.
    fn serialize(&self, out: &mut Vec<u8>);

    /// The TL form in a buffer of its own.
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.serialize(&mut out);
        out
    }
}

/// Reads a value from its TL form.
pub trait Deserialize: Sized {
    /// Reads one value and leaves the reader behind it.
    ///
    /// # Errors
    /// Whatever the bytes break: too few of them, an unknown constructor, a length that cannot be, invalid UTF-8.
    fn deserialize(reader: &mut Reader<'_>) -> Result<Self, Error>;

    /// Reads one value that must fill `bytes` exactly.
    ///
    /// # Errors
    /// As [`deserialize`](Self::deserialize), and [`ErrorKind::TrailingBytes`].
    fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes);
        let value = Self::deserialize(&mut reader)?;
        reader.finish()?;
        Ok(value)
    }
}

/// A constructor or function with the id that stands before it on the wire.
pub trait Identifiable {
    /// CRC32 of the definition, as the schema gives it.
    const ID: u32;
    /// The name with its namespace, as in the schema: `messages.sendMessage`.
    const NAME: &'static str;
}
