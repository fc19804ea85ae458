//! Bodies for fuzz targets. Whatever the bytes: no panic, no endless loop, nothing from nothing.

use std::sync::OnceLock;

use bytes::BytesMut;

use super::{Hello, Records, answer};
use crate::framing::fuzzing::Zero;

const SECRET: [u8; 16] = [7; 16];
const NOW: u32 = 1_800_000_000;

/// Reads `data` as a server's answer, as a client's hello and as records.
pub fn any_end(data: &[u8]) {
    static HELLO: OnceLock<Hello> = OnceLock::new();
    let hello = HELLO.get_or_init(|| Hello::new(&SECRET, "example.org", NOW, &mut Zero).0);
    assert_ne!(hello.accept(&SECRET, &mut BytesMut::from(data)), Ok(true), "an answer by one who does not know the secret");
    let answered = answer(&SECRET, "example.org", NOW, &mut BytesMut::from(data), &mut Zero);
    assert!(!matches!(answered, Ok(Some(_))), "a hello by one who does not know the secret");
    let (mut input, mut read) = (BytesMut::from(data), BytesMut::new());
    let _ = Records::server().unwrap(&mut input, &mut read);
    assert!(read.len() + input.len() <= data.len(), "data from nothing");
}
