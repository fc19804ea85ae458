//! What is kept of users and chats from one update to the next.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use quadruplex_api::PeerRef;
use quadruplex_store::{Value, ValueKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::router::{Argument, Refusal, Update};
use crate::{Client, Error};

/// Something to be kept in the store, for each user, chat, or member of a chat: see [`OfUser`].
///
/// ```
/// use quadruplex::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Default, Serialize, Deserialize)]
/// struct Cart {
///     goods: Vec<String>,
/// }
///
/// impl Kept for Cart {
///     const NAME: &'static str = "cart";
///     const FOR: Option<Duration> = Some(DAY);
/// }
///
/// async fn add(msg: Text, mut cart: OfUser<Cart>) -> Result<String> {
///     cart.goods.push(msg.text().to_owned());
///     cart.save().await?;
///     Ok(format!("{} in your cart", cart.goods.len()))
/// }
/// # let _ = Router::new().on_message(add);
/// ```
pub trait Kept: Default + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// By this it is found in the store: no two types of a program share it.
    const NAME: &'static str;

    /// Counts the forms that the type has had. What is of an earlier one goes through [`upgrade`](Self::upgrade).
    const VERSION: u32 = 1;

    /// It is forgotten so long after it was saved last; never, if this is `None`.
    const FOR: Option<Duration> = None;

    /// Reads what another version has saved. `None`: it begins anew.
    fn upgrade(version: u32, saved: serde_json::Value) -> Option<Self> {
        let _ = (version, saved);
        None
    }
}

/// Of whom something is kept: what of an update names it.
pub trait Keeper: fmt::Debug + Send + Sync + 'static {
    #[doc(hidden)]
    fn key(update: &Update) -> Option<String>;
}

/// One thing for each user, in all chats.
#[derive(Debug)]
pub struct User;

/// One thing for each chat, of all its members.
#[derive(Debug)]
pub struct Place;

/// One thing for each user in each chat.
#[derive(Debug)]
pub struct Member;

/// What is kept of the user from whom the update comes; an argument of a handler. The default, if nothing is kept.
///
/// Changes are kept by [`save`](Remembered::save). Two handlers that have the same at once (of one user, in two chats) each have a copy, and the
/// last to save wins; within a chat handlers come one after another.
pub type OfUser<T> = Remembered<T, User>;

/// What is kept of the chat; see [`OfUser`].
pub type OfChat<T> = Remembered<T, Place>;

/// What is kept of the user in this chat; see [`OfUser`].
pub type OfMember<T> = Remembered<T, Member>;

/// Something that was kept; see [`OfUser`].
pub struct Remembered<T, K> {
    value: T,
    key: ValueKey,
    client: Client,
    keeper: std::marker::PhantomData<fn() -> K>,
}

#[derive(Deserialize)]
struct Saved {
    version: u32,
    value: serde_json::Value,
}

#[derive(Serialize)]
struct Saving<'a, T> {
    version: u32,
    value: &'a T,
}

impl<T: Kept, K: Keeper> Remembered<T, K> {
    /// Keeps it as it is now. When it has returned, a power cut does not undo it.
    ///
    /// # Errors
    /// It cannot be serialised; the store cannot be written.
    ///
    /// # Cancel safety
    /// If it is dropped, it may have been saved.
    pub async fn save(&self) -> Result<(), Error> {
        let saving = Saving { version: T::VERSION, value: &self.value };
        let bytes = serde_json::to_vec(&saving).map_err(|error| Error::Invalid(format!("{} cannot be saved: {error}", T::NAME)))?;
        let expires = T::FOR.map(|time| self.client.inner.wall_clock().saturating_add(i64::try_from(time.as_secs()).unwrap_or(i64::MAX)));
        self.write(Some(Value { bytes, expires })).await
    }

    /// Keeps nothing any more.
    ///
    /// # Errors
    /// The store cannot be written.
    ///
    /// # Cancel safety
    /// If it is dropped, it may have been forgotten.
    pub async fn forget(self) -> Result<(), Error> {
        self.write(None).await
    }

    async fn write(&self, value: Option<Value>) -> Result<(), Error> {
        let writer = &self.client.inner.writer;
        let key = self.key.clone();
        let ticket = writer.queue(|commit| match value {
            Some(value) => commit.value(key, value),
            None => commit.remove_value(key),
        });
        ticket.clone().durable().await;
        match ticket.is_durable() {
            true => Ok(()),
            false => Err(Error::Invalid(format!("{} was not saved: {}", T::NAME, writer.failure().unwrap_or_default()))),
        }
    }
}

impl<T: Kept, K: Keeper> Argument for Remembered<T, K> {
    fn fits(update: &Update) -> bool {
        K::key(update).is_some()
    }

    async fn take(update: &Update) -> Result<Self, Refusal> {
        let key = K::key(update).ok_or(Refusal::Skip)?;
        let key = ValueKey::new(format!("kept.{}", T::NAME), key);
        let client = update.client().clone();
        let found = client.inner.writer.store().value(key.clone()).await?;
        let value = found.filter(|value| value.is_live(client.inner.wall_clock())).and_then(|value| read(&value.bytes)).unwrap_or_default();
        Ok(Self { value, key, client, keeper: std::marker::PhantomData })
    }
}

fn read<T: Kept>(bytes: &[u8]) -> Option<T> {
    let Saved { version, value } = serde_json::from_slice(bytes).ok()?;
    if version == T::VERSION { serde_json::from_value(value).ok() } else { T::upgrade(version, value) }
}

impl Keeper for User {
    fn key(update: &Update) -> Option<String> {
        update.sender().map(|user| name(&user))
    }
}

impl Keeper for Place {
    fn key(update: &Update) -> Option<String> {
        update.chat().map(|chat| name(&chat))
    }
}

impl Keeper for Member {
    fn key(update: &Update) -> Option<String> {
        let (chat, user) = update.chat().zip(update.sender())?;
        Some(format!("{} {}", name(&chat), name(&user)))
    }
}

fn name(peer: &PeerRef) -> String {
    match peer {
        PeerRef::Id(id) => id.to_string(),
        other => other.to_string(),
    }
}

impl<T, K> Deref for Remembered<T, K> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T, K> DerefMut for Remembered<T, K> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: fmt::Debug, K> fmt::Debug for Remembered<T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
