//! Keys of clients, and small values of the server.

use super::super::World;
use super::super::state::rows::{Key, Kv};

/// Keys of clients and small values of the server, written like everything else before the call returns.
pub struct Keys<'a> {
    world: &'a mut World,
}

impl<'a> Keys<'a> {
    pub(super) fn new(world: &'a mut World) -> Self {
        Self { world }
    }

    /// Stores a key that a client has agreed with the server of a data centre.
    pub fn save(&mut self, auth_key_id: u64, key: &[u8], dc: i32) {
        self.world.state.tables.keys.insert(auth_key_id, Key { key: key.to_vec(), dc });
        self.commit();
    }

    /// The key of that id, and its data centre.
    pub fn load(&self, auth_key_id: u64) -> Option<(&[u8], i32)> {
        self.world.state.tables.keys.get(&auth_key_id).map(|row| (row.key.as_slice(), row.dc))
    }

    /// Every key id with its data centre.
    pub fn all(&self) -> Vec<(u64, i32)> {
        self.world.state.tables.keys.iter().map(|(id, row)| (*id, row.dc)).collect()
    }

    /// Forgets a key and who is signed in with it.
    pub fn remove(&mut self, auth_key_id: u64) {
        self.world.end_login(auth_key_id, None);
        self.world.state.tables.keys.remove(&auth_key_id);
        self.commit();
    }

    /// Stores a small value, or removes it.
    pub fn put(&mut self, name: &str, value: Option<&[u8]>) {
        match value {
            Some(value) => self.world.state.tables.kv.insert(name.to_owned(), Kv(value.to_vec())),
            None => drop(self.world.state.tables.kv.remove(&name.to_owned())),
        }
        self.commit();
    }

    /// A small value.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.world.state.tables.kv.get(&name.to_owned()).map(|value| value.0.as_slice())
    }

    fn commit(&mut self) {
        if let Err(error) = self.world.state.commit() {
            tracing::error!(%error, "the state file cannot be written");
        }
    }
}
