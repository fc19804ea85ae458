//! Bodies for fuzz targets. Whatever the bytes: no panic, no endless loop, nothing from nothing.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use quadruplex_crypto::AuthKey;
use quadruplex_crypto::message::{HEADER, Side, encrypt_in_place};
use quadruplex_tl::Serialize;

use crate::framing::fuzzing::Zero;
use crate::message::{self, Message};
use crate::server::ServerSalts;
use crate::{Now, Service, client, packet, server};

const NOW: Now = Now { mono: Duration::ZERO, wall: Duration::from_secs(1_700_000_000) };
const SESSION: i64 = 0;

/// Reads `data` as what stands in an envelope: a container, something packed, a service message.
pub fn body(data: &[u8]) {
    let outer = Message { msg_id: 1, seq_no: 0, body: Bytes::copy_from_slice(data) };
    let Ok(mut messages) = message::open(outer, usize::MAX) else { return };
    let (inner, mut taken) = (messages.inner_ids().count(), 0);
    assert!(inner * 16 <= 16 << 20, "more messages than bytes");
    while let Ok(Some(message)) = messages.next() {
        read_service(&message.body);
        taken += 1;
    }
    assert!(taken <= inner.max(1), "more messages than there are");
}

/// Unpacks `data`, and packs it.
pub fn gzip(data: &[u8]) {
    let data = Bytes::copy_from_slice(data);
    if let Ok(unpacked) = message::gunzip(data.clone()) {
        assert!(unpacked.len() <= (16 << 20).max(data.len()), "a bomb");
    }
    let packed = message::gzip(data.clone());
    assert!(packed.len() <= data.len());
    if packed != data {
        assert_eq!(message::gunzip(packed).as_ref(), Ok(&data));
    }
}

/// Gives `data` to a client in session, as what a server has encrypted: header, message and padding.
pub fn client(data: &[u8]) {
    let mut session = client::Session::new(key(), client::KeyState::default(), Bytes::new(), &mut Zero, NOW);
    session.connected(NOW);
    session.call(Bytes::from_static(&[1; 8]), client::CallOptions::default());
    let mut out = Vec::new();
    while session.poll_transmit(NOW, &mut Zero, &mut out) {}
    for packet in packets(data, Side::Server) {
        let _ = session.handle_packet(packet, NOW, &mut Zero);
    }
    let mut packets = 0;
    while session.poll_transmit(NOW, &mut Zero, &mut out) {
        packets += 1;
        assert!(packets <= 8 + data.len(), "it never stops talking");
        out.clear();
    }
    while session.poll_event().is_some() {}
    session.handle_timeout(NOW, &mut Zero);
}

/// Gives `data` to a server in session, as what a client has encrypted.
pub fn server(data: &[u8]) {
    let mut session = server::Session::new(key(), SESSION, ServerSalts::new(0, NOW.wall), &mut Zero);
    session.connected();
    for packet in packets(data, Side::Client) {
        if let Ok(opened) = packet::open(&key(), Side::Client, packet) {
            let _ = session.handle_message(opened, NOW);
        }
    }
    while let Some(event) = session.poll_event() {
        if let server::Event::Request { msg_id, body } = event {
            session.answer(msg_id, body, true, NOW);
        }
    }
    let mut out = Vec::new();
    let mut packets = 0;
    while session.poll_transmit(NOW, &mut Zero, &mut out) {
        packets += 1;
        assert!(packets <= 8 + data.len(), "it never stops talking");
        out.clear();
    }
}

fn read_service(body: &[u8]) {
    if let Ok(Some(service)) = Service::read(body) {
        assert_eq!(Service::read(&service.to_bytes()), Ok(Some(service)), "was read, is not read again");
    }
}

fn key() -> AuthKey {
    AuthKey::from_bytes(&[7; 256])
}

/// Two messages out of `data`, split at its first byte, encrypted under headers that are right as far as `data` does not say
/// otherwise: no fuzzer finds a session id or a time by itself.
fn packets(data: &[u8], from: Side) -> Vec<BytesMut> {
    let Some((at, rest)) = data.split_first() else { return Vec::new() };
    let (first, second) = rest.split_at(usize::from(*at).min(rest.len()));
    let time = (NOW.wall.as_secs() as i64) << 32;
    let bodies = [first, second].into_iter().enumerate();
    let seal = |(number, body): (usize, &[u8])| {
        let mut out = vec![0; HEADER];
        0_i64.serialize(&mut out);
        SESSION.serialize(&mut out);
        let residue = if from == Side::Client { 0 } else { 1 };
        (time + 4096 * (number as i64 + 1) + residue).serialize(&mut out);
        (2 * number as i32 + 1).serialize(&mut out);
        (body.len() as u32).serialize(&mut out);
        out.extend_from_slice(body);
        out.resize((out.len() - HEADER + 12).next_multiple_of(16) + HEADER, 0);
        encrypt_in_place(&key(), from, &mut out).ok().map(|()| BytesMut::from(&out[..]))
    };
    bodies.filter_map(seal).collect()
}
