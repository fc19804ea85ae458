use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};

use crate::{Error, Shop, User};

/// What visitors see.
pub struct Pages {
    shop: Shop,
}

impl Pages {
    pub fn new(shop: Shop) -> Self {
        Pages { shop }
    }

    pub async fn dashboard(&self, id: u32) -> Result<String, Error> {
        let (user, orders) = tokio::try_join!(self.shop.get_user(id), self.shop.list_orders(id))?;
        self.shop.notify(&user).await?;
        Ok(format!("{}: {}", user.name, orders.len()))
    }

    pub async fn names(&self, a: u32, b: u32) -> String {
        let (first, second) = tokio::join!(self.shop.find_name(a), self.shop.find_name(b));
        self.shop.record("names").await;
        format!("{first} and {second}")
    }

    pub async fn author_page(&self, id: u32) -> Result<String, Error> {
        let (user, rating, visits) = tokio::join!(self.shop.get_user(id), self.shop.rating(id), self.shop.count_visits());
        let (user, rating) = (user?, rating?);
        let friends = tokio::join!(self.shop.find_name(user.id + 1), self.shop.find_name(user.id + 2));
        Ok(format!("{} {rating} {visits} {}", user.name, friends.0))
    }

    pub async fn prices(&self, user: u32) -> Result<Vec<f64>, Error> {
        let orders = self.shop.list_orders(user).await?;
        let prices: Vec<f64> = stream::iter(orders).map(|order| self.shop.fetch_price(order)).buffered(8).try_collect().await?;
        self.shop.record("prices").await;
        Ok(prices)
    }

    pub async fn search(&self, ids: &[u32]) -> Vec<String> {
        let found: Vec<String> = stream::iter(ids).map(|id| self.shop.find_name(*id)).buffer_unordered(16).collect().await;
        found.into_iter().filter(|name| !name.is_empty()).collect()
    }

    pub async fn receipts(&self, users: Vec<User>) -> Result<f64, Error> {
        let (ratings, visits) = tokio::join!(self.ratings(&users), self.shop.count_visits());
        tokio::time::sleep(Duration::from_millis(visits.min(10))).await;
        for user in &users {
            self.shop.notify(user).await?;
        }
        Ok(ratings?.iter().sum())
    }

    async fn ratings(&self, users: &[User]) -> Result<Vec<f64>, Error> {
        let all: Vec<f64> = stream::iter(users).map(|user| self.shop.rating(user.id)).buffered(4).try_collect().await?;
        Ok(all)
    }
}
