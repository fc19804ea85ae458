use std::collections::HashMap;
use std::sync::RwLock;

use futures::{StreamExt, stream};

use crate::{Error, Shop};

#[derive(Default)]
pub struct Hub {
    seen: RwLock<HashMap<u32, String>>,
    last: parking_lot::Mutex<u32>,
}

impl Hub {
    pub async fn greet(&self, shop: &Shop, id: u32) -> Result<String, Error> {
        let mut last = self.last.lock();
        *last = id;
        drop(last);
        let (name, visits) = tokio::join!(shop.find_name(id), shop.count_visits());
        shop.record(&name).await;
        let mut seen = self.seen.write().unwrap();
        seen.insert(id, name.clone());
        drop(seen);
        shop.record("greeted").await;
        Ok(format!("{name}, visitor {visits}"))
    }

    pub async fn refresh(&self, shop: &Shop, ids: Vec<u32>) -> usize {
        let names: Vec<String> = stream::iter(ids).map(|id| shop.find_name(id)).buffered(16).collect().await;
        shop.record("refreshed").await;
        names.len()
    }

    pub async fn timeline(&self, shop: &Shop, id: u32) -> Result<Vec<u32>, Error> {
        let (mine, theirs) = tokio::try_join!(shop.list_orders(id), shop.list_orders(id + 1))?;
        shop.record("timeline").await;
        Ok(mine.into_iter().chain(theirs).collect())
    }

    pub async fn trending(&self, shop: &Shop, a: u32, b: u32, c: u32) -> Result<f64, Error> {
        let (a, b, c) = tokio::try_join!(shop.rating(a), shop.rating(b), shop.rating(c))?;
        shop.record("trending").await;
        Ok(a.max(b).max(c))
    }

    pub async fn follow(&self, shop: &Shop, from: u32, to: u32) -> Result<(), Error> {
        let (from, to) = tokio::join!(shop.get_user(from), shop.get_user(to));
        let (from, to) = (from?, to?);
        shop.notify(&from).await?;
        shop.notify(&to).await?;
        Ok(())
    }
}
