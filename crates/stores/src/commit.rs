//! What a commit changes, reckoned from what is stored.

use std::collections::BTreeMap;

use quadruplex_store::{Commit, Error, KeyChange, KeyKind, LOGIN_TOKENS, Peer, PeerId, PeerKey};

use crate::bytes::{self, from_json, to_json};
use crate::keys::{self, Table};
use crate::kv::{Bytes, Changes};
use crate::sealed::Sealed;

/// Everything that is to be written so that `commit` is done.
pub(crate) async fn changes(stored: &Sealed, commit: &Commit) -> Result<Changes, Error> {
    let mut draft = Draft::read(stored, commit).await?;
    draft.small(commit).and_then(|()| draft.journal(commit)).map_err(|reason| stored.corrupt(reason))?;
    draft.keys(commit)?;
    draft.peers(commit.peers.values()).map_err(|reason| stored.corrupt(reason))?;
    if let Some(now) = commit.expired_at {
        draft.purge(now).await?;
    }
    draft.values(commit).map_err(|reason| stored.corrupt(reason))?;
    Ok(draft.changes)
}

/// The changes so far, on top of what is stored.
struct Draft<'a> {
    stored: &'a Sealed,
    before: BTreeMap<Bytes, Bytes>,
    changes: Changes,
}

impl<'a> Draft<'a> {
    /// Reads whatever the new state depends on, in two rounds: names are known only when the peers are.
    async fn read(stored: &'a Sealed, commit: &Commit) -> Result<Self, Error> {
        let mut wanted: Vec<Bytes> = vec![keys::small(keys::NEXT_ROW), keys::small(keys::LOGIN_TOKENS)];
        wanted.extend(commit.keys.keys().map(|slot| keys::slot(Table::Keys, *slot)));
        wanted.extend(commit.attempts.keys().map(|number| keys::number(Table::Rows, *number)));
        wanted.extend(commit.peers.keys().map(|id| keys::peer(*id)));
        wanted.extend(commit.values.keys().map(keys::value));
        let mut draft = Self { stored, before: BTreeMap::new(), changes: Changes::new() };
        draft.fetch(wanted).await?;
        let known =
            commit.peers.keys().map(|id| draft.peer(*id)).collect::<Result<Vec<_>, _>>().map_err(|reason| stored.corrupt(reason))?;
        let names = known.iter().flatten().flat_map(names).filter_map(|name| draft.name(&name)).collect();
        draft.fetch(names).await?;
        Ok(draft)
    }

    async fn fetch(&mut self, wanted: Vec<Bytes>) -> Result<(), Error> {
        let found = self.stored.get(wanted.clone()).await?;
        self.before.extend(wanted.into_iter().zip(found).filter_map(|(key, value)| Some((key, value?))));
        Ok(())
    }

    fn get(&self, key: &[u8]) -> Option<&Bytes> {
        match self.changes.get(key) {
            Some(change) => change.as_ref(),
            None => self.before.get(key),
        }
    }

    fn set(&mut self, key: Bytes, value: Bytes) {
        self.changes.insert(key, Some(value));
    }

    fn remove(&mut self, key: Bytes) {
        self.changes.insert(key, None);
    }

    fn small(&mut self, commit: &Commit) -> Result<(), String> {
        let set = |draft: &mut Self, name, value: Option<Result<Bytes, String>>| {
            value.map_or(Ok(()), |value| value.map(|value| draft.set(keys::small(name), value)))
        };
        set(self, keys::IDENTITY, commit.identity.as_ref().map(to_json))?;
        set(self, keys::TIME_OFFSET, commit.time_offset.as_ref().map(to_json))?;
        set(self, keys::CONFIG, commit.config.clone().map(Ok))?;
        set(self, keys::COMMON, commit.common.as_ref().map(to_json))?;
        if let Some(number) = commit.next_row {
            let before: u64 = self.get(&keys::small(keys::NEXT_ROW)).map_or(Ok(0), |before| from_json(before))?;
            self.set(keys::small(keys::NEXT_ROW), to_json(&before.max(number))?);
        }
        if !commit.login_tokens.is_empty() {
            let before = self.get(&keys::small(keys::LOGIN_TOKENS));
            let mut tokens: Vec<Bytes> = before.map_or_else(|| Ok(Vec::new()), |before| from_json(before))?;
            tokens.retain(|known| !commit.login_tokens.contains(known));
            tokens.extend_from_slice(&commit.login_tokens);
            tokens.drain(..tokens.len().saturating_sub(LOGIN_TOKENS));
            self.set(keys::small(keys::LOGIN_TOKENS), to_json(&tokens)?);
        }
        for (id, state) in &commit.channels {
            match state {
                Some(state) => self.set(keys::channel(*id), to_json(state)?),
                None => self.remove(keys::channel(*id)),
            }
        }
        Ok(())
    }

