/// A value of bounded size, for the 64 bytes of a button.
///
/// Whole numbers, floats, `bool`, `char`, and tuples, arrays and `Option`s of those.
///
/// ```
/// use quadruplex::router::Packed;
///
/// let mut bytes = Vec::new();
/// (7_u16, Some('é'), [true, false]).pack(&mut bytes);
/// let mut from = bytes.as_slice();
/// assert_eq!(Packed::unpack(&mut from), Some((7_u16, Some('é'), [true, false])));
/// assert!(from.is_empty() && bytes.len() <= <(u16, Option<char>, [bool; 2])>::MAX);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no bounded size, which a button needs",
    label = "cannot be packed into the 64 bytes of a button",
    note = "whole numbers, floats, `bool`, `char`, and tuples, arrays and `Option`s of those can; keep what is long in a store, and its key here"
)]
pub trait Packed: Sized {
    /// So many bytes it takes at most.
    const MAX: usize;

    /// Writes it.
    fn pack(&self, out: &mut Vec<u8>);

    /// Reads it; `None` if that is not what stands there.
    fn unpack(from: &mut &[u8]) -> Option<Self>;
}

macro_rules! numbers {
    ($($number:ty)+) => {$(
        impl Packed for $number {
            const MAX: usize = size_of::<Self>();

            fn pack(&self, out: &mut Vec<u8>) {
                out.extend(self.to_le_bytes());
            }

            fn unpack(from: &mut &[u8]) -> Option<Self> {
                let (bytes, rest) = from.split_first_chunk()?;
                *from = rest;
                Some(Self::from_le_bytes(*bytes))
            }
        }
    )+};
}
numbers!(u8 i8 u16 i16 u32 i32 u64 i64 u128 i128 f32 f64);

impl Packed for bool {
    const MAX: usize = 1;

    fn pack(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        match u8::unpack(from)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Packed for char {
    const MAX: usize = 4;

    fn pack(&self, out: &mut Vec<u8>) {
        u32::from(*self).pack(out);
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        char::from_u32(u32::unpack(from)?)
    }
}

impl<T: Packed> Packed for Option<T> {
    const MAX: usize = 1 + T::MAX;

    fn pack(&self, out: &mut Vec<u8>) {
        self.is_some().pack(out);
        if let Some(value) = self {
            value.pack(out);
        }
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        Some(if bool::unpack(from)? { Some(T::unpack(from)?) } else { None })
    }
}

impl<T: Packed, const N: usize> Packed for [T; N] {
    const MAX: usize = N * T::MAX;

    fn pack(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|value| value.pack(out));
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        let values: Vec<T> = (0..N).map(|_| T::unpack(from)).collect::<Option<_>>()?;
        values.try_into().ok()
    }
}

macro_rules! tuples {
    ($(($($name:ident),+))+) => {$(
        #[allow(non_snake_case, reason = "values are named after their types")]
        impl<$($name: Packed),+> Packed for ($($name,)+) {
            const MAX: usize = 0 $(+ $name::MAX)+;

            fn pack(&self, out: &mut Vec<u8>) {
                let ($($name,)+) = self;
                $($name.pack(out);)+
            }

            fn unpack(from: &mut &[u8]) -> Option<Self> {
                Some(($($name::unpack(from)?,)+))
            }
        }
    )+};
}
tuples! {
    (A)
    (A, B)
    (A, B, C)
    (A, B, C, D)
}
