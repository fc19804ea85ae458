#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| quadruplex_mtproto::faketls::fuzzing::any_end(data));
