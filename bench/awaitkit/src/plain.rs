//! What it costs to make a function async that never waits.

use std::hint::black_box;

use crate::{Case, OURS, runtime};

pub const CASES: [Case; 2] = [
    Case { group: "async fn without waiting", name: OURS, run: |n| runtime().block_on(asynchronous(n)) },
    Case { group: "async fn without waiting", name: "plain fn", run: |n| runtime().block_on(synchronous(n)) },
];

#[inline(never)]
fn plain(n: usize) -> usize {
    black_box(n) + 1
}

#[inline(never)]
async fn hello(n: usize) -> usize {
    black_box(n) + 1
}

async fn synchronous(items: usize) {
    for n in 0..items {
        black_box(plain(n));
    }
}

async fn asynchronous(items: usize) {
    for n in 0..items {
        black_box(hello(n).await);
    }
}
