//! Against servers and proxies of our own, which count.

mod contents;
mod routes;
mod server;
