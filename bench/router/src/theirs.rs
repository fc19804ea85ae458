//! The same handlers for teloxide: through the tree alone, and through its dispatcher, which gets the updates from a stream.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::stream;
use serde_json::json;
use teloxide::dispatching::{Dispatcher, UpdateFilterExt, UpdateHandler};
use teloxide::dptree;
use teloxide::error_handlers::IgnoringErrorHandlerSafe;
use teloxide::prelude::{Bot, Message, Update};
use teloxide::stop::mk_stop_token;
use teloxide::update_listeners::StatefulListener;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::{Cost, HANDLERS, Meter, Result, TEXT};

pub(crate) struct Theirs {
    update: Update,
    handled: Arc<AtomicUsize>,
}

async fn handle(_: Message, handled: Arc<AtomicUsize>) -> std::result::Result<(), Infallible> {
    handled.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

fn tree() -> UpdateHandler<Infallible> {
    (0..HANDLERS).fold(Update::filter_message(), |tree, number| {
        let text = format!("word {number}");
        tree.branch(dptree::filter(move |message: Message| message.text() == Some(text.as_str())).endpoint(handle))
    })
}

impl Theirs {
    pub(crate) fn new() -> Self {
        // As text: the number of an update has to come first.
        let update = format!(
            r#"{{"update_id":1,"message":{{"message_id":1,"date":1700000000,
            "chat":{{"id":7,"type":"private","first_name":"Alice"}},
            "from":{{"id":7,"is_bot":false,"first_name":"Alice"}},"text":"{TEXT}"}}}}"#
        );
        let update = serde_json::from_str(&update).expect("the Bot API's form of a message");
        Self { update, handled: Arc::default() }
    }

    /// What the dispatcher does for each update, without the dispatcher.
    pub(crate) async fn route(&self, count: usize) -> Result<Cost> {
        let (tree, bot) = (tree(), Bot::new("1:token"));
        let dependencies = dptree::deps![Arc::clone(&self.handled), bot];
        let updates = vec![self.update.clone(); count];
        let before = self.handled.load(Ordering::Relaxed);
        let meter = Meter::start();
        for update in updates {
            let mut dependencies = dependencies.clone();
            dependencies.insert(update);
            let _ = tree.dispatch(dependencies).await;
        }
        let cost = meter.cost(count);
        assert_eq!(self.handled.load(Ordering::Relaxed) - before, count);
        Ok(cost)
    }

    pub(crate) async fn dispatch(&self, count: usize) -> Result<Cost> {
        let bot = Bot::new("1:token").set_api_url(bot_api().await?.parse()?);
        let dependencies = dptree::deps![Arc::clone(&self.handled)];
        let mut dispatcher = Dispatcher::builder(bot, tree()).dependencies(dependencies).build();
        let updates = vec![self.update.clone(); count];
        let (token, _flag) = mk_stop_token();
        let listener =
            StatefulListener::new(stream::iter(updates.into_iter().map(Ok as fn(_) -> _)), borrowed, move |_: &mut _| token.clone());
        let before = self.handled.load(Ordering::Relaxed);
        let meter = Meter::start();
        dispatcher.dispatch_with_listener(listener, Arc::new(IgnoringErrorHandlerSafe)).await;
        let cost = meter.cost(count);
        assert_eq!(self.handled.load(Ordering::Relaxed) - before, count);
        Ok(cost)
    }
}

type Updates = stream::Iter<std::iter::Map<std::vec::IntoIter<Update>, fn(Update) -> std::result::Result<Update, Infallible>>>;

/// A closure would not be for every lifetime.
fn borrowed(updates: &mut Updates) -> &mut Updates {
    updates
}

/// A Bot API that knows who the bot is, which the dispatcher asks before it begins.
async fn bot_api() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let me = json!({ "ok": true, "result": {
                "id": 1, "is_bot": true, "first_name": "Bot", "username": "bot",
                "can_join_groups": true, "can_read_all_group_messages": false, "supports_inline_queries": false,
                "can_connect_to_business": false, "has_main_web_app": false,
            }})
            .to_string();
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{me}",
                me.len()
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    Ok(format!("http://{address}"))
}
