//! The contract of the store, on each of them.

use std::pin::Pin;
use std::sync::Arc;

use quadruplex_store::Store;
use quadruplex_store::contract::{Backend, check};

use crate::support::{Place, places};

impl Backend for Place {
    fn open(&self, name: &str) -> Pin<Box<dyn Future<Output = Arc<dyn Store>> + '_>> {
        let name = name.to_owned();
        Box::pin(async move { Place::open(self, &name).await })
    }
}

#[tokio::test]
async fn every_store_keeps_the_contract() {
    for place in places("contract") {
        eprintln!("{}", place.kind);
        check(&place).await;
    }
}
