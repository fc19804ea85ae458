//! "Consider batching": lookups that are made together travel together.
//!
//! Proves: three lookups, two round trips.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Mutex;

use awaitkit::{Batcher, SharedError, join};

static ROUND_TRIPS: Mutex<Vec<Vec<String>>> = Mutex::new(Vec::new());

type Lookup = Batcher<String, String, Infallible>;
type Found = Result<Option<String>, SharedError<Infallible>>;

async fn multi_key_lookup(mut keys: Vec<String>) -> Result<HashMap<String, String>, Infallible> {
    keys.sort();
    ROUND_TRIPS.lock().unwrap().push(keys.clone());
    Ok(keys.into_iter().map(|key| (key.clone(), format!("<{key}>"))).collect())
}

async fn b_one(batcher: &Lookup, key: &str) -> Found {
    match batcher.load(key.to_owned()).await? {
        Some(subkey) => batcher.load(subkey).await,
        None => Ok(None),
    }
}

async fn b_two(batcher: &Lookup, key: &str) -> Found {
    batcher.load(key.to_owned()).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let batcher = Batcher::builder(multi_key_lookup).build();
    let (one, two) = join!(b_one(&batcher, "hello"), b_two(&batcher, "world"));
    println!("{}\n{}", one.unwrap().unwrap(), two.unwrap().unwrap());
    let trips = ROUND_TRIPS.lock().unwrap();
    println!("{} lookups in {} round trips: {trips:?}", batcher.stats().lookups, trips.len());
    assert_eq!(*trips, [vec!["hello".to_owned(), "world".to_owned()], vec!["<hello>".to_owned()]]);
}
