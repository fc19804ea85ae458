//! Which handlers an update starts.

mod account;
mod argument;
mod arguments;
mod by_hand;
mod callback;
mod callback_query;
mod command;
pub mod filter;
mod handler;
mod inline_query;
mod kinds;
mod middleware;
mod outcome;
mod plan;
mod replies;
mod routes;
mod run;
mod spawn;
mod states;
mod switch;
mod update;
mod watchdog;

pub(crate) use account::Account;
pub use argument::{Argument, Needs, Refusal};
pub use arguments::{
    Album, Audio, Channel, Chat, Contact, Dice, Document, Failure, FromAdmin, Gif, Group, Location, Media, Photo, Poll, Private, Reply,
    RoundVideo, Sender, State, Sticker, Text, Video, Voice,
};
pub use by_hand::Handlers;
pub use callback::{ButtonData, Callback, Packed};
pub use callback_query::{ButtonMessage, CallbackQuery};
pub(crate) use command::Typed;
pub use command::{Command, Parameter, Words, Wrong};
pub use filter::Filter;
pub use handler::{Handler, When};
pub use inline_query::InlineQuery;
pub use middleware::{Middleware, Next};
pub use outcome::{IntoOutcome, Outcome};
pub(crate) use plan::Plan;
pub(crate) use replies::{carried, is_handling, next_id, next_question};
pub use routes::Router;
use routes::{Entry, Wanted};
pub use spawn::spawn;
pub use switch::Switch;
pub(crate) use update::Kind;
pub use update::Update;
pub(crate) use update::album_of;
