//! An async toolkit for Tokio: bounded maps, batching, memoising, queues, loops.

mod backoff;
mod batcher;
mod concurrent;
mod errors;
mod flock;
mod limit;
mod limiter;
mod loops;
#[cfg(feature = "memo")]
mod memo;
mod race;
mod serial_queue;
mod set;
mod shared;
mod supervisor;
mod task;
#[cfg(feature = "terminal")]
mod terminal;
mod time;
mod waits;

pub use backoff::Backoff;
pub use batcher::{Batcher, BatcherBuilder, BatcherStats, Window};
pub use concurrent::{
    Concurrent, Gather, Items, Kept, Keyed, Memory, Source, Split, Try, TryAll, Unit, Unordered, Values, filter_concurrent,
    for_each_concurrent, join_all, map_concurrent, map_keys_concurrent, partition_concurrent, try_filter_concurrent,
    try_filter_concurrent_all, try_for_each_concurrent, try_for_each_concurrent_all, try_join_all, try_join_all_errors, try_map_concurrent,
    try_map_concurrent_all, try_map_keys_concurrent, try_map_keys_concurrent_all, try_partition_concurrent, try_partition_concurrent_all,
};
pub use errors::Errors;
pub use flock::{Flock, FlockError, FlockGuard, Lock, flock};
pub use futures_util::StreamExt;
pub use limit::{Limit, Unlimited, ZeroLimit};
pub use limiter::Limiter;
pub use loops::{AfterFailure, IntoNext, Loop, LoopHandle, Missed, Next, Resumed, SignalError, Signals, defer, delay, repeat};
#[cfg(feature = "memo")]
pub use memo::{Memo, MemoBuilder, MemoHandle, MemoStats};
pub use race::{Race, RaceAny, RaceOk, RaceOkN, Racers, race, race_ok, race_ok_n};
pub use serial_queue::{OnFailure, SerialCall, SerialError, SerialQueue};
pub use set::{FutureMap, FutureSet};
pub use shared::SharedError;
pub use supervisor::{Child, GaveUp, Restart, Supervisor};
pub use task::{
    BlockOnError, BoxError, ErrorSink, Origin, Outcome, Task, TaskError, TryTask, Unhandled, block_on, spawn, spawn_blocking, spawn_named,
    spawned, try_spawned,
};
#[cfg(feature = "terminal")]
pub use terminal::{ReadLineError, echo, read_line};
pub use time::{later, timeout_or};
pub use tokio::sync::SetOnce;
pub use tokio::time::{sleep, timeout};
pub use tokio::{join, try_join};
pub use tokio_util::sync::CancellationToken;
