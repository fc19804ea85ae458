//! Both ends of the protocol against each other.

mod framing;
mod simulation;
mod vectors;
