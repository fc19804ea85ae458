use crate::{BOOL_FALSE, BOOL_TRUE, Serialize, VECTOR};

/// The longest `bytes` or `string` that the three length bytes can tell.
const MAX_BYTES: usize = 0xff_ffff;

/// How many bytes `len` bytes take as `bytes` or `string`, with length and padding.
#[inline]
pub const fn serialized_bytes_len(len: usize) -> usize {
    let header = if len < 254 { 1 } else { 4 };
    (header + len).next_multiple_of(4)
}

/// Appends `bytes` or a `string`: length, bytes, padding to four.
///
/// The form ends at 16 MiB − 1, sixteen times what a server accepts in one message; longer input is cut there rather than
/// written with a wrong length, and the server refuses it.
#[inline]
pub fn serialize_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    let bytes = &bytes[..bytes.len().min(MAX_BYTES)];
    let len = bytes.len();
    out.reserve(serialized_bytes_len(len));
    let start = out.len();
    if len < 254 {
        out.push(len as u8);
    } else {
        out.extend_from_slice(&[254, len as u8, (len >> 8) as u8, (len >> 16) as u8]);
    }
    out.extend_from_slice(bytes);
    out.resize(start + serialized_bytes_len(len), 0);
}

macro_rules! number {
    ($($type:ty),+) => {$(
        impl Serialize for $type {
            #[inline]
            fn serialize(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
        }
    )+};
}
number!(i32, u32, i64, u64, f64);

impl<const N: usize> Serialize for [u8; N] {
    #[inline]
    fn serialize(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
}

impl Serialize for bool {
    #[inline]
    fn serialize(&self, out: &mut Vec<u8>) {
        let id = if *self { BOOL_TRUE } else { BOOL_FALSE };
        id.serialize(out);
    }
}

impl Serialize for str {
    #[inline]
    fn serialize(&self, out: &mut Vec<u8>) {
        serialize_bytes(self.as_bytes(), out);
    }
}

impl Serialize for String {
    #[inline]
    fn serialize(&self, out: &mut Vec<u8>) {
        serialize_bytes(self.as_bytes(), out);
    }
}

impl Serialize for [u8] {
    #[inline]
    fn serialize(&self, out: &mut Vec<u8>) {
        serialize_bytes(self, out);
    }
}

impl Serialize for Vec<u8> {
    #[inline]
    fn serialize(&self, out: &mut Vec<u8>) {
        serialize_bytes(self, out);
    }
}

impl<T: Serialize> Serialize for Vec<T> {
    #[inline]
    fn serialize(&self, out: &mut Vec<u8>) {
        VECTOR.serialize(out);
        (self.len() as u32).serialize(out);
        for item in self {
            item.serialize(out);
        }
    }
}

impl<T: Serialize + ?Sized> Serialize for Box<T> {
    #[inline]
    fn serialize(&self, out: &mut Vec<u8>) {
        (**self).serialize(out);
    }
}

impl<T: Serialize + ?Sized> Serialize for &T {
    #[inline]
    fn serialize(&self, out: &mut Vec<u8>) {
        (**self).serialize(out);
    }
}
