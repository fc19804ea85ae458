//! Lookups of rows, made one by one and wherever they are needed, as one query of MariaDB or MySQL.

use awaitkit::{Batcher, join, limit, map_concurrent};
use server_examples::{Result, server};
use sqlx::mysql::MySqlPoolOptions;
use sqlx::{MySqlPool, QueryBuilder};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    let Some(url) = server("QUADRUPLEX_TEST_MYSQL") else { return Ok(()) };
    let pool = MySqlPoolOptions::new().max_connections(1).connect(&url).await?;
    sqlx::query("CREATE TABLE IF NOT EXISTS example_users (id BIGINT PRIMARY KEY, name VARCHAR(40) NOT NULL)").execute(&pool).await?;
    let mut fill = QueryBuilder::new("REPLACE INTO example_users ");
    fill.push_values(1..=50_i64, |mut row, id| {
        row.push_bind(id).push_bind(format!("user {id}"));
    });
    fill.build().execute(&pool).await?;

    let before = (selects(&pool).await?, connections(&pool).await?);
    let loader = pool.clone();
    let users = Batcher::builder(move |ids: Vec<i64>| names(loader.clone(), ids)).build();
    let (names, nobody) = join!(map_concurrent(1..=50, limit!(64), async |id| users.load(id).await), users.load(999));
    assert!(names.into_iter().zip(1..).all(|(name, id)| name.unwrap() == Some(format!("user {id}"))));
    assert_eq!(nobody?, None);

    // The server's own counts: queries of this connection, connections of anybody.
    let (queries, more) = (selects(&pool).await? - before.0, connections(&pool).await? - before.1);
    println!("MariaDB: 51 lookups in {queries} query over {} connection", pool.size());
    assert_eq!((queries, pool.size(), more), (1, 1, 0));
    Ok(())
}

async fn names(pool: MySqlPool, ids: Vec<i64>) -> sqlx::Result<Vec<(i64, String)>> {
    let mut query = QueryBuilder::new("SELECT id, name FROM example_users WHERE id IN (");
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(id);
    }
    query.push(")").build_query_as().fetch_all(&pool).await
}

async fn selects(pool: &MySqlPool) -> Result<u64> {
    let (_, count): (String, String) = sqlx::query_as("SHOW SESSION STATUS LIKE 'Com_select'").fetch_one(pool).await?;
    Ok(count.parse()?)
}

async fn connections(pool: &MySqlPool) -> Result<u64> {
    let (_, count): (String, String) = sqlx::query_as("SHOW GLOBAL STATUS LIKE 'Connections'").fetch_one(pool).await?;
    Ok(count.parse()?)
}
