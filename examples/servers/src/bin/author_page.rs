//! The page of an author, with every extension at once: PostgreSQL knows the posts, memcached their texts, Redis the comments, MariaDB the
//! names of those who commented, and the portrait comes over HTTP.
//!
//! Each chain of dependent steps is a function, each bundle of independent ones is a `join!` or a map; every lookup goes through a batcher. So
//! the page needs three rounds of waiting, however many posts it has.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use awaitkit::{Batcher, join, limit, try_join, try_map_concurrent};
use awaitkit_http::Http;
use awaitkit_memcached::{Error as CacheError, Expires, Memcached};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use server_examples::{Result, Rounds, patient, server};
use sqlx::mysql::MySqlPoolOptions;
use sqlx::postgres::PgPoolOptions;
use sqlx::{MySqlPool, PgPool, QueryBuilder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

struct Site {
    rounds: Rounds,
    posts: PgPool,
    texts: Batcher<String, Vec<u8>, CacheError>,
    commenters: Batcher<i64, Vec<i64>, redis::RedisError>,
    names: Batcher<i64, String, sqlx::Error>,
    http: Http,
    portraits: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    let servers = ["POSTGRES", "MYSQL", "REDIS", "MEMCACHED"].map(|name| server(&format!("QUADRUPLEX_TEST_{name}")));
    let [Some(postgres), Some(mysql), Some(redis), Some(memcached)] = servers else { return Ok(()) };
    // Pools of one, since no request to a server waits for another to the same.
    let pools = (PgPoolOptions::new().max_connections(1), MySqlPoolOptions::new().max_connections(1));
    let (posts, people) = try_join!(pools.0.connect(&postgres), pools.1.connect(&mysql))?;
    let comments = patient(&redis::Client::open(redis)?).await?;
    let cache = Memcached::new([memcached.split(',').next().unwrap_or_default()])?;
    fill(&posts, &people, comments.clone(), &cache).await?;

    let rounds = Rounds::default();
    let [of_comments, of_names] = [rounds.clone(), rounds.clone()];
    let (loader, served) = (people.clone(), Arc::new(AtomicUsize::new(0)));
    let site = Site {
        rounds: rounds.clone(),
        posts,
        texts: counted_texts(cache.clone(), rounds.clone()),
        commenters: Batcher::builder(move |posts| counted(&of_comments, commenters(comments.clone(), posts))).build(),
        names: Batcher::builder(move |ids| counted(&of_names, names(loader.clone(), ids))).build(),
        http: Http::new()?,
        portraits: serve_portraits(served.clone()).await?,
    };
    let page = page(&site, 7).await?;
    print!("{page}");
    assert_eq!(page, "portrait of 7\npost 1: text 1 (Ada, Bob)\npost 2: text 2 (Bob, Eve)\npost 3: text 3 (Eve, Ada)\n");

    println!("{} requests in {} rounds", rounds.requests(), rounds.rounds());
    assert_eq!(rounds.requests(), 5, "one to each server; step by step it would have been 14");
    assert_eq!(rounds.rounds(), 3, "posts and portrait; texts and comments; names");
    let connections = (site.posts.size(), people.size(), cache.stats()[0].connections, served.load(Ordering::Relaxed));
    assert_eq!(connections, (1, 1, 1, 1), "one to each server, and Redis has no other");
    Ok(())
}

/// The loader of a batcher, whose requests are counted.
fn counted<T, F: Future<Output = T>>(rounds: &Rounds, request: F) -> impl Future<Output = T> + use<T, F> {
    let rounds = rounds.clone();
    async move { rounds.count(request).await }
}

/// First round: the posts, and the portrait beside them. The other two are in the parts of the page.
async fn page(site: &Site, author: i64) -> Result<String> {
    let posts = async {
        let ids = sqlx::query_scalar::<_, i64>("SELECT id FROM example_posts WHERE author = $1 ORDER BY id").bind(author);
        let ids = site.rounds.count(ids.fetch_all(&site.posts)).await?;
        try_map_concurrent(ids, limit!(16), async |id| post(site, id).await).await
    };
    let portrait = async { Ok(site.rounds.count(site.http.file_get_contents(format!("{}/{author}", site.portraits))).await?) };
    let (posts, portrait) = try_join!(posts, portrait)?;
    Ok(format!("{}\n{}", String::from_utf8_lossy(&portrait), posts.concat()))
}

/// Second round: text and comments of all posts. Third round: the names of all who commented.
async fn post(site: &Site, id: i64) -> Result<String> {
    let (text, commenters) = join!(site.texts.load(format!("example:post:{id}")), site.commenters.load(id));
    let names = try_map_concurrent(commenters?.unwrap_or_default(), limit!(16), async |person| site.names.load(person).await).await?;
    let names: Vec<String> = names.into_iter().flatten().collect();
    Ok(format!("post {id}: {} ({})\n", String::from_utf8_lossy(&text?.unwrap_or_default()), names.join(", ")))
}

fn counted_texts(cache: Memcached, rounds: Rounds) -> Batcher<String, Vec<u8>, CacheError> {
    Batcher::with_key_errors(move |keys: Vec<String>| {
        let (cache, rounds) = (cache.clone(), rounds.clone());
        async move {
            let texts = rounds.count(cache.get_many(&keys)).await;
            Ok(keys.into_iter().zip(texts).filter_map(|(key, text)| Some((key, text.transpose()?))).collect::<Vec<_>>())
        }
    })
    .build()
}

async fn commenters(mut comments: MultiplexedConnection, posts: Vec<i64>) -> redis::RedisResult<HashMap<i64, Vec<i64>>> {
    let keys: Vec<String> = posts.iter().map(|id| format!("example:comments:{id}")).collect();
    let lists: Vec<Option<String>> = comments.mget(keys).await?;
    let ids = |list: String| list.split(' ').filter_map(|id| id.parse().ok()).collect();
    Ok(posts.into_iter().zip(lists).filter_map(|(post, list)| Some((post, ids(list?)))).collect())
}

async fn names(people: MySqlPool, ids: Vec<i64>) -> sqlx::Result<Vec<(i64, String)>> {
    let mut query = QueryBuilder::new("SELECT id, name FROM example_people WHERE id IN (");
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(id);
    }
    query.push(")").build_query_as().fetch_all(&people).await
}

