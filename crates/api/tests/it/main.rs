//! The generated types against the schema that they were generated from.

mod args;
#[rustfmt::skip]
mod generated;
mod peer_refs;
mod requests;
mod round_trip;
mod shapes;
