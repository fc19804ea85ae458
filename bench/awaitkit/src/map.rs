//! Maps with at most 64 futures at once, and joins without a limit. All give the values in the order of the input.

use std::hint::black_box;

use awaitkit::{Unlimited, limit};
use futures::{StreamExt, stream};
use futures_buffered::BufferedStreamExt;
use futures_concurrency::prelude::*;
use tokio::task::{JoinSet, yield_now};

use crate::{Case, OURS, runtime};

pub const CASES: [Case; 14] = [
    Case { group: "map, ready", name: OURS, run: |n| run(ours(n, ready), n) },
    Case { group: "map, ready", name: "futures buffered", run: |n| run(buffered(n, ready), n) },
    Case { group: "map, ready", name: "futures-buffered buffered_ordered", run: |n| run(buffered_ordered(n, ready), n) },
    Case { group: "map, ready", name: "futures-concurrency co", run: |n| run(co(n, ready), n) },
    Case { group: "map, ready", name: "tokio JoinSet", run: |n| run(join_set(n, ready), n) },
    Case { group: "map, one wake-up", name: OURS, run: |n| run(ours(n, woken), n) },
    Case { group: "map, one wake-up", name: "futures buffered", run: |n| run(buffered(n, woken), n) },
    Case { group: "map, one wake-up", name: "futures-buffered buffered_ordered", run: |n| run(buffered_ordered(n, woken), n) },
    Case { group: "map, one wake-up", name: "futures-concurrency co", run: |n| run(co(n, woken), n) },
    Case { group: "map, one wake-up", name: "tokio JoinSet", run: |n| run(join_set(n, woken), n) },
    Case { group: "join all", name: OURS, run: |n| run(awaitkit::join_all((0..n).map(woken), Unlimited), n) },
    Case { group: "join all", name: "futures join_all", run: |n| run(futures::future::join_all((0..n).map(woken)), n) },
    Case {
        group: "join all",
        name: "futures-buffered join_all (no budget)",
        run: |n| run(futures_buffered::join_all((0..n).map(woken)), n),
    },
    Case { group: "join all", name: "futures-concurrency join", run: |n| run((0..n).map(woken).collect::<Vec<_>>().join(), n) },
];

fn run(future: impl Future<Output = Vec<usize>>, items: usize) {
    assert_eq!(black_box(runtime().block_on(future)).len(), items);
}

async fn ready(n: usize) -> usize {
    black_box(n) + 1
}

async fn woken(n: usize) -> usize {
    yield_now().await;
    black_box(n) + 1
}

async fn ours<Fut: Future<Output = usize>>(items: usize, work: fn(usize) -> Fut) -> Vec<usize> {
    awaitkit::map_concurrent(0..items, limit!(64), work).await
}

async fn buffered<Fut: Future<Output = usize>>(items: usize, work: fn(usize) -> Fut) -> Vec<usize> {
    stream::iter(0..items).map(work).buffered(64).collect().await
}

async fn buffered_ordered<Fut: Future<Output = usize>>(items: usize, work: fn(usize) -> Fut) -> Vec<usize> {
    stream::iter(0..items).map(work).buffered_ordered(64).collect().await
}

async fn co<Fut: Future<Output = usize>>(items: usize, work: fn(usize) -> Fut) -> Vec<usize> {
    stream::iter(0..items).co().limit(std::num::NonZeroUsize::new(64)).map(work).collect().await
}

async fn join_set<Fut: Future<Output = usize> + Send + 'static>(items: usize, work: fn(usize) -> Fut) -> Vec<usize> {
    let mut set = JoinSet::new();
    let mut values = vec![0; items];
    let mut keep = |done: Option<Result<(usize, usize), _>>| {
        let (index, value) = done.expect("one is running").expect("none panics");
        values[index] = value;
    };
    for index in 0..items {
        if set.len() == 64 {
            keep(set.join_next().await);
        }
        let work = work(index);
        set.spawn(async move { (index, work.await) });
    }
    while !set.is_empty() {
        keep(set.join_next().await);
    }
    values
}
