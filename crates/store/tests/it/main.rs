//! What the store promises, against real files, processes and a dead process.

mod backends;
mod crash;
mod damage;
mod lock;
mod session;
mod support;
mod writer;
