//! What the programs of our client have in common.

use quadruplex::store::{AuthKey, OwnUser, Session};
use quadruplex::{Builder, Client, PublicKey, Servers};

use crate::Result;
use crate::job::{Job, key_from_hex};

/// A client that is not signed in anew: it has the key already.
pub fn builder(job: &Job, key: &str) -> Result<Builder> {
    let key = AuthKey::from_bytes(key_from_hex(key).ok_or("the key is not hexadecimal")?);
    let user = Some(OwnUser { id: job.user, bot: false });
    let session = Session { dc: job.dc, test: false, user, address: Some(job.address), key };
    let servers = Servers::custom(job.dc, [(job.dc, job.address)], PublicKey::sandbox());
    Ok(Client::builder(1, "hash").servers(servers).session(session))
}
