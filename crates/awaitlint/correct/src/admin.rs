use std::path::Path;

use futures::{StreamExt, TryStreamExt, stream};

use crate::{Error, Shop};

/// What only the owner may do.
pub struct Admin {
    shop: Shop,
}

impl Admin {
    pub fn new(shop: Shop) -> Self {
        Admin { shop }
    }

    pub async fn overview(&self, id: u32, log: &Path) -> Result<String, Error> {
        let (user, orders, log) = tokio::join!(self.shop.get_user(id), self.shop.list_orders(id), tokio::fs::read_to_string(log));
        let (user, orders) = (user?, orders?);
        self.shop.record("overview").await;
        Ok(format!("{} {} {}", user.name, orders.len(), log?.len()))
    }

    pub async fn audit(&self, users: &[u32], to: &Path) -> Result<usize, Error> {
        let names: Vec<String> = stream::iter(users).map(|user| self.shop.find_name(*user)).buffered(8).collect().await;
        let report = names.join("\n");
        tokio::fs::write(to, report).await?;
        self.shop.record("audit").await;
        Ok(names.len())
    }

    pub async fn digest(&self, users: Vec<u32>, orders: Vec<u32>) -> Result<f64, Error> {
        let ratings: Vec<f64> = stream::iter(users).map(|user| self.shop.rating(user)).buffered(4).try_collect().await?;
        let prices: Vec<f64> = stream::iter(orders).map(|order| self.shop.fetch_price(order)).buffer_unordered(4).try_collect().await?;
        self.shop.record("digest").await;
        Ok(ratings.iter().sum::<f64>() + prices.iter().sum::<f64>())
    }

    pub async fn close_account(&self, id: u32, home: &Path) -> Result<(), Error> {
        let (user, visits) = tokio::join!(self.shop.get_user(id), self.shop.count_visits());
        let user = user?;
        self.shop.notify(&user).await?;
        tokio::fs::remove_dir_all(home).await?;
        self.shop.record(&format!("closed after {visits}")).await;
        Ok(())
    }
}
