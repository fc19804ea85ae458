use std::path::Path;

use futures::{StreamExt, TryStreamExt, stream};

use crate::{Error, Remote, Shop};

pub async fn overview<R: Remote>(shop: &Shop<R>, id: u32, log: &Path) -> Result<String, Error> {
    let (user, orders, log) = tokio::join!(shop.get_user(id), shop.list_orders(id), tokio::fs::read_to_string(log));
    let (user, orders) = (user?, orders?);
    shop.record("overview").await;
    Ok(format!("{} {} {}", user.name, orders.len(), log?.len()))
}

pub async fn audit<R: Remote>(shop: &Shop<R>, users: &[u32], to: &Path) -> Result<usize, Error> {
    let names: Vec<String> = stream::iter(users).map(|user| shop.find_name(*user)).buffered(8).collect().await;
    let report = names.join("\n");
    tokio::fs::write(to, report).await?;
    shop.record("audit").await;
    Ok(names.len())
}

pub async fn digest<R: Remote>(shop: &Shop<R>, users: Vec<u32>, orders: Vec<u32>) -> Result<f64, Error> {
    let ratings: Vec<f64> = stream::iter(users).map(|user| shop.rating(user)).buffered(4).try_collect().await?;
    let prices: Vec<f64> = stream::iter(orders).map(|order| shop.fetch_price(order)).buffer_unordered(4).try_collect().await?;
    shop.record("digest").await;
    Ok(ratings.iter().sum::<f64>() + prices.iter().sum::<f64>())
}

pub async fn close_account<R: Remote>(shop: &Shop<R>, id: u32, home: &Path) -> Result<(), Error> {
    let (user, visits) = tokio::join!(shop.get_user(id), shop.count_visits());
    let user = user?;
    shop.notify(&user).await?;
    tokio::fs::remove_dir_all(home).await?;
    shop.record(&format!("closed after {visits}")).await;
    Ok(())
}
