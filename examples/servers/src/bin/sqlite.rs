//! Lookups of rows, made one by one and wherever they are needed, as one query of SQLite.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use awaitkit::{Batcher, join, limit, map_concurrent};
use server_examples::Result;
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{QueryBuilder, SqlitePool};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    // In memory, so it lives as long as its one connection.
    let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await?;
    sqlx::query("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL)").execute(&pool).await?;
    for id in 1..=50_i64 {
        sqlx::query("INSERT INTO users VALUES (?, ?)").bind(id).bind(format!("user {id}")).execute(&pool).await?;
    }

    let queries = Arc::new(AtomicUsize::new(0));
    let (counted, loader) = (Arc::clone(&queries), pool.clone());
    let users = Batcher::builder(move |ids: Vec<i64>| {
        counted.fetch_add(1, Ordering::Relaxed);
        names(loader.clone(), ids)
    })
    .build();

    let (names, nobody) = join!(map_concurrent(1..=50, limit!(64), async |id| users.load(id).await), users.load(999));
    assert!(names.into_iter().zip(1..).all(|(name, id)| name.unwrap() == Some(format!("user {id}"))));
    assert_eq!(nobody?, None);
    let (queries, connections) = (queries.load(Ordering::Relaxed), pool.size());
    println!("SQLite: 51 lookups in {queries} query over {connections} connection");
    assert_eq!((queries, connections), (1, 1));
    Ok(())
}

async fn names(pool: SqlitePool, ids: Vec<i64>) -> sqlx::Result<Vec<(i64, String)>> {
    let mut query = QueryBuilder::new("SELECT id, name FROM users WHERE id IN (");
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(id);
    }
    query.push(")").build_query_as().fetch_all(&pool).await
}
