//! An async toolkit for Tokio: bounded maps, batching, memoising, queues, loops.
