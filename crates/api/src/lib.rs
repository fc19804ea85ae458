//! Generated types and functions of the Telegram API.
//!
//! - [`types`]: one struct for each constructor with fields: `types::Message`, `types::messages::DialogsSlice`.
//! - [`enums`]: one enum for each type: `enums::Message` is `Empty`, `Message` or `Service`. A type with a single constructor is that
//!   struct: `enums::Config` and `types::Config` are the same. Large and recursive payloads are boxed; `.into()` makes the variant from
//!   the struct.
//! - [`functions`]: one struct for each function. What is required stands in `new`, what is optional is a public field.
//!
//! Where a function takes a peer, user or channel it takes an [`Arg`]: the exact input type, or something to be looked up before
//! the request is sent.
//!
//! ```
//! use quadruplex_api::{Encode, Peers, enums, functions::messages, types};
//!
//! let request = messages::SendMessage { silent: true, ..messages::SendMessage::new("@lena", "hi") };
//!
//! let mut wanted = Vec::new();
//! request.lookups(&mut wanted);
//! let mut peers = Peers::new();
//! peers.insert(wanted[0].peer.clone(), types::InputPeerUser::new(5, 7));
//! let mut bytes = Vec::new();
//! request.encode(&peers, &mut bytes);
//! assert_eq!(format!("{request:?}"), r#"messages.sendMessage { silent: true, peer: @lena, message: "hi", random_id: 0 }"#);
//! ```

mod arg;
#[rustfmt::skip]
mod generated;
mod peer_ref;
mod read;
mod request;
mod tables;
mod walk;

pub use arg::{Arg, InputPosition, Lookup, Peers, Position};
pub use generated::{enums, functions, types};
pub use peer_ref::PeerRef;
pub use request::{Encode, Lookups, Request, Wrapped, Wrapper};
pub use tables::{has_random_id, is_affected, is_read_only, is_updates, name_for_id};
pub use walk::{Field, Items, Object, Value, Visit, Walk, get, to_json};

/// The layer of these types.
pub const LAYER: i32 = 230;
