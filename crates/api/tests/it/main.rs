//! The generated types against the schema that they were generated from.

mod args;
mod depth;
#[rustfmt::skip]
mod generated;
mod peer_refs;
mod requests;
mod round_trip;
mod shapes;
