use bytes::BytesMut;
use proptest::prelude::*;
use quadruplex_mtproto::framing::{ClientFramer, Frame, FrameError, Received, ServerFramer, Transport, fuzzing};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use crate::vectors::{Script, hex, records};

const TRANSPORTS: [Transport; 4] = [Transport::Abridged, Transport::Intermediate, Transport::PaddedIntermediate, Transport::Full];
const SECRET: [u8; 16] = [0x5e; 16];

fn seeded(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn silent() -> Script {
    Script::new([])
}

/// Every way in which a client can begin, with the secret that its server needs.
fn clients(rng: &mut dyn Rng) -> Vec<(ClientFramer, Option<[u8; 16]>)> {
    let mut clients: Vec<_> = TRANSPORTS.map(|transport| (ClientFramer::new(transport), None)).into();
    for transport in &TRANSPORTS[..3] {
        for secret in [None, Some(SECRET)] {
            clients.push((ClientFramer::obfuscated(*transport, -2, secret.as_ref(), rng).unwrap(), secret));
        }
    }
    clients
}

fn send(client: &mut ClientFramer, packet: &[u8], rng: &mut dyn Rng) -> Vec<u8> {
    let mut out = Vec::new();
    let frame = client.begin(&mut out);
    out.extend_from_slice(packet);
    client.finish(frame, &mut out, rng).unwrap();
    out
}

fn answer(server: &mut ServerFramer, packet: &[u8], rng: &mut dyn Rng) -> Vec<u8> {
    let mut out = Vec::new();
    let frame = server.begin(&mut out);
    out.extend_from_slice(packet);
    server.finish(frame, &mut out, rng).unwrap();
    out
}

fn input(bytes: &[u8]) -> BytesMut {
    BytesMut::from(bytes)
}

#[test]
fn frames_look_as_published() {
    let check = |transport, rng: &mut dyn Rng, packets: &[Vec<u8>], expected: &str| {
        let mut client = ClientFramer::new(transport);
        let wire: Vec<u8> = packets.iter().flat_map(|packet| send(&mut client, packet, rng)).collect();
        assert_eq!(wire, hex(expected), "{transport:?}");
    };
    let short = || vec![1; 8];
    check(Transport::Abridged, &mut silent(), &[short(), short()], "ef 02 0101010101010101 02 0101010101010101");
    check(Transport::Intermediate, &mut silent(), &[short(), short()], "eeeeeeee 08000000 0101010101010101 08000000 0101010101010101");
    check(Transport::PaddedIntermediate, &mut silent(), &[short()], "dddddddd 08000000 0101010101010101");
    // Sixteen random bytes are drawn; the last says how many of the others follow the packet.
    check(Transport::PaddedIntermediate, &mut Script::new([0xf3; 16]), &[short()], "dddddddd 0b000000 0101010101010101 f3f3f3");
    // The sums are those of Python's zlib.
    let two = "14000000 00000000 0101010101010101 f6c42e95  14000000 01000000 0101010101010101 99888b0e";
    check(Transport::Full, &mut silent(), &[short(), short()], two);

    let bytes = |count: usize| "01".repeat(count);
    check(Transport::Abridged, &mut silent(), &[vec![1; 504]], &format!("ef 7e {}", bytes(504)));
    check(Transport::Abridged, &mut silent(), &[vec![1; 508]], &format!("ef 7f7f0000 {}", bytes(508)));
    check(Transport::Abridged, &mut silent(), &[vec![1; 1 << 20]], &format!("ef 7f000004 {}", bytes(1 << 20)));
}

#[test]
fn obfuscated_streams_of_others() {
    for record in records(include_str!("vectors/obfuscation.txt")) {
        let transport = match record.text("transport") {
            "abridged" => Transport::Abridged,
            "intermediate" => Transport::Intermediate,
            _ => Transport::PaddedIntermediate,
        };
        let (dc, secret) = (record.text("dc").parse().unwrap(), record.array("secret"));
        let (packet, header) = (record.bytes("packet"), record.bytes("header"));
        let mut client = ClientFramer::obfuscated(transport, dc, secret.as_ref(), &mut Script::new(record.bytes("random"))).unwrap();
        let wire = send(&mut client, &packet, &mut silent());
        assert_eq!(wire, [header, record.bytes("to_server")].concat());

        let mut wire = input(&wire);
        let mut server = ServerFramer::accept_with(&mut wire, secret.as_ref()).unwrap().unwrap();
        assert_eq!((server.transport(), server.dc()), (transport, Some(dc)));
        assert_eq!(server.next(&mut wire).unwrap().unwrap().packet, packet);
        assert_eq!(answer(&mut server, &packet, &mut silent()), record.bytes("to_client"));
        assert_eq!(client.next(&mut input(&record.bytes("to_client"))), Ok(Some(Frame::Packet(input(&packet)))));
    }
}

#[test]
fn a_stream_cut_anywhere_needs_more_and_loses_nothing() {
    let rng = &mut seeded(1);
    for (mut client, secret) in clients(rng) {
        let packet = [7; 40];
        let wire = send(&mut client, &packet, rng);
        for cut in 0..wire.len() {
            // Whatever the server has taken of the first part, it needs nothing but the second.
            let mut stream = input(&wire[..cut]);
            let mut server = ServerFramer::accept_with(&mut stream, secret.as_ref()).unwrap();
            if let Some(server) = &mut server {
                assert_eq!(server.next(&mut stream), Ok(None), "{server:?} cut at {cut}");
            }
            stream.extend_from_slice(&wire[cut..]);
            let mut server = server.or_else(|| ServerFramer::accept_with(&mut stream, secret.as_ref()).unwrap()).unwrap();
            let received = server.next(&mut stream).unwrap().unwrap();
            assert_eq!(received.packet[..40], packet);
            assert!(stream.is_empty());
        }
        let mut stream = input(&wire);
        let mut server = ServerFramer::accept_with(&mut stream, secret.as_ref()).unwrap().unwrap();
        let back = answer(&mut server, &packet, rng);
        let mut stream = BytesMut::new();
        for (index, byte) in back.iter().enumerate() {
            assert_eq!(client.next(&mut stream), Ok(None), "{client:?} has {index} bytes");
            let rest = back.len() - index;
            assert!(client.lacks() == rest || index < 4 && client.lacks() == 0, "{client:?} lacks {rest}");
            stream.extend_from_slice(&[*byte]);
        }
        let Some(Frame::Packet(received)) = client.next(&mut stream).unwrap() else { panic!("no packet") };
        assert_eq!(received[..40], packet);
    }
}

#[test]
fn one_packet_may_be_taken_at_a_time() {
    let rng = &mut seeded(6);
    for (mut client, secret) in clients(rng) {
        let wire: Vec<u8> = (1..4).flat_map(|byte| send(&mut client, &[byte; 40], rng)).collect();
        let (first, second) = wire.split_at(wire.len() - 50);
        let mut stream = input(first);
        let mut server = ServerFramer::accept_with(&mut stream, secret.as_ref()).unwrap().unwrap();
        let mut next = |stream: &mut BytesMut| server.next(stream).unwrap().unwrap().packet[..40].to_vec();
        assert_eq!(next(&mut stream), [1; 40]);
        stream.extend_from_slice(second);
        assert_eq!([next(&mut stream), next(&mut stream)], [[2; 40], [3; 40]]);
    }
}

#[test]
fn first_bytes_that_are_no_client() {
    let check =
        |bytes: &[u8], expected: FrameError| assert_eq!(ServerFramer::accept(&mut input(bytes)).err(), Some(expected), "{bytes:02x?}");
    for start in [b"GET ", b"POST", b"HEAD", b"OPTI"] {
        check(start, FrameError::OtherProtocol("HTTP"));
    }
    check(&[0x16, 0x03, 0x01, 0x02], FrameError::OtherProtocol("TLS"));
    check(&[0x11; 64], FrameError::UnknownTransport);

    let rng = &mut seeded(2);
    let mut client = ClientFramer::obfuscated(Transport::Intermediate, 2, Some(&SECRET), rng).unwrap();
    check(&send(&mut client, &[0; 40], rng), FrameError::UnknownTransport);
    assert_eq!(ClientFramer::obfuscated(Transport::Full, 2, None, rng).err(), Some(FrameError::NotObfuscatable));
}

#[test]
fn headers_never_look_like_something_else() {
    let rng = &mut seeded(3);
    let starts: [&[u8]; 9] =
        [b"HEAD", b"POST", b"GET ", b"OPTI", &[0x16, 3, 1, 2], &[0xdd; 4], &[0xee; 4], &[0xef], &[9, 9, 9, 9, 0, 0, 0, 0]];
    for start in starts {
        let mut random = [0x33; 64];
        random[..start.len()].copy_from_slice(start);
        let mut client = ClientFramer::obfuscated(Transport::Abridged, 2, None, &mut Script::new(random)).unwrap();
        let mut wire = input(&send(&mut client, &[1; 40], rng));
        let mut server = ServerFramer::accept(&mut wire).unwrap().unwrap();
        assert_eq!(server.dc(), Some(2), "{start:02x?} was taken for something else");
        assert_eq!(server.next(&mut wire).unwrap().unwrap().packet, &[1; 40][..]);
    }
}

#[test]
fn frames_that_cannot_be() {
    let client = |transport, bytes: &str, expected: FrameError| {
        assert_eq!(ClientFramer::new(transport).next(&mut input(&hex(bytes))), Err(expected), "{transport:?} {bytes}");
    };
    client(Transport::Abridged, "00", FrameError::Length(0));
    client(Transport::Abridged, "7f 01004000", FrameError::TooLong { len: (16 << 20) + 4, max: 16 << 20 });
    client(Transport::Abridged, "01 01000000", FrameError::Length(4)); // a positive number is no error code
    client(Transport::Intermediate, "00000000", FrameError::Length(0));
    client(Transport::Intermediate, "29000000", FrameError::Length(41));
    client(Transport::Intermediate, "04000001", FrameError::TooLong { len: (16 << 20) + 4, max: 16 << 20 });
    client(Transport::PaddedIntermediate, "03000000", FrameError::Length(3));
    client(Transport::PaddedIntermediate, "01000001", FrameError::TooLong { len: (16 << 20) + 1, max: 16 << 20 });
    client(Transport::Full, "0c000000", FrameError::Length(12));
    client(Transport::Full, "13000000", FrameError::Length(19));
    client(Transport::Full, "04000001", FrameError::TooLong { len: (16 << 20) + 4, max: 16 << 20 });
    let (computed, announced) = (0x952e_c4f6, 0x952e_c4f7);
    client(Transport::Full, "14000000 00000000 0101010101010101 f7c42e95", FrameError::Checksum { computed, announced });
    client(Transport::Full, "14000000 01000000 0101010101010101 99888b0e", FrameError::Sequence { expected: 0, got: 1 });
}

#[test]
fn a_server_may_allow_less_than_a_client() {
    for transport in TRANSPORTS {
        let (mut client, rng) = (ClientFramer::new(transport), &mut silent());
        let mut wire = input(&send(&mut client, &[1; 1000], rng));
        let mut server = ServerFramer::accept(&mut wire).unwrap().unwrap().max_frame(1012);
        assert_eq!(server.next(&mut wire).unwrap().unwrap().packet.len(), 1000);
        let mut wire = input(&send(&mut client, &[1; 1016], rng));
        assert!(matches!(server.next(&mut wire), Err(FrameError::TooLong { max: 1012, .. })), "{transport:?}");
    }
}

#[test]
fn what_cannot_be_framed_leaves_no_trace() {
    for transport in TRANSPORTS {
        let mut client = ClientFramer::new(transport);
        let mut out = Vec::new();
        for (packet, expected) in [(&[][..], Ok(())), (&[1; 41], Err(FrameError::Length(41)))] {
            let frame = client.begin(&mut out);
            let start = out.clone();
            out.extend_from_slice(packet);
            assert_eq!(client.finish(frame, &mut out, &mut silent()), expected);
            assert!(out.len() <= start.len(), "{transport:?} left {out:02x?}");
        }
        // The tag has been written once, and the numbers of full frames have not moved.
        out.extend(send(&mut client, &[1; 40], &mut silent()));
        assert_eq!(out, send(&mut ClientFramer::new(transport), &[1; 40], &mut silent()));
    }
}

#[test]
fn refusals_and_quick_acknowledgements_arrive() {
    let rng = &mut seeded(4);
    for (mut client, secret) in clients(rng) {
        let mut wire = Vec::new();
        let frame = client.begin(&mut wire);
        wire.extend_from_slice(&[1; 40]);
        client.finish_with_quick_ack(frame, &mut wire, rng).unwrap();
        let mut wire = input(&wire);
        let mut server = ServerFramer::accept_with(&mut wire, secret.as_ref()).unwrap().unwrap();
        let knows_quick_acks = server.transport() != Transport::Full;
        let Received { packet, quick_ack } = server.next(&mut wire).unwrap().unwrap();
        assert_eq!((&packet[..40], quick_ack), (&[1; 40][..], knows_quick_acks));

        let mut back = Vec::new();
        server.quick_ack(0x1234_5678, &mut back);
        server.transport_error(-429, &mut back);
        let mut back = input(&back);
        if knows_quick_acks {
            assert_eq!(client.next(&mut back), Ok(Some(Frame::QuickAck(0x9234_5678))));
        }
        assert_eq!(client.next(&mut back), Ok(Some(Frame::TransportError(-429))));
        assert_eq!(client.next(&mut back), Ok(None));
    }
}

#[test]
fn refusals_of_other_servers_are_understood() {
    let check = |transport, bytes: &str, expected| assert_eq!(ClientFramer::new(transport).next(&mut input(&hex(bytes))), Ok(expected));
    // Some servers write the code alone, three times, where a full frame should be.
    check(Transport::Full, "53feffff 53feffff 53feffff", Some(Frame::TransportError(-429)));
    check(Transport::Intermediate, "04000000 6cfeffff", Some(Frame::TransportError(-404)));
    // A tail behind the code, and a zero that means nothing, with one and without.
    check(Transport::PaddedIntermediate, "07000000 6cfeffff aabbcc", Some(Frame::TransportError(-404)));
    check(Transport::PaddedIntermediate, "09000000 ffffffff 78563492 aa", Some(Frame::QuickAck(0x9234_5678)));
    check(Transport::PaddedIntermediate, "06000000 00000000 aabb", Some(Frame::Nothing));
    check(Transport::Intermediate, "04000000 00000000", Some(Frame::Nothing));
}

proptest! {
    #[test]
    fn packets_arrive_whole_however_the_stream_is_cut(
        words in prop::collection::vec(6_usize..600, 1..8),
        cuts in prop::collection::vec(1_usize..700, 1..30),
        seed: u64,
    ) {
        let rng = &mut seeded(seed);
        let packets: Vec<Vec<u8>> = words.iter().map(|len| {
            let mut packet = vec![0; len * 4];
            rng.fill_bytes(&mut packet);
            packet
        }).collect();
        for (mut client, secret) in clients(rng) {
            // To the server…
            let mut wire: Vec<u8> = packets.iter().flat_map(|packet| send(&mut client, packet, rng)).collect();
            let (mut stream, mut server, mut received) = (BytesMut::new(), None, Vec::new());
            for part in pieces(&wire, &cuts) {
                stream.extend_from_slice(part);
                if server.is_none() {
                    server = ServerFramer::accept_with(&mut stream, secret.as_ref()).unwrap();
                }
                let Some(server) = &mut server else { continue };
                while let Some(Received { packet, .. }) = server.next(&mut stream).unwrap() {
                    received.push(packet);
                }
            }
            let mut server = server.unwrap();
            let tail = if server.transport() == Transport::PaddedIntermediate { 15 } else { 0 };
            check_packets(&received, &packets, tail)?;

            // …and back.
            wire.clear();
            for packet in &packets {
                let frame = server.begin(&mut wire);
                wire.extend_from_slice(packet);
                server.finish(frame, &mut wire, rng).unwrap();
            }
            let (mut stream, mut received) = (BytesMut::new(), Vec::new());
            for part in pieces(&wire, &cuts) {
                stream.extend_from_slice(part);
                while let Some(frame) = client.next(&mut stream).unwrap() {
                    let Frame::Packet(packet) = frame else { panic!("{frame:?}") };
                    received.push(packet);
                }
            }
            check_packets(&received, &packets, tail)?;
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(data: Vec<u8>) {
        fuzzing::client(&data);
        fuzzing::server(&data);
    }

    #[test]
    fn any_bytes_behind_a_good_start_are_read_without_a_panic(start in 0_usize..10, data: Vec<u8>) {
        let rng = &mut seeded(5);
        let (mut client, _) = clients(rng).swap_remove(start);
        fuzzing::server(&[send(&mut client, &[1; 40], rng), data].concat());
    }
}

/// `wire` in pieces of these lengths, over and over.
fn pieces<'a>(mut wire: &'a [u8], lengths: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
    lengths.iter().cycle().map_while(move |length| {
        let (piece, rest) = wire.split_at((*length).min(wire.len()));
        wire = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

fn check_packets(received: &[BytesMut], sent: &[Vec<u8>], tail: usize) -> Result<(), TestCaseError> {
    prop_assert_eq!(received.len(), sent.len());
    for (received, sent) in received.iter().zip(sent) {
        prop_assert!(received.starts_with(sent) && received.len() <= sent.len() + tail);
    }
    Ok(())
}
