use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};

use crate::{Error, Remote, Shop, User};

pub async fn dashboard<R: Remote>(shop: &Shop<R>, id: u32) -> Result<String, Error> {
    let (user, orders) = tokio::try_join!(shop.get_user(id), shop.list_orders(id))?;
    shop.notify(&user).await?;
    Ok(format!("{}: {}", user.name, orders.len()))
}

pub async fn names<R: Remote>(shop: &Shop<R>, a: u32, b: u32) -> String {
    let (first, second) = tokio::join!(shop.find_name(a), shop.find_name(b));
    shop.record("names").await;
    format!("{first} and {second}")
}

pub async fn author_page<R: Remote>(shop: &Shop<R>, id: u32) -> Result<String, Error> {
    let (user, rating, visits) = tokio::join!(shop.get_user(id), shop.rating(id), shop.count_visits());
    let (user, rating) = (user?, rating?);
    let friends = tokio::join!(shop.find_name(user.id + 1), shop.find_name(user.id + 2));
    Ok(format!("{} {rating} {visits} {}", user.name, friends.0))
}

pub async fn prices<R: Remote>(shop: &Shop<R>, user: u32) -> Result<Vec<f64>, Error> {
    let orders = shop.list_orders(user).await?;
    let prices: Vec<f64> = stream::iter(orders).map(|order| shop.fetch_price(order)).buffered(8).try_collect().await?;
    shop.record("prices").await;
    Ok(prices)
}

pub async fn search<R: Remote>(shop: &Shop<R>, ids: &[u32]) -> Vec<String> {
    let found: Vec<String> = stream::iter(ids).map(|id| shop.find_name(*id)).buffer_unordered(16).collect().await;
    found.into_iter().filter(|name| !name.is_empty()).collect()
}

pub async fn receipts<R: Remote>(shop: &Shop<R>, users: Vec<User>) -> Result<f64, Error> {
    let (ratings, visits) = tokio::join!(ratings(shop, &users), shop.count_visits());
    tokio::time::sleep(Duration::from_millis(visits.min(10))).await;
    for user in &users {
        shop.notify(user).await?;
    }
    Ok(ratings?.iter().sum())
}

async fn ratings<R: Remote>(shop: &Shop<R>, users: &[User]) -> Result<Vec<f64>, Error> {
    let all: Vec<f64> = stream::iter(users).map(|user| shop.rating(user.id)).buffered(4).try_collect().await?;
    Ok(all)
}
