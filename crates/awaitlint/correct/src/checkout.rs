use std::sync::Mutex;
use std::time::Duration;

use crate::{Error, Shop};

#[derive(Default)]
pub struct Cart {
    items: Mutex<Vec<u32>>,
    paid: parking_lot::RwLock<f64>,
}

impl Cart {
    pub async fn pay(&self, shop: &Shop, user: u32) -> Result<f64, Error> {
        let items = self.items.lock().unwrap();
        let first = items.first().copied().unwrap_or_default();
        drop(items);
        let (user, price) = tokio::try_join!(shop.get_user(user), shop.fetch_price(first))?;
        shop.notify(&user).await?;
        let mut paid = self.paid.write();
        *paid += price;
        drop(paid);
        shop.record("paid").await;
        Ok(price)
    }

    pub async fn ship(&self, shop: &Shop, user: u32) -> Result<usize, Error> {
        let (rating, name) = tokio::join!(shop.rating(user), shop.find_name(user));
        let mut items = self.items.lock().unwrap();
        let count = items.len();
        items.clear();
        drop(items);
        tokio::time::sleep(Duration::from_millis(rating?.max(0.0) as u64)).await;
        shop.record(&name).await;
        Ok(count)
    }

    pub async fn cancel(&self, shop: &Shop, user: u32) -> Result<(), Error> {
        let user = shop.get_user(user).await?;
        let mut items = self.items.lock().unwrap();
        items.pop();
        drop(items);
        shop.notify(&user).await?;
        Ok(())
    }

    pub async fn quote(&self, shop: &Shop, order: u32, other: u32) -> Result<f64, Error> {
        let (first, second) = tokio::try_join!(shop.fetch_price(order), shop.fetch_price(other))?;
        shop.record("quote").await;
        Ok(first + second)
    }
}
