//! The way of an update: gap engine → lane → handler → done, over a journal that survives the process.

mod core;
mod driver;
mod event;
mod facts;
mod gap;
mod journal;
mod open;
mod open_chat;
mod order;
mod read;
mod server;
mod short;
mod stream;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use quadruplex_net::Event as Arrived;
use tokio::sync::mpsc;

use crate::client::Inner;
use crate::cluster::Handed;
pub(crate) use core::{Along, Shared as Updates};
pub use event::Event;
pub(crate) use facts::Facts;
pub use gap::{Gap, GapReason};
pub(crate) use journal::{Identity, Limits as UpdateLimits, identity_of};
pub use open::OpenUpdates;
pub use open_chat::OpenChat;
pub use order::Order;
pub(crate) use server::PeersIn;
pub(crate) use short::sent;
pub(crate) use stream::Lender;
pub use stream::{Delivery, UpdateStream};

/// Starts taking updates: reads back what the last process left, then asks for what was missed, then follows.
///
/// `arrived` are the updates of the main connections with their data centres. The handle tells of positions that own calls
/// have moved ([`Updates::affected`]).
///
/// # Errors
/// The store cannot be read.
pub(crate) async fn start(
    client: &Arc<Inner>,
    arrived: mpsc::Receiver<(i32, Arrived)>,
    peers_in: PeersIn,
    limits: UpdateLimits,
) -> Result<(UpdateStream, Arc<Updates>), quadruplex_store::Error> {
    // Where idle connections are not asked whether they live, there is no hurry to ask whether something was missed either.
    let silence = client.settings.environment.ping_every().map_or(gap::SILENCE, |time| time.max(gap::SILENCE));
    let shared = Updates::open(client.writer.clone(), limits, silence).await?;
    tokio::spawn(driver::run(Arc::clone(&shared), arrived, Arc::new(server::Asking::new(client, peers_in))));
    Ok((UpdateStream::new(Arc::clone(&shared)), shared))
}

/// Starts taking updates that whoever holds the account hands out.
///
/// # Errors
/// None, as long as its store does not have to be read.
pub(crate) async fn start_handed(
    client: &Arc<Inner>,
    handed: mpsc::Receiver<Handed>,
    limits: UpdateLimits,
) -> Result<(UpdateStream, Arc<Updates>), quadruplex_store::Error> {
    let shared = Updates::open(client.writer.clone(), limits, gap::SILENCE).await?;
    tokio::spawn(driver::run_handed(Arc::clone(&shared), handed));
    Ok((UpdateStream::new(Arc::clone(&shared)), shared))
}
