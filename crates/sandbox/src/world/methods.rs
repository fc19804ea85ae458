//! The methods of the API, one room for each namespace.

mod account;
mod auth;
mod bots;
mod channels;
mod contacts;
mod help;
mod langpack;
mod messages;
mod password;
mod photos;
mod updates;
mod upload;
mod users;

use super::dispatch::{Access, Handler, Method};

pub(crate) use self::messages::chats::good_title;

/// Every method that the sandbox has.
pub(crate) static TABLE: &[&[Method]] = &[
    account::METHODS,
    auth::METHODS,
    bots::METHODS,
    channels::MEMBERS,
    channels::METHODS,
    channels::RIGHTS,
    contacts::METHODS,
    help::METHODS,
    langpack::METHODS,
    messages::callbacks::METHODS,
    messages::chats::METHODS,
    messages::dialogs::METHODS,
    messages::drafts::METHODS,
    messages::edit::METHODS,
    messages::forward::METHODS,
    messages::history::METHODS,
    messages::inline::METHODS,
    messages::invites::METHODS,
    messages::joining::METHODS,
    messages::media::METHODS,
    messages::pin::METHODS,
    messages::polls::METHODS,
    messages::quiet::METHODS,
    messages::reactions::METHODS,
    messages::read::METHODS,
    messages::scheduled::METHODS,
    messages::send::METHODS,
    password::METHODS,
    photos::METHODS,
    updates::METHODS,
    upload::METHODS,
    users::METHODS,
];

/// A line of the table.
const fn method(name: &'static str, access: Access, handler: Handler) -> Method {
    Method { name, access, handler }
}
