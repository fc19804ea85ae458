//! Against servers and proxies of our own, which count.

mod contents;
mod real;
mod routes;
mod server;
