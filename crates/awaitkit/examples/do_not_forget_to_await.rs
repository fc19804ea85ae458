//! "Don't forget to await": what a future that nobody awaits does. In Hack that is undefined; in Rust it does nothing.
//!
//! Proves: nothing is spoken before the await, everything with it, and a detached task needs no await.

use std::sync::{Arc, Mutex};

use awaitkit::{later, spawn};

type Spoken = Arc<Mutex<Vec<&'static str>>>;

async fn speak(spoken: Spoken) {
    let say = |word| spoken.lock().unwrap().push(word);
    say("one");
    later().await;
    say("two");
    say("three");
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let spoken = Spoken::default();

    let handle = speak(Arc::clone(&spoken)); // just a future: it has not started
    later().await;
    println!("not awaited: {:?}", spoken.lock().unwrap());
    assert!(spoken.lock().unwrap().is_empty());

    // awaitlint: allow(late-await) shown on purpose: until here nothing has run
    handle.await;
    println!("awaited: {:?}", spoken.lock().unwrap());
    assert_eq!(*spoken.lock().unwrap(), ["one", "two", "three"]);

    spoken.lock().unwrap().clear();
    spawn(speak(Arc::clone(&spoken))).detach();
    // awaitlint: allow(busy-poll) counts what a detached task has said; it ends within three rounds
    while spoken.lock().unwrap().len() < 3 {
        later().await;
    }
    println!("detached: {:?}", spoken.lock().unwrap());
}
