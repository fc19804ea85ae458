//! A name that many ask for at once is looked up once, and remembered for a minute.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use awaitkit::{BoxError, Memo, limit, map_concurrent};
use server_examples::Result;
use tokio::net::lookup_host;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    let lookups = Arc::new(AtomicUsize::new(0));
    let names: Memo<String, Vec<IpAddr>, BoxError> = Memo::builder().ttl(Duration::from_secs(60)).build();
    let asked = map_concurrent(0..100, limit!(100), async |_| {
        let counted = Arc::clone(&lookups);
        let look_up = async move {
            counted.fetch_add(1, Ordering::Relaxed);
            let found = lookup_host(("localhost", 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        };
        names.get("localhost".to_owned(), look_up).await
    });
    for addresses in asked.await {
        assert!(addresses?.iter().all(IpAddr::is_loopback));
    }
    println!("DNS: 100 asked, {} lookup", lookups.load(Ordering::Relaxed));
    assert_eq!(lookups.load(Ordering::Relaxed), 1);
    Ok(())
}
