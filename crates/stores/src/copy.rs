use std::sync::Arc;

use quadruplex_store::{Commit, KeyChange, Peer, PeerKey, Snapshot, Store};

use crate::Error;

/// What a copy has taken over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Copied {
    /// Authorization keys.
    pub keys: usize,
    /// Updates that are not handled yet.
    pub rows: usize,
    /// Updates that were given up.
    pub dead_letters: usize,
    /// Users, groups and channels.
    pub peers: usize,
    /// Values of the program and of conversations.
    pub values: usize,
}

/// Copies everything of one store into another, which must be new. Both are held meanwhile, so nobody uses the login.
///
/// What is large goes first, in parts, and the login last, in the commit that ends it: a copy that was broken off has no login. Make it again
/// into another place, or empty the first.
///
/// # Errors
///
/// [`Error::NotEmpty`] if there is anything in the target; what a store says otherwise.
///
/// # Cancel safety
///
/// Dropped, it leaves parts without a login in the target; the source is only read.
pub async fn copy(from: &dyn Store, to: &dyn Store) -> Result<Copied, Error> {
    let small = from.load().await?;
    if !is_empty(to).await? {
        return Err(Error::NotEmpty(to.place()));
    }
    let mut copied = Copied { keys: small.keys.len(), ..Copied::default() };

    let mut first = 0;
    loop {
        let page = from.rows(first, PAGE).await?;
        let Some(last) = page.last() else { break };
        (first, copied.rows) = (last.number + 1, copied.rows + page.len());
        write(to, Commit { rows: page.into_iter().map(|row| (row.number, row)).collect(), ..Commit::default() }).await?;
    }
    let mut first = 0;
    loop {
        let page = from.dead_letters(first, PAGE).await?;
        let Some(last) = page.last() else { break };
        (first, copied.dead_letters) = (last.row.number + 1, copied.dead_letters + page.len());
        write(to, Commit { buried: page.into_iter().map(|letter| (letter.row.number, letter)).collect(), ..Commit::default() }).await?;
    }
    let mut after = None;
    loop {
        let page = from.all_peers(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        (after, copied.peers) = (Some(last.id), copied.peers + page.len());
        let page = with_own_names(from, page).await?;
        write(to, Commit { peers: page.into_iter().map(|peer| (peer.id, peer)).collect(), ..Commit::default() }).await?;
    }
    let mut after = None;
    loop {
        let page = from.all_values(after, PAGE).await?;
        let Some((last, _)) = page.last() else { break };
        (after, copied.values) = (Some(last.clone()), copied.values + page.len());
        write(to, Commit { values: page.into_iter().map(|(key, value)| (key, Some(value))).collect(), ..Commit::default() }).await?;
    }
    write(to, login(small)).await?;
    Ok(copied)
}

async fn is_empty(store: &dyn Store) -> Result<bool, Error> {
    Ok(store.load().await? == Snapshot::default()
        && store.rows(0, 1).await?.is_empty()
        && store.dead_letters(0, 1).await?.is_empty()
        && store.all_peers(None, 1).await?.is_empty()
        && store.all_values(None, 1).await?.is_empty())
}

/// Takes away the names that have moved on to another peer since: whoever comes last in the copy would get them.
async fn with_own_names(from: &dyn Store, mut peers: Vec<Peer>) -> Result<Vec<Peer>, Error> {
    let names = peers.iter().flat_map(|peer| &peer.usernames).map(|name| PeerKey::username(name)).collect();
    let mut holders = from.peers(names).await?.into_iter();
    for peer in &mut peers {
        peer.usernames.retain(|_| holders.next().flatten().is_none_or(|holder| holder.id == peer.id));
    }
    Ok(peers)
}

fn login(small: Snapshot) -> Commit {
    let Snapshot { identity, time_offset, config, login_tokens, keys, salts, common, channels, next_row } = small;
    Commit {
        identity,
        time_offset,
        config,
        login_tokens,
        keys: keys.into_iter().map(|(slot, key)| (slot, KeyChange::Add(key))).collect(),
        salts,
        common,
        channels: channels.into_iter().map(|(id, state)| (id, Some(state))).collect(),
        next_row: Some(next_row),
        ..Commit::default()
    }
}

async fn write(to: &dyn Store, commit: Commit) -> Result<(), Error> {
    Ok(to.commit(Arc::new(commit)).await?)
}

const PAGE: usize = 500;