async fn fill(posts: &PgPool, people: &MySqlPool, mut comments: MultiplexedConnection, cache: &Memcached) -> Result {
    sqlx::query("DROP TABLE IF EXISTS example_posts").execute(posts).await?;
    sqlx::query("CREATE TABLE example_posts AS SELECT id, 7::bigint AS author FROM generate_series(1::bigint, 3) AS id")
        .execute(posts)
        .await?;
    sqlx::query("CREATE TABLE IF NOT EXISTS example_people (id BIGINT PRIMARY KEY, name VARCHAR(40) NOT NULL)").execute(people).await?;
    sqlx::query("REPLACE INTO example_people VALUES (1, 'Ada'), (2, 'Bob'), (3, 'Eve')").execute(people).await?;
    for (id, list) in [(1, "1 2"), (2, "2 3"), (3, "3 1")] {
        let () = comments.set(format!("example:comments:{id}"), list).await?;
        cache.set(format!("example:post:{id}"), format!("text {id}"), Expires::Never).await?;
    }
    Ok(())
}

/// A web server with portraits.
async fn serve_portraits(connections: Arc<AtomicUsize>) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    awaitkit::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            connections.fetch_add(1, Ordering::Relaxed);
            let mut request = vec![0; 1024];
            let length = stream.read(&mut request).await.unwrap_or(0);
            let text = String::from_utf8_lossy(&request[..length]).into_owned();
            let id = text.split([' ', '/']).nth(2).unwrap_or_default();
            let body = format!("portrait of {id}");
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    })
    .detach();
    Ok(url)
}
