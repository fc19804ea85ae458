//! What buttons carry, as types.

mod packed;

use std::fmt;

pub use packed::Packed;

use super::{CallbackQuery, Refusal, Update};

/// What a button carries: `#[derive(Callback)]`, on a struct or an enum.
///
/// It is packed into the 64 bytes that Telegram gives a button, and the derive refuses what cannot fit. Data of another type, of an
/// earlier form of this one, or malformed, does not start the handler.
///
/// ```
/// use quadruplex::prelude::*;
///
/// #[derive(Callback)]
/// struct Vote {
///     post: u32,
///     up: bool,
/// }
///
/// async fn vote(Vote { post, up }: Vote, query: CallbackQuery) -> Result {
///     query.toast(format!("{} for post {post}", if up { "up" } else { "down" })).await?;
///     Ok(())
/// }
///
/// let router = Router::new().on_callback(vote);
/// # let _ = router;
/// ```
///
/// What has no bound is refused, and so is what is too long:
///
/// ```compile_fail
/// #[derive(quadruplex::prelude::Callback)]
/// struct Named {
///     name: String,
/// }
/// ```
pub trait Callback: Sized + Send + 'static {
    /// Tells the type apart from others; made of its name and of its fields.
    const TAG: u32;
    /// So many bytes it takes at most, with the tag.
    const MAX: usize;

    /// Writes the fields.
    fn pack(&self, out: &mut Vec<u8>);

    /// Reads the fields; `None` if they are malformed.
    fn unpack(from: &mut &[u8]) -> Option<Self>;

    #[doc(hidden)]
    fn is_in(update: &Update) -> bool {
        read::<Self>(update).is_some()
    }

    #[doc(hidden)]
    fn take_from(update: &Update) -> Result<Self, Refusal> {
        read(update).ok_or(Refusal::Skip)
    }
}

fn read<C: Callback>(update: &Update) -> Option<C> {
    C::read(CallbackQuery::data_of(update)?)
}

/// Reading what a button carries.
trait Read: Callback {
    fn read(data: &[u8]) -> Option<Self> {
        let (tag, mut fields) = data.split_first_chunk()?;
        if u32::from_le_bytes(*tag) != Self::TAG {
            return None;
        }
        Self::unpack(&mut fields).filter(|_| fields.is_empty())
    }
}

impl<C: Callback> Read for C {}

/// The bytes of a button, packed.
#[derive(Clone, PartialEq, Eq)]
pub struct ButtonData(Vec<u8>);

impl ButtonData {
    /// Packs what the button carries.
    pub fn of<C: Callback>(data: &C) -> Self {
        let mut bytes = C::TAG.to_le_bytes().to_vec();
        data.pack(&mut bytes);
        Self(bytes)
    }

    /// What a button carries, as it came.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads it back; `None` if it is of another type.
    pub fn read<C: Callback>(&self) -> Option<C> {
        C::read(&self.0)
    }
}

impl From<ButtonData> for Vec<u8> {
    fn from(data: ButtonData) -> Self {
        data.0
    }
}

impl fmt::Debug for ButtonData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ButtonData({} bytes)", self.0.len())
    }
}
