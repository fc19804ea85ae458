//! "Minimize undesired side effects": create and await close together, else what stands in between happens first.
//!
//! Proves: the order in both cases.

use std::cell::RefCell;

async fn curl_data(log: &RefCell<Vec<&'static str>>) {
    log.borrow_mut().push("request sent");
}

fn possible_side_effects(log: &RefCell<Vec<&'static str>>) {
    log.borrow_mut().push("side effect");
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let log = RefCell::new(Vec::new());
    let handle = curl_data(&log); // in Rust the request has not been sent yet
    possible_side_effects(&log);
    handle.await;
    println!("created early: {:?}", log.borrow());
    assert_eq!(log.take(), ["side effect", "request sent"]);

    curl_data(&log).await;
    possible_side_effects(&log);
    println!("awaited where it is created: {:?}", log.borrow());
    assert_eq!(log.take(), ["request sent", "side effect"]);
}
