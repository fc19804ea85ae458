//! A value that is remembered, and one that is not.

use std::convert::Infallible;
use std::hint::black_box;

use async_singleflight::Group;
use awaitkit::Memo;
use cached::macros::cached;
use moka::{future, sync};

use crate::{Case, OURS, runtime};

pub const CASES: [Case; 8] = [
    Case { group: "memo, hit", name: OURS, run: |n| runtime().block_on(ours(n, |_| 1)) },
    Case { group: "memo, hit", name: "moka future try_get_with", run: |n| runtime().block_on(moka_future(n, |_| 1, false)) },
    Case { group: "memo, hit", name: "moka sync get", run: moka_sync },
    Case { group: "memo, hit", name: "cached (every caller runs)", run: |n| runtime().block_on(cached_macro(n, |_| 1)) },
    Case { group: "memo, miss", name: OURS, run: |n| runtime().block_on(ours(n, |n| n)) },
    Case { group: "memo, miss", name: "moka future, work in a task", run: |n| runtime().block_on(moka_future(n, |n| n, true)) },
    Case { group: "memo, miss", name: "cached (work in the caller, not once)", run: |n| runtime().block_on(cached_macro(n, |n| n)) },
    Case { group: "memo, miss", name: "async_singleflight (keeps nothing)", run: |n| runtime().block_on(singleflight(n)) },
];

async fn work(n: usize) -> Result<usize, Infallible> {
    Ok(black_box(n) + 1)
}

async fn ours(items: usize, key: fn(usize) -> usize) {
    let memo = Memo::builder().max_entries(100_000).build();
    for n in 0..items {
        let key = key(n);
        black_box(memo.get(key, work(key)).await.expect("work does not fail"));
    }
}

async fn moka_future(items: usize, key: fn(usize) -> usize, in_task: bool) {
    let cache = future::Cache::new(100_000);
    for n in 0..items {
        let key = key(n);
        let init = async move {
            match in_task {
                true => tokio::spawn(work(key)).await.expect("work does not panic"),
                false => work(key).await,
            }
        };
        black_box(cache.try_get_with(key, init).await.expect("work does not fail"));
    }
}

fn moka_sync(items: usize) {
    let cache = sync::Cache::new(100_000);
    cache.insert(1, 2);
    for _ in 0..items {
        black_box(cache.get(&1));
    }
}

#[cached(max_size = 100_000)]
async fn remembered(n: usize) -> usize {
    black_box(n) + 1
}

async fn cached_macro(items: usize, key: fn(usize) -> usize) {
    for n in 0..items {
        black_box(remembered(key(n)).await);
    }
}

async fn singleflight(items: usize) {
    let group: Group<usize, usize, Infallible> = Group::new();
    for n in 0..items {
        black_box(group.work(&n, work(n)).await.expect("work does not fail"));
    }
}
