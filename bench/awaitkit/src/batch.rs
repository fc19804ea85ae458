//! Different keys, 1,000 at once, one batch for them.

use std::collections::HashMap;
use std::convert::Infallible;

use async_graphql::dataloader::{DataLoader, Loader};
use awaitkit::{Batcher, Unlimited, limit};
use batch_aint_one::{BatchingPolicy, Limits, Processor};
use dataloader::{BatchFn, cached, non_cached};

use crate::{Case, OURS, runtime};

pub const CASES: [Case; 5] = [
    Case { group: "batch, keys", name: OURS, run: |n| runtime().block_on(ours(n)) },
    Case { group: "batch, keys", name: "dataloader", run: |n| runtime().block_on(dataloader(n)) },
    Case { group: "batch, keys", name: "dataloader, cached", run: |n| runtime().block_on(dataloader_cached(n)) },
    Case { group: "batch, keys", name: "async-graphql", run: |n| runtime().block_on(async_graphql(n)) },
    Case { group: "batch, keys", name: "batch-aint-one (joins no keys)", run: |n| runtime().block_on(aint_one(n)) },
];

async fn rounds(items: usize, mut round: impl AsyncFnMut(std::ops::Range<u64>)) {
    for begin in (0..items as u64).step_by(1_000) {
        round(begin..(begin + 1_000).min(items as u64)).await;
    }
}

async fn ours(items: usize) {
    let batcher = Batcher::builder(async |keys: Vec<u64>| Ok::<_, Infallible>(keys.into_iter().map(|key| (key, key + 1))))
        .max_size(limit!(1_000))
        .build();
    rounds(items, async |keys| {
        let found = awaitkit::join_all(keys.map(|key| batcher.load(key)), Unlimited).await;
        assert!(found.into_iter().all(|one| one.is_ok()));
    })
    .await;
}

struct Next;

impl BatchFn<u64, u64> for Next {
    async fn load(&mut self, keys: &[u64]) -> HashMap<u64, u64> {
        keys.iter().map(|key| (*key, key + 1)).collect()
    }
}

async fn dataloader(items: usize) {
    let loader = non_cached::Loader::new(Next).with_max_batch_size(1_000);
    rounds(items, async |keys| {
        let found = awaitkit::join_all(keys.map(|key| loader.try_load(key)), Unlimited).await;
        assert!(found.into_iter().all(|one| one.is_ok()));
    })
    .await;
}

async fn dataloader_cached(items: usize) {
    let loader = cached::Loader::new(Next).with_max_batch_size(1_000);
    rounds(items, async |keys| {
        let found = awaitkit::join_all(keys.map(|key| loader.try_load(key)), Unlimited).await;
        assert!(found.into_iter().all(|one| one.is_ok()));
    })
    .await;
}

impl Loader<u64> for Next {
    type Value = u64;
    type Error = Infallible;

    async fn load(&self, keys: &[u64]) -> Result<HashMap<u64, u64>, Infallible> {
        Ok(keys.iter().map(|key| (*key, key + 1)).collect())
    }
}

async fn async_graphql(items: usize) {
    let loader = DataLoader::new(Next, tokio::spawn).max_batch_size(1_000);
    rounds(items, async |keys| {
        let found = awaitkit::join_all(keys.map(|key| loader.load_one(key)), Unlimited).await;
        assert!(found.into_iter().all(|one| one.is_ok()));
    })
    .await;
}

#[derive(Clone, Debug)]
struct NextOfEach;

impl Processor for NextOfEach {
    type Key = ();
    type Input = u64;
    type Output = u64;
    type Error = String;
    type Resources = ();

    async fn acquire_resources(&self, (): ()) -> Result<(), String> {
        Ok(())
    }

    async fn process(&self, (): (), inputs: impl Iterator<Item = u64> + Send, (): ()) -> Result<Vec<u64>, String> {
        Ok(inputs.map(|key| key + 1).collect())
    }
}

async fn aint_one(items: usize) {
    let batcher = batch_aint_one::Batcher::builder()
        .name("keys")
        .processor(NextOfEach)
        .limits(Limits::builder().max_batch_size(1_000).build())
        .batching_policy(BatchingPolicy::Size)
        .build();
    let items = items.next_multiple_of(1_000); // it waits until a batch is full
    rounds(items, async |keys| {
        let found = awaitkit::join_all(keys.map(|key| batcher.add((), key)), Unlimited).await;
        assert!(found.into_iter().all(|one| one.is_ok()));
    })
    .await;
}
