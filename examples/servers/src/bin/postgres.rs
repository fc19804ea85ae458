//! Lookups of rows, made one by one and wherever they are needed, as one query of PostgreSQL.

use awaitkit::{Batcher, join, limit, map_concurrent};
use server_examples::{Result, server};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    let Some(url) = server("QUADRUPLEX_TEST_POSTGRES") else { return Ok(()) };
    // A name by which the server knows the connections of this run.
    let name = format!("example {}", std::process::id());
    let options = url.parse::<PgConnectOptions>()?.application_name(&name);
    let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await?;
    sqlx::query("DROP TABLE IF EXISTS example_users").execute(&pool).await?;
    let create = "CREATE TABLE example_users AS SELECT id, 'user ' || id AS name FROM generate_series(1::bigint, 50) AS id";
    sqlx::query(create).execute(&pool).await?;

    let before = scans(&pool).await?;
    let loader = pool.clone();
    let users = Batcher::builder(move |ids: Vec<i64>| names(loader.clone(), ids)).build();
    let (names, nobody) = join!(map_concurrent(1..=50, limit!(64), async |id| users.load(id).await), users.load(999));
    assert!(names.into_iter().zip(1..).all(|(name, id)| name.unwrap() == Some(format!("user {id}"))));
    assert_eq!(nobody?, None);

    // The server's own count of queries, which it keeps for each connection and adds up when told to: a query reads the small table once.
    let queries = scans(&pool).await? - before;
    let connections = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1";
    let connections: i64 = sqlx::query_scalar(connections).bind(&name).fetch_one(&pool).await?;
    println!("PostgreSQL: 51 lookups in {queries} query over {connections} connection");
    assert_eq!((queries, connections), (1, 1));
    Ok(())
}

async fn names(pool: PgPool, ids: Vec<i64>) -> sqlx::Result<Vec<(i64, String)>> {
    sqlx::query_as("SELECT id, name FROM example_users WHERE id = ANY($1)").bind(ids).fetch_all(&pool).await
}

async fn scans(pool: &PgPool) -> sqlx::Result<i64> {
    sqlx::query("SELECT pg_stat_force_next_flush()").execute(pool).await?;
    let count = "SELECT seq_scan + coalesce(idx_scan, 0) FROM pg_stat_user_tables WHERE relname = 'example_users'";
    sqlx::query_scalar(count).fetch_one(pool).await
}
