use std::path::{Path, PathBuf};
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};

use crate::{Error, Shop};

/// A directory that keeps what the shop had.
pub struct Backup {
    shop: Shop,
    dir: PathBuf,
}

impl Backup {
    pub fn new(shop: Shop, dir: PathBuf) -> Self {
        Backup { shop, dir }
    }

    async fn volume(&self, user: u32) -> Result<usize, Error> {
        Ok(self.shop.list_orders(user).await?.len())
    }

    pub async fn snapshot(&self, users: Vec<u32>) -> Result<usize, Error> {
        tokio::fs::create_dir_all(&self.dir).await?;
        let sizes: Vec<usize> = stream::iter(users).map(|user| self.volume(user)).buffered(8).try_collect().await?;
        tokio::time::sleep(Duration::from_millis(1)).await;
        Ok(sizes.iter().sum())
    }

    pub async fn verify(&self, a: u32, b: u32) -> Result<bool, Error> {
        let (first, second) = tokio::try_join!(self.volume(a), self.volume(b))?;
        Ok(first == second)
    }

    pub async fn restore(&self, user: u32, to: &Path) -> Result<u64, Error> {
        let (old, new) = tokio::join!(self.shop.find_name(user), tokio::fs::read_to_string(to));
        let same = old == new.unwrap_or_default();
        if same {
            return Ok(0);
        }
        let bytes = tokio::fs::copy(self.dir.join(old), to).await?;
        Ok(bytes)
    }

    pub async fn archive(&self, orders: Vec<u32>, keep: &Path) -> Result<f64, Error> {
        let prices: Vec<f64> = stream::iter(orders).map(|order| self.shop.fetch_price(order)).buffer_unordered(4).try_collect().await?;
        let text = format!("{prices:?}");
        tokio::fs::write(keep, text).await?;
        Ok(prices.iter().sum())
    }

    pub async fn prune(&self, old: &Path) -> Result<(), Error> {
        tokio::fs::remove_file(old).await?;
        tokio::time::sleep(Duration::from_millis(2)).await;
        tokio::fs::remove_dir_all(&self.dir).await?;
        Ok(())
    }
}
