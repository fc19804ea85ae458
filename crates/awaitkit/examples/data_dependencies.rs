//! "Considering data dependencies is important": the page of an author. Each chain of dependent steps is a function, each bundle of
//! independent ones is a `join!` or a map.
//!
//! Proves: two rounds of waiting (ids; then texts and counts together), where step by step it would be seven.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use awaitkit::{join, limit, map_concurrent, sleep};
use tokio::time::Instant;

const ROUND_TRIP: Duration = Duration::from_millis(100);
static QUERIES: AtomicU32 = AtomicU32::new(0);

struct PostData {
    text: String,
}

async fn query() {
    QUERIES.fetch_add(1, Ordering::Relaxed);
    sleep(ROUND_TRIP).await;
}

async fn fetch_all_post_ids_for_author(_author: u32) -> Vec<u32> {
    query().await;
    vec![4, 53, 99]
}

async fn fetch_post_data(post: u32) -> PostData {
    query().await;
    PostData { text: format!("post {post}") }
}

async fn fetch_comment_count(post: u32) -> u32 {
    query().await;
    post % 50
}

async fn fetch_page_data(author: u32) -> Vec<(PostData, u32)> {
    let posts = fetch_all_post_ids_for_author(author).await;
    map_concurrent(posts, limit!(16), async |post| join!(fetch_post_data(post), fetch_comment_count(post))).await
}

async fn generate_page(author: u32) -> String {
    let posts = fetch_page_data(author).await;
    posts.iter().map(|(post, comments)| format!("{} {comments}\n", post.text)).collect()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    tokio::time::pause();
    let begin = Instant::now();
    let page = generate_page(13324).await;
    let rounds = begin.elapsed().as_millis() / ROUND_TRIP.as_millis();
    let queries = QUERIES.load(Ordering::Relaxed);
    print!("{page}");
    println!("{queries} queries in {rounds} rounds of waiting");
    assert_eq!(page, "post 4 4\npost 53 3\npost 99 49\n");
    assert_eq!((queries, rounds), (7, 2));
}
