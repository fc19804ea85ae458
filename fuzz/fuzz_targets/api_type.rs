#![no_main]
// The body and its tables stand beside the tests of the types, which need them too.
#![allow(dead_code, unused_imports, reason = "the shared file has tests that a fuzz target does not run")]

#[path = "../../crates/api/tests/it/generated/mod.rs"]
mod generated;
#[path = "../../crates/api/tests/it/round_trip.rs"]
mod round_trip;

libfuzzer_sys::fuzz_target!(|data: &[u8]| round_trip::any_type(data));
