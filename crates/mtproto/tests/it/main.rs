//! Both ends of the protocol against each other.

mod faketls;
mod framing;
mod fuzz_smoke;
mod handshake;
mod handshake_fuzz;
mod handshake_published;
mod polling;
mod service;
mod simulation;
mod strictness;
mod vectors;
