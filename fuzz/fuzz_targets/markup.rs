#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| quadruplex_markup::fuzzing::markup(data));
