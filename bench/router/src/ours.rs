//! Handlers of ours, which get the update by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use quadruplex::api::{enums, types};
use quadruplex::prelude::{Chat, Handler, Router, State, Text, filter};
use quadruplex::router::{Handlers, Update};

use crate::server::{Mailbox, Server, message};
use crate::{Cost, HANDLERS, Meter, Result, TEXT};

pub(crate) struct Ours {
    handlers: Handlers,
    raw: enums::Update,
    handled: Arc<AtomicUsize>,
    _server: Server,
}

async fn handle(_: Text, _: Chat, State(handled): State<Arc<AtomicUsize>>) {
    handled.fetch_add(1, Ordering::Relaxed);
}

impl Ours {
    pub(crate) async fn new() -> Result<Self> {
        let handled = Arc::new(AtomicUsize::new(0));
        let filtered = |number| handle.when(filter::text(format!("word {number}")));
        let router = (0..HANDLERS).fold(Router::new(), |router, number| router.on_message(filtered(number)));
        let server = Server::start(None, Mailbox::default()).await?;
        let handlers = Handlers::new(router.state(Arc::clone(&handled)), &server.client).await?;
        Ok(Self {
            handlers,
            raw: types::UpdateNewMessage { message: message(7, 1, TEXT), pts: 1, pts_count: 1 }.into(),
            handled,
            _server: server,
        })
    }

    pub(crate) async fn route(&self, count: usize) -> Result<Cost> {
        let update = self.handlers.update(self.raw.clone());
        self.run(count, || update.clone()).await
    }

    pub(crate) async fn make_and_route(&self, count: usize) -> Result<Cost> {
        let mut raw = vec![self.raw.clone(); count];
        self.run(count, || self.handlers.update(raw.pop().unwrap_or_else(|| self.raw.clone()))).await
    }

    async fn run(&self, count: usize, mut update: impl FnMut() -> Update) -> Result<Cost> {
        let before = self.handled.load(Ordering::Relaxed);
        let meter = Meter::start();
        for _ in 0..count {
            self.handlers.handle(&update()).await?;
        }
        let cost = meter.cost(count);
        assert_eq!(self.handled.load(Ordering::Relaxed) - before, count);
        Ok(cost)
    }
}
