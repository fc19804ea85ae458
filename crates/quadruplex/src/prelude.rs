//! What a program that handles updates needs, in one `use`.
//!
//! ```
//! use quadruplex::prelude::*;
//! ```

pub use std::time::Duration;

pub use crate::api::functions::{account, bots, channels, contacts, help, messages, payments, photos, stories, users};
pub use crate::router::{Argument, CallbackQuery, Chat, Handler, IntoOutcome, Outcome, Refusal, Router, Sender, State, Text, Update};
pub use crate::{App, BoxError, Button, Buttons, Client, Error, FormattedText, Gap, Key, Keyboard, Message, Result, Running, html, md};
pub use crate::{DAY, HOUR, MINUTE, SECOND};
