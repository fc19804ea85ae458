//! What a program that handles updates needs, in one `use`.
//!
//! ```
//! use quadruplex::prelude::*;
//! ```

pub use std::time::Duration;

pub use awaitkit::{
    Lock, Loop, Next, defer, delay, echo, flock, for_each_concurrent, join, join_all, later, limit, map_concurrent, race, race_ok,
    read_line, repeat, sleep, spawn_blocking, timeout_or, try_join, try_map_concurrent,
};

#[cfg(feature = "bars")]
pub use crate::Bars;
pub use crate::api::functions::{account, bots, channels, contacts, help, messages, payments, photos, stories, users};
pub use crate::router::{
    Album, Argument, Audio, Callback, CallbackQuery, Channel, Chat, Command, Contact, Dice, Document, Failure, Filter, FromAdmin, Gif,
    Group, Handler, InlineQuery, IntoOutcome, Location, Media, Outcome, Photo, Poll, Private, Refusal, Reply, RoundVideo, Router, Sender,
    State, Sticker, Switch, Text, Update, Video, Voice, filter,
};
pub use crate::spawn;
pub use crate::store;
pub use crate::store::Session;
#[cfg(feature = "testing")]
pub use crate::testing::Sandbox;
pub use crate::{
    Account, Accounts, App, Backlog, BoxError, Button, Buttons, Client, Error, FormattedText, Gap, Key, Keyboard, MediaKind, Menu, Message,
    Order, Result, Running, html, md,
};
pub use crate::{AfterFailure, Call, CancellationToken, Wait};
pub use crate::{DAY, HOUR, MINUTE, SECOND};
pub use crate::{Fleet, FleetAccount};
pub use crate::{Kept, OfChat, OfMember, OfUser};
pub use crate::{Missed, Schedule, Scheduled};
pub use quadruplex_macros::{Callback, Command};
