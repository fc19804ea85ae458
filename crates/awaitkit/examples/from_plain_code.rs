//! "Integrating async and non-async functions": `block_on` from plain code; inside a runtime it is an error, never a deadlock.
//!
//! Proves: the value outside, the error inside, the value again where blocking is allowed.

use awaitkit::{block_on, spawn_blocking};

async fn join_async() -> &'static str {
    "Hello"
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("plain code: {}", block_on(join_async())?);

    let (inside, allowed) = block_on(async {
        // awaitlint: allow(block-on-in-async) shown on purpose: it is an error
        let inside = block_on(join_async()).map_err(|e| e.to_string());
        (inside, spawn_blocking(|| block_on(join_async()).map_err(|e| e.to_string())).await)
    })?;
    println!("inside a runtime: {inside:?}");
    println!("inside spawn_blocking: {:?}", allowed.as_ref());
    assert!(inside.unwrap_err().contains("inside a runtime"));
    assert_eq!(allowed?, Ok("Hello"));
    Ok(())
}
