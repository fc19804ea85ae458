use std::fmt;

/// The bytes are no frames, or a packet cannot become one. Reading cannot go on after it; close the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// A frame of this many bytes, more than `max`.
    TooLong {
        /// Bytes announced, or given to send.
        len: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// A length that no packet has: too small, or not a multiple of four where it has to be.
    Length(usize),
    /// The CRC32 of a full frame does not fit its content.
    Checksum {
        /// The sum of what came.
        computed: u32,
        /// The sum that came with it.
        announced: u32,
    },
    /// A full frame out of its order.
    Sequence {
        /// The number that is due.
        expected: u32,
        /// The number that came.
        got: u32,
    },
    /// The first bytes fit no transport, not even decrypted; perhaps another proxy secret.
    UnknownTransport,
    /// The first bytes are those of another protocol: HTTP or TLS.
    OtherProtocol(&'static str),
    /// The full transport has no tag to put into an obfuscated header.
    NotObfuscatable,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { len, max } => write!(f, "a frame of {len} bytes, more than the {max} allowed"),
            Self::Length(len) => write!(f, "a frame of {len} bytes, which no packet has"),
            Self::Checksum { computed, announced } => write!(f, "checksum {computed:#010x} where the frame says {announced:#010x}"),
            Self::Sequence { expected, got } => write!(f, "frame number {got} where {expected} is due"),
            Self::UnknownTransport => f.write_str("the first bytes fit no transport (a wrong proxy secret gives the same picture)"),
            Self::OtherProtocol(name) => write!(f, "the other end speaks {name}, not MTProto over TCP"),
            Self::NotObfuscatable => f.write_str("the full transport cannot be obfuscated; use another"),
        }
    }
}

impl std::error::Error for FrameError {}
