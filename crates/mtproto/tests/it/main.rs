//! Both ends of the protocol against each other.

mod simulation;
