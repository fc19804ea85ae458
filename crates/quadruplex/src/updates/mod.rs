//! The way of an update: gap engine → lane → handler → done, over a journal that survives the process.

mod gap;
