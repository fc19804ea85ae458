use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use crate::{Error, Shop, User};

#[derive(Default)]
pub struct Counters {
    visits: Mutex<u64>,
    errors: parking_lot::Mutex<Vec<String>>,
}

impl Counters {
    pub async fn visit(&self, shop: &Shop, id: u32) -> Result<User, Error> {
        let mut visits = self.visits.lock().unwrap();
        *visits += 1;
        drop(visits);
        let user = shop.get_user(id).await?;
        shop.notify(&user).await?;
        Ok(user)
    }

    pub async fn fail(&self, error: String) {
        let mut errors = self.errors.lock();
        errors.push(error);
        drop(errors);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[derive(Default)]
pub struct Sessions {
    users: tokio::sync::RwLock<HashMap<u32, User>>,
    names: std::sync::RwLock<HashMap<u32, String>>,
}

impl Sessions {
    pub async fn open(&self, shop: &Shop, id: u32) -> Result<String, Error> {
        let (user, rating) = tokio::try_join!(shop.get_user(id), shop.rating(id))?;
        let names = self.names.read().unwrap();
        let known = names.get(&id).cloned();
        drop(names);
        shop.record("open").await;
        self.users.write().await.insert(id, user.clone());
        Ok(known.unwrap_or_else(|| format!("{} ({rating})", user.name)))
    }
}
