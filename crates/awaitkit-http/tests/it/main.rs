//! Against servers and proxies of our own, which count.

mod chains;
mod contents;
mod real;
mod routes;
mod server;
mod tls;
