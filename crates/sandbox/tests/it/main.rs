//! Tests of the sandbox.

mod world;
