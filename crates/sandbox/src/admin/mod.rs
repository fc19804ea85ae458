//! The sandbox by HTTP: so that programs in any language can use it in their tests.
//!
//! Bodies and answers are JSON. Who is meant by an account: its id, its public name with or without `@`, or its number. What is
//! meant by a peer: an account, or `{"group": id}`, or `{"channel": id}`. An error is answered with status 400 (404 and 405 where there is
//! no such path or method) and `{"error": "USERNAME_OCCUPIED"}`, in Telegram's names where there is one. Errors that a script answers are
//! those of Telegram, for functions that it has. A person who is given a name and no number gets a [number for tests](crate::test_number).
//!
//! | request | body or query | answer |
//! |---|---|---|
//! | `GET /` | | `{"dcs": [{"id", "address"}], "fingerprint", "now"}` |
//! | `POST /users` | `{"first_name", "last_name"?, "username"?, "phone"?, "password"?, "dc"?}` | `{"id"}` |
//! | `POST /bots` | `{"name", "username", "privacy"?, "dc"?}` | `{"id", "token"}` |
//! | `PUT /inline` | `{"bot", "placeholder"?}`: gives a bot an inline mode, or takes it away | `{}` |
//! | `POST /groups` | `{"creator", "title", "members"}` | `{"id"}` |
//! | `POST /channels` | `{"creator", "title", "megagroup"?, "username"?, "members"?}` | `{"id"}` |
//! | `POST /messages` | `{"from", "to", "text"}` | `{"id"}` |
//! | `GET /messages` | `?account=…&user=…`, or `&group=…`, or `&channel=…` | a list of [`Transcript`](crate::world::Transcript) |
//! | `GET /codes` | | a list of [`LoginCode`] |
//! | `GET /digest` | `?account=…` | a [`Digest`](crate::world::Digest) |
//! | `PUT /faults` | `{"errors": […], "rates": […], "updates": {…}, "link": {…}, "seed": 7}`, see [`FaultScript`] | `{}` |
//! | `DELETE /faults` | | `{}` |
//! | `PUT /clock` | `{"ahead": seconds}` | `{}` |
//! | `POST /restart` | `{"lose_sessions"?}` | `{}` |
//! | `POST /salts` | | `{}`: every salt that clients know is wrong now |
//! | `POST /bad_msg` | `{"code"}`: the next query of each session is refused with it | `{}` |
//! | `POST /references` | | `{}`: every file reference given out so far has expired |
//!
//! Whoever reaches the address can do all this: bind it to the loopback interface.

mod asked;
mod body;
mod routes;
mod script;

use std::io;

use axum::Router;
use axum::routing::{get, post, put};
use tokio::net::TcpListener;

use crate::Sandbox;
#[cfg(doc)]
use crate::world::LoginCode;

pub use self::script::{ErrorScript, FaultScript, LinkFaults, RateScript, UpdateScript};

/// Serves the admin interface of a sandbox until the listener fails.
///
/// # Errors
/// The listener cannot accept.
///
/// # Cancel safety
/// Dropping the future closes the listener; requests under way are cut off, and what they changed stays changed.
pub async fn serve(sandbox: Sandbox, listener: TcpListener) -> io::Result<()> {
    axum::serve(listener, router(sandbox)).await
}

fn router(sandbox: Sandbox) -> Router {
    Router::new()
        .route("/", get(routes::about))
        .route("/users", post(routes::create_user))
        .route("/bots", post(routes::create_bot))
        .route("/inline", put(routes::set_inline))
        .route("/groups", post(routes::create_group))
        .route("/channels", post(routes::create_channel))
        .route("/messages", get(routes::messages).post(routes::say))
        .route("/codes", get(routes::codes))
        .route("/digest", get(routes::digest))
        .route("/faults", put(routes::set_faults).delete(routes::clear_faults))
        .route("/clock", put(routes::set_clock))
        .route("/restart", post(routes::restart))
        .route("/salts", post(routes::rotate_salts))
        .route("/bad_msg", post(routes::refuse_next))
        .route("/references", post(routes::expire_references))
        .fallback(routes::nowhere)
        .method_not_allowed_fallback(routes::not_so)
        .with_state(sandbox)
}