    fn keys(&mut self, commit: &Commit) -> Result<(), Error> {
        let corrupt = |reason| self.stored.corrupt(reason);
        for (&slot, change) in &commit.keys {
            let key = keys::slot(Table::Keys, slot);
            let known = self.before.get(&key).map(|known| bytes::key_from(known)).transpose().map_err(corrupt)?;
            match change {
                KeyChange::Add(new) if slot.kind == KeyKind::Permanent && known.is_some_and(|known| known.key != new.key) => {
                    return Err(Error::KeyExists { slot });
                }
                KeyChange::Add(new) => self.changes.insert(key, Some(bytes::key(new))),
                KeyChange::Remove => {
                    self.changes.insert(keys::slot(Table::Salts, slot), None);
                    self.changes.insert(key, None)
                }
            };
        }
        for (slot, salts) in &commit.salts {
            self.changes.insert(keys::slot(Table::Salts, *slot), Some(to_json(salts).map_err(corrupt)?));
        }
        Ok(())
    }

    fn journal(&mut self, commit: &Commit) -> Result<(), String> {
        for (number, row) in &commit.rows {
            self.set(keys::number(Table::Rows, *number), bytes::row(row));
        }
        for (number, attempts) in &commit.attempts {
            let key = keys::number(Table::Rows, *number);
            if let Some(stored) = self.get(&key) {
                let mut row = bytes::row_from(*number, stored)?;
                row.attempts = *attempts;
                self.set(key, bytes::row(&row));
            }
        }
        commit.done.iter().for_each(|number| self.remove(keys::number(Table::Rows, *number)));
        for (number, letter) in &commit.buried {
            self.set(keys::number(Table::Dead, *number), bytes::letter(letter));
        }
        commit.unburied.iter().for_each(|number| self.remove(keys::number(Table::Dead, *number)));
        Ok(())
    }

    fn peers<'p>(&mut self, met: impl Iterator<Item = &'p Peer>) -> Result<(), String> {
        for peer in met {
            let known = self.peer(peer.id)?;
            let peer = peer.clone().onto(known.as_ref());
            let id = keys::peer_bytes(peer.id);
            let gone = known.iter().flat_map(names).filter(|name| !peer.is(name));
            for name in gone.filter_map(|name| self.name(&name)).collect::<Vec<_>>() {
                if self.get(&name) == Some(&id) {
                    self.remove(name);
                }
            }
            if known.as_ref() != Some(&peer) {
                for name in names(&peer).filter_map(|name| self.name(&name)).collect::<Vec<_>>() {
                    self.set(name, id.clone());
                }
                self.set(keys::peer(peer.id), to_json(&peer)?);
            }
        }
        Ok(())
    }

    /// Removes the values whose end is at `now` or before.
    async fn purge(&mut self, now: i64) -> Result<(), Error> {
        let (mut from, _) = Table::Ends.range();
        let to = now.checked_add(1).map_or_else(|| Table::Ends.range().1, |after| keys::end(after, &[]));
        loop {
            let page = self.stored.scan(from, to.clone(), PAGE).await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            from = crate::sealed::next(last);
            for (end, _) in page {
                self.remove(keys::ended(&end));
                self.remove(end);
            }
        }
    }

    fn values(&mut self, commit: &Commit) -> Result<(), String> {
        for (name, value) in &commit.values {
            let key = keys::value(name);
            let before = self.before.get(&key).map(|before| bytes::value_from(before)).transpose()?;
            if let Some(end) = before.and_then(|before| before.expires) {
                self.remove(keys::end(end, &key));
            }
            if let Some(end) = value.as_ref().and_then(|value| value.expires) {
                self.set(keys::end(end, &key), Vec::new());
            }
            self.changes.insert(key, value.as_ref().map(bytes::value));
        }
        Ok(())
    }

    fn peer(&self, id: PeerId) -> Result<Option<Peer>, String> {
        self.get(&keys::peer(id)).map(|peer| from_json(peer)).transpose()
    }

    fn name(&self, name: &PeerKey) -> Option<Bytes> {
        keys::name(name, |name| self.stored.hide(name))
    }
}

/// What else a peer is found by than its id.
fn names(peer: &Peer) -> impl Iterator<Item = PeerKey> {
    peer.usernames.iter().map(|name| PeerKey::username(name)).chain(peer.phone.as_deref().map(PeerKey::phone))
}

const PAGE: usize = 1_000;
