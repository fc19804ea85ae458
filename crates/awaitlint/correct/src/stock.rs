use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};

use crate::{Error, Shop};

pub struct Warehouse {
    shop: Shop,
    counts: Mutex<Vec<u64>>,
}

impl Warehouse {
    pub async fn recount(&self, orders: &[u32]) -> Result<usize, Error> {
        let prices: Vec<f64> = stream::iter(orders).map(|order| self.shop.fetch_price(*order)).buffered(8).try_collect().await?;
        let mut counts = self.counts.lock().unwrap();
        counts.push(prices.len() as u64);
        drop(counts);
        self.shop.record("recount").await;
        Ok(prices.len())
    }

    pub async fn inspect(&self, user: u32) -> Result<String, Error> {
        let (user, rating) = tokio::try_join!(self.shop.get_user(user), self.shop.rating(user))?;
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.shop.notify(&user).await?;
        Ok(format!("{} {rating}", user.name))
    }

    pub async fn stocktake(&self, users: Vec<u32>) -> Vec<String> {
        let names: Vec<String> = stream::iter(users).map(|user| self.shop.find_name(user)).buffer_unordered(4).collect().await;
        self.shop.record("stocktake").await;
        names
    }

    pub async fn export(&self, to: &Path) -> Result<(), Error> {
        let visits = self.shop.count_visits().await;
        tokio::fs::write(to, visits.to_string()).await?;
        self.shop.record("export").await;
        Ok(())
    }

    pub async fn reorder(&self, list: &Path, user: u32) -> Result<usize, Error> {
        let (text, user) = tokio::join!(tokio::fs::read_to_string(list), self.shop.get_user(user));
        let (text, user) = (text?, user?);
        self.shop.notify(&user).await?;
        tokio::fs::rename(list, list.with_extension("done")).await?;
        Ok(text.lines().count())
    }

    pub async fn compare(&self, a: u32, b: u32) -> Result<bool, Error> {
        let (a, b) = tokio::try_join!(self.shop.list_orders(a), self.shop.list_orders(b))?;
        Ok(a == b)
    }
}
