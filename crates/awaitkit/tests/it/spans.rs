//! What a subscriber sees, with the feature `tracing`: the spans of our own, inside those of the caller.

use std::process::Command;
use std::sync::{Arc, Mutex};

use awaitkit::*;
use futures_util::FutureExt;
use tracing::{Instrument, info_span};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

/// The path of every span that was made, and the number of events.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<(Vec<String>, usize)>>);

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Seen {
    fn on_new_span(&self, _: &tracing::span::Attributes<'_>, id: &tracing::Id, context: Context<'_, S>) {
        let path: Vec<&str> = context.span_scope(id).unwrap().from_root().map(|span| span.name()).collect();
        self.0.lock().unwrap().0.push(path.join(" > "));
    }

    fn on_event(&self, _: &tracing::Event<'_>, _: Context<'_, S>) {
        self.0.lock().unwrap().1 += 1;
    }
}

/// Whether a place in the program makes spans is remembered for the whole process, and tests beside these have no subscriber: so they
/// run one after another in a process of their own.
#[test]
fn in_a_process_of_their_own() {
    let mut alone = Command::new(std::env::current_exe().unwrap());
    let run = alone.args(["spans::alone", "--test-threads=1"]).env("AWAITKIT_SPANS", "1").output().unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && said.contains("2 passed"), "{said}");
}

fn is_alone() -> bool {
    std::env::var("AWAITKIT_SPANS").is_ok()
}

#[tokio::test]
async fn alone_spans_of_the_caller_are_carried_into_tasks() {
    if !is_alone() {
        return;
    }
    let seen = Seen::default();
    let _here = tracing::subscriber::set_default(Registry::default().with(seen.clone()));
    async {
        let inside = |name| async move { info_span!("inside", name).in_scope(|| ()) };
        let batcher = Batcher::builder(move |keys: Vec<u8>| async move {
            inside("batch").await;
            Ok::<_, BoxError>(keys.into_iter().map(|key| (key, key)))
        });
        batcher.name("users").build().load(1).await.unwrap();
        let memo: Memo<u8, (), BoxError> = Memo::builder().name("names").build();
        memo.get(1, inside("miss").map(Ok)).await.unwrap();
        memo.get(1, async { Ok(()) }).await.unwrap(); // a hit makes no span
        spawn(inside("task")).await.unwrap();
        spawn_named("worker", inside("named")).await.unwrap();
        let work = Loop::on_demand(move || inside("run")).start("work");
        work.resume_and_wait().await;
    }
    .instrument(info_span!("caller"))
    .await;

    let mut paths = seen.0.lock().unwrap().0.clone();
    paths.sort();
    let expected = [
        "caller",
        "caller > batch",
        "caller > batch > inside",
        "caller > inside",
        "caller > miss",
        "caller > miss > inside",
        "caller > task",
        "caller > task > inside",
        "run",
        "run > inside",
    ];
    assert_eq!(paths, expected);
}

#[tokio::test]
async fn alone_unhandled_errors_are_events() {
    if !is_alone() {
        return;
    }
    let seen = Seen::default();
    let _here = tracing::subscriber::set_default(Registry::default().with(seen.clone()));
    spawn(async { Err::<(), _>("lost") }).detach();
    while seen.0.lock().unwrap().1 == 0 {
        later().await;
    }
}
