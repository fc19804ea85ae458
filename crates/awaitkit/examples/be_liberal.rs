//! "Be liberal, but careful, with async": an `async fn` that never waits is ready at its first poll and allocates nothing.
//!
//! Proves: one poll, no waiting.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

fn hello() -> &'static str {
    "Hello"
}

async fn hello_async() -> &'static str {
    "Hello"
}

fn main() {
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(said) = pin!(hello_async()).poll(&mut cx) else { panic!("it waits for nothing") };
    println!("{} (plain), {said} (async): ready at the first poll", hello());
    assert_eq!(said, hello());
    println!("size of its future: {} byte", size_of_val(&hello_async()));
    assert_eq!(size_of_val(&hello_async()), 1);
}
