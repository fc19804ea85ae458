//! Many keys at once.

use std::collections::HashMap;

use awaitkit::{Batcher, BatcherBuilder, Unlimited, join_all};

use crate::exchange::{Command, Reply};
use crate::{Error, Item, Memcached, key};

impl Memcached {
    /// The values of many keys, in the order of the keys: one round trip to each server that has some of them, all at the same time
    /// (one more for every 32 KiB of keys to one server). Equal keys are asked once.
    ///
    /// # Errors
    ///
    /// Each key has its own: those of a dead server fail, the others do not.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe; the connections that were waiting for an answer are closed.
    pub async fn get_many<K: AsRef<[u8]>>(&self, keys: impl IntoIterator<Item = K>) -> Vec<Result<Option<Vec<u8>>, Error>> {
        let items = self.gets_many(keys).await;
        items.into_iter().map(|item| item.map(|item| item.map(|item| item.value))).collect()
    }

    /// [`get_many`](Self::get_many) with flags and what [`cas`](Self::cas) needs.
    ///
    /// # Errors
    ///
    /// As of [`get_many`](Self::get_many).
    ///
    /// # Cancel safety
    ///
    /// As of [`get_many`](Self::get_many).
    pub async fn gets_many<K: AsRef<[u8]>>(&self, keys: impl IntoIterator<Item = K>) -> Vec<Result<Option<Item>, Error>> {
        let keys: Vec<K> = keys.into_iter().collect();
        let keys: Vec<&[u8]> = keys.iter().map(AsRef::as_ref).collect();
        let mut answers: HashMap<&[u8], Result<Option<Item>, Error>> = HashMap::with_capacity(keys.len());
        let mut shares: Vec<Vec<&[u8]>> = vec![Vec::new(); self.servers().len()];
        for key in &keys {
            if answers.contains_key(key) {
                continue;
            }
            let answer = key::check(key).map(|()| {
                shares[self.index_of(key)].push(key);
                None
            });
            answers.insert(key, answer);
        }
        let requests = shares.iter().enumerate().flat_map(|(server, share)| requests(share).map(move |keys| (server, keys)));
        let replies = join_all(
            requests.map(|(server, keys)| async move { (keys, self.servers()[server].ask(Command::Many(keys)).await) }),
            Unlimited,
        );
        for (asked, reply) in replies.await {
            match reply {
                Ok(Reply::Items(items)) => {
                    for (key, item) in items {
                        if let Some(answer) = answers.get_mut(key.as_slice()) {
                            *answer = Ok(Some(item));
                        }
                    }
                }
                Ok(other) => unreachable!("items are asked for, {other:?} is given"),
                Err(error) => answers.extend(asked.iter().map(|key| (*key, Err(error.clone())))),
            }
        }
        keys.iter().map(|key| answers.get(key).cloned().unwrap_or(Ok(None))).collect()
    }

    /// A [`Batcher`] of lookups: those that are made at about the same time, wherever in the program, become one
    /// [`get_many`](Self::get_many).
    pub fn batcher(&self) -> BatcherBuilder<String, Vec<u8>, Error> {
        let client = self.clone();
        Batcher::with_key_errors(move |keys: Vec<String>| {
            let client = client.clone();
            async move {
                let answers = client.get_many(&keys).await;
                Ok(keys.into_iter().zip(answers).filter_map(|(key, answer)| Some((key, answer.transpose()?))).collect::<Vec<_>>())
            }
        })
    }
}

/// Cuts what is asked of one server into requests that fit into the buffers of a connection: while a server that has begun to answer
/// reads no further, both ends would wait for each other.
fn requests<'k, 'a>(mut keys: &'k [&'a [u8]]) -> impl Iterator<Item = &'k [&'a [u8]]> {
    std::iter::from_fn(move || {
        let mut room = LONGEST_REQUEST;
        let fit = keys.iter().take_while(|key| {
            let fits = room >= key.len() + AROUND_A_KEY;
            room = room.saturating_sub(key.len() + AROUND_A_KEY);
            fits
        });
        let (request, rest) = keys.split_at(fit.count());
        keys = rest;
        (!request.is_empty()).then_some(request)
    })
}

const LONGEST_REQUEST: usize = 32 << 10;
/// `mg  v f c k q` and the end of the line.
const AROUND_A_KEY: usize = 15;
