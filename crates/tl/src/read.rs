use crate::{BOOL_FALSE, BOOL_TRUE, Deserialize, Error, ErrorKind, VECTOR};

/// How deep objects may be nested: far above anything in the schema, far below a stack overflow.
pub const MAX_DEPTH: u16 = 64;

/// A cursor over TL bytes.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
    depth: u16,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    #[inline]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0, depth: 0 }
    }

    /// How many bytes have been read.
    #[inline]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// What has not been read yet.
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        &self.bytes[self.offset..]
    }

    /// An error at this place.
    #[cold]
    pub const fn error(&self, what: &'static str, kind: ErrorKind) -> Error {
        Error { what, offset: self.offset, kind }
    }

    /// An unknown constructor whose id has just been read.
    #[cold]
    pub const fn unknown(&self, what: &'static str, id: u32) -> Error {
        Error { what, offset: self.offset.saturating_sub(4), kind: ErrorKind::UnknownConstructor(id) }
    }

    /// The next `count` bytes, without padding.
    ///
    /// # Errors
    /// [`ErrorKind::UnexpectedEnd`]
    #[inline]
    pub fn take(&mut self, count: usize, what: &'static str) -> Result<&'a [u8], Error> {
        let rest = self.rest();
        let Some(taken) = rest.get(..count) else {
            return Err(self.error(what, ErrorKind::UnexpectedEnd { needed: count, left: rest.len() }));
        };
        self.offset += count;
        Ok(taken)
    }

    /// The next `N` bytes, without padding.
    ///
    /// # Errors
    /// [`ErrorKind::UnexpectedEnd`]
    #[inline]
    pub fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Error> {
        let Some(taken) = self.rest().first_chunk() else {
            return Err(self.error(what, ErrorKind::UnexpectedEnd { needed: N, left: self.rest().len() }));
        };
        self.offset += N;
        Ok(*taken)
    }

    /// A constructor id, a flags word or a bare number: four bytes.
    ///
    /// # Errors
    /// [`ErrorKind::UnexpectedEnd`]
    #[inline]
    pub fn u32(&mut self, what: &'static str) -> Result<u32, Error> {
        self.array(what).map(u32::from_le_bytes)
    }

    /// The constructor id that comes next, without reading it.
    #[inline]
    pub fn peek_id(&self) -> Option<u32> {
        self.rest().first_chunk().map(|id| u32::from_le_bytes(*id))
    }

    /// `bytes` or `string`: one length byte (or 254 and three), the bytes, padding to four.
    ///
    /// # Errors
    /// [`ErrorKind::UnexpectedEnd`]
    #[inline]
    pub fn bytes(&mut self, what: &'static str) -> Result<&'a [u8], Error> {
        let (header, len) = match self.rest() {
            [254, a, b, c, ..] => (4, usize::from(*a) | usize::from(*b) << 8 | usize::from(*c) << 16),
            [len @ 0..=253, ..] => (1, usize::from(*len)),
            // 255 is reserved, and a long form cut off in its length is just as unreadable.
            rest => return Err(self.error(what, ErrorKind::UnexpectedEnd { needed: 4, left: rest.len() })),
        };
        let padded = (header + len).next_multiple_of(4);
        Ok(&self.take(padded, what)?[header..header + len])
    }

    /// The number of items of a boxed vector. Each item takes at least `min_item` bytes, so that the number is bounded by
    /// what is there.
    ///
    /// # Errors
    /// An id other than that of a vector, or [`ErrorKind::VectorTooLong`].
    #[inline]
    pub fn vector_len(&mut self, min_item: usize, what: &'static str) -> Result<usize, Error> {
        let id = self.u32(what)?;
        if id != VECTOR {
            return Err(self.unknown(what, id));
        }
        self.bare_vector_len(min_item, what)
    }

    /// The number of items of a bare vector; bounded as [`vector_len`](Self::vector_len).
    ///
    /// # Errors
    /// [`ErrorKind::VectorTooLong`]
    #[inline]
    pub fn bare_vector_len(&mut self, min_item: usize, what: &'static str) -> Result<usize, Error> {
        let len = self.u32(what)?;
        if len as usize > self.rest().len() / min_item.max(1) {
            self.offset -= 4;
            return Err(self.error(what, ErrorKind::VectorTooLong(len)));
        }
        Ok(len as usize)
    }

    /// Reads an object one level deeper.
    ///
    /// # Errors
    /// [`ErrorKind::TooDeep`], or what `read` returns.
    #[inline]
    pub fn nested<T>(&mut self, what: &'static str, read: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(what, ErrorKind::TooDeep));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    /// Checks that everything has been read.
    ///
    /// # Errors
    /// [`ErrorKind::TrailingBytes`]
    #[inline]
    pub fn finish(&self) -> Result<(), Error> {
        match self.rest().len() {
            0 => Ok(()),
            count => Err(self.error("end of the value", ErrorKind::TrailingBytes(count))),
        }
    }
}

macro_rules! number {
    ($($type:ty, $name:literal);+ $(;)?) => {$(
        impl Deserialize for $type {
            #[inline]
            fn deserialize(reader: &mut Reader<'_>) -> Result<Self, Error> {
                reader.array($name).map(<$type>::from_le_bytes)
            }
        }
    )+};
}
number! { i32, "int"; u32, "#"; i64, "long"; u64, "long"; f64, "double" }

impl<const N: usize> Deserialize for [u8; N] {
    #[inline]
    fn deserialize(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.array("int128 or int256")
    }
}

impl Deserialize for bool {
    #[inline]
    fn deserialize(reader: &mut Reader<'_>) -> Result<Self, Error> {
        match reader.u32("Bool")? {
            BOOL_TRUE => Ok(true),
            BOOL_FALSE => Ok(false),
            id => Err(reader.unknown("Bool", id)),
        }
    }
}

impl Deserialize for String {
    #[inline]
    fn deserialize(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let start = reader.offset();
        match std::str::from_utf8(reader.bytes("string")?) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(Error { what: "string", offset: start, kind: ErrorKind::InvalidUtf8 }),
        }
    }
}

impl Deserialize for Vec<u8> {
    #[inline]
    fn deserialize(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.bytes("bytes").map(<[u8]>::to_vec)
    }
}

impl<T: Deserialize> Deserialize for Vec<T> {
    #[inline]
    fn deserialize(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let len = reader.vector_len(4, "vector")?;
        // No more room at once than the bytes are large: items may be far larger in memory than on the wire.
        let mut items = Self::with_capacity(len.min(reader.rest().len() / size_of::<T>().max(4)));
        for _ in 0..len {
            items.push(T::deserialize(reader)?);
        }
        Ok(items)
    }
}

impl<T: Deserialize> Deserialize for Box<T> {
    #[inline]
    fn deserialize(reader: &mut Reader<'_>) -> Result<Self, Error> {
        T::deserialize(reader).map(Self::new)
    }
}
