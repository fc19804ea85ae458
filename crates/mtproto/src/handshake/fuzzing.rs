//! Bodies for fuzz targets. Whatever the bytes: no panic, no endless loop, and no key out of nothing.

use std::time::Duration;

use quadruplex_crypto::rsa::{PrivateKey, PublicKey};

use super::messages::{ClientDhInner, Message, ServerDhInner};
use super::secrets::{NewNonce, Nonces};
use super::{ClientConfig, ClientHandshake, ClientStep, ServerConfig, ServerHandshake, ServerStep, plain};
use crate::Now;
use crate::framing::fuzzing::Zero;

const NOW: Now = Now { mono: Duration::ZERO, wall: Duration::from_secs(1_700_000_000) };

/// Gives `data`, split at its first byte, to a client as the first and the second answer.
pub fn client(data: &[u8]) {
    let config = ClientConfig { keys: vec![PublicKey::sandbox()], dc: Some(2), expires_in: None };
    let (_, mut client) = ClientHandshake::start(&mut Zero);
    for body in two(data) {
        client = match client.handle(body, &config, NOW, &mut Zero) {
            Ok(ClientStep::Send { next, .. }) => next,
            Ok(ClientStep::Done(_)) => unreachable!("a key needs three answers"),
            Err(_) => return,
        };
    }
}

/// Gives `data`, split at its first byte, to a server as two requests behind a good start.
pub fn server(data: &[u8]) {
    let config = ServerConfig { keys: vec![PrivateKey::sandbox()], dc: Some(2) };
    let (start, _) = ClientHandshake::start(&mut Zero);
    let mut server = ServerHandshake::new();
    for body in std::iter::once(&start[..]).chain(two(data)) {
        server = match server.handle(body, &config, NOW, &mut Zero) {
            Ok(ServerStep::Send { next, .. }) => next,
            Ok(ServerStep::Agreed(_)) => unreachable!("a key needs a secret of the client"),
            Err(_) => return,
        };
    }
}

/// Reads `data` as what is inside the encrypted parts, which no fuzzer can encrypt, and as a plain message.
pub fn inner(data: &[u8]) {
    super::server::fuzz_inner(data);
    let nonces = Nonces { nonce: [0; 16], server_nonce: [0; 16], new_nonce: NewNonce::random(&mut Zero) };
    let _ = nonces.decrypt::<ServerDhInner>(data.to_vec(), "");
    let _ = super::messages::parse::<ServerDhInner>(data);
    let _ = super::messages::parse::<ClientDhInner>(data);
    if let Ok((_, body)) = plain::unwrap(data) {
        assert!(body.len() + plain::HEADER <= data.len());
    }
    // What can be read is written the same.
    if let Ok(message) = super::messages::parse::<ServerDhInner>(data) {
        assert_eq!(super::messages::parse(&message.to_bytes()), Ok(message));
    }
}

fn two(data: &[u8]) -> [&[u8]; 2] {
    let Some((at, rest)) = data.split_first() else { return [data; 2] };
    let (first, second) = rest.split_at(usize::from(*at).min(rest.len()));
    [first, second]
}
