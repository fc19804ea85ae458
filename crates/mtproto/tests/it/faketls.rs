//! FakeTLS: the hello through other people's eyes, both ends of the handshake, records.

use bytes::BytesMut;
use proptest::prelude::*;
use quadruplex_crypto::hash::sha256;
use quadruplex_mtproto::faketls::{Answered, FakeTlsError, Hello, MAX_SKEW, Records, answer};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use tls_parser::{
    TlsClientHelloContents, TlsExtension, TlsMessage, TlsMessageHandshake, parse_tls_client_hello_extensions, parse_tls_plaintext,
};

const SECRET: [u8; 16] = [0x5e; 16];
const DOMAIN: &str = "www.example.org";
const NOW: u32 = 1_800_000_000;

fn seeded(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn is_grease(word: u16) -> bool {
    word & 0x0f0f == 0x0a0a && word >> 8 == word & 0xff
}

/// The fingerprint by which such hellos are told apart (<https://github.com/FoxIO-LLC/ja4>, technical_details/JA4.md).
fn ja4(hello: &TlsClientHelloContents<'_>, extensions: &[TlsExtension<'_>], numbers: &[u16]) -> String {
    let hex = |words: &[u16]| words.iter().map(|word| format!("{word:04x}")).collect::<Vec<_>>().join(",");
    let digest = |text: String| sha256(&[text.as_bytes()])[..6].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut ciphers: Vec<u16> = hello.ciphers.iter().map(|cipher| cipher.0).filter(|cipher| !is_grease(*cipher)).collect();
    ciphers.sort_unstable();
    let count = numbers.iter().filter(|number| !is_grease(**number)).count();
    let mut sorted: Vec<u16> = numbers.iter().copied().filter(|number| !is_grease(*number) && ![0, 16].contains(number)).collect();
    sorted.sort_unstable();
    let signatures = extensions.iter().find_map(|extension| match extension {
        TlsExtension::SignatureAlgorithms(signatures) => Some(signatures.clone()),
        _ => None,
    });
    let third = digest(format!("{}_{}", hex(&sorted), hex(&signatures.unwrap())));
    format!("t13d{:02}{count:02}h2_{}_{third}", ciphers.len(), digest(hex(&ciphers)))
}

#[test]
fn the_hello_is_that_of_a_browser_in_order_and_lengths() {
    let (mut orders, mut lengths) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    for seed in 0..64 {
        let (_, record) = Hello::new(&SECRET, DOMAIN, NOW, &mut seeded(seed));
        let (rest, parsed) = parse_tls_plaintext(&record).expect("a TLS record");
        assert!(rest.is_empty() && parsed.msg.len() == 1);
        assert_eq!((parsed.hdr.version.0, record[9], record[10]), (0x0301, 3, 3));
        let TlsMessage::Handshake(TlsMessageHandshake::ClientHello(hello)) = &parsed.msg[0] else { panic!("{:?}", parsed.msg) };
        assert_eq!(hello.session_id.map(<[u8]>::len), Some(32));
        assert_eq!(hello.comp.iter().map(|compression| compression.0).collect::<Vec<_>>(), [0]);
        let ciphers: Vec<u16> = hello.ciphers.iter().map(|cipher| cipher.0).collect();
        assert!(is_grease(ciphers[0]));
        let expect =
            [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035];
        assert_eq!(ciphers[1..], expect);

        let bytes = hello.ext.expect("extensions");
        let (rest, extensions) = parse_tls_client_hello_extensions(bytes).expect("extensions that can be read");
        assert!(rest.is_empty());
        let mut numbers = Vec::new();
        let mut at = bytes;
        while !at.is_empty() {
            let length = usize::from(u16::from_be_bytes([at[2], at[3]]));
            numbers.push((u16::from_be_bytes([at[0], at[1]]), &at[4..4 + length]));
            at = &at[4 + length..];
        }
        // GREASE stands first, empty, and last, with one zero; the two differ.
        let ((first, empty), (last, zero)) = (numbers[0], numbers[17]);
        assert!(is_grease(first) && is_grease(last) && first != last && empty.is_empty() && zero == [0]);
        let only: Vec<u16> = numbers.iter().map(|(number, _)| *number).collect();
        // Published by FoxIO for Chrome: <https://github.com/FoxIO-LLC/ja4>; the same from version 133 to 149.
        assert_eq!(ja4(hello, &extensions, &only), "t13d1516h2_8daaf6152771_d8a2da3f94cd");
        orders.insert(only[1..17].to_vec());

        let content = |number: u16| numbers.iter().find(|(other, _)| *other == number).expect("an extension").1;
        let names: Vec<_> =
            extensions.iter().filter_map(|extension| if let TlsExtension::SNI(names) = extension { Some(names) } else { None }).collect();
        assert_eq!(names[0][0].1, DOMAIN.as_bytes());
        let shares = content(51);
        let group = &content(10)[2..4];
        assert_eq!((shares.len(), &shares[2..4], &shares[4..7]), (1263, group, &[0, 1, 0][..]));
        assert_eq!(shares[7..11], [0x11, 0xec, 0x04, 0xc0], "X25519MLKEM768 with 1184 + 32 bytes");
        assert_eq!(shares[11 + 1216..][..4], [0, 0x1d, 0, 32]);
        for pair in shares[11..11 + 1152].chunks(3) {
            let (a, b) = (u16::from(pair[0]) | u16::from(pair[1] & 15) << 8, u16::from(pair[1] >> 4) | u16::from(pair[2]) << 4);
            assert!(a < 3329 && b < 3329, "a coefficient of ML-KEM");
        }
        let ech = content(0xfe0d);
        assert_eq!((ech[..5].to_vec(), ech[6..8].to_vec()), (vec![0, 0, 1, 0, 1], vec![0, 32]));
        lengths.insert(ech.len() - 42);
        assert_eq!(content(0x44cd), b"\x00\x03\x02h2");
    }
    assert!(orders.len() > 60, "the order is drawn");
    assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [144, 176, 208, 240]);
}

#[test]
fn both_ends_agree_and_every_prefix_waits_for_more() {
    let rng = &mut seeded(1);
    let (hello, sent) = Hello::new(&SECRET, DOMAIN, NOW, rng);
    for length in 0..sent.len() {
        assert_eq!(answer(&SECRET, DOMAIN, NOW, &mut BytesMut::from(&sent[..length]), rng), Ok(None), "{length}");
    }
    let mut input = BytesMut::from(&[&sent[..], b"more"].concat()[..]);
    let Answered { random, bytes: answered } = answer(&SECRET, DOMAIN, NOW, &mut input, rng).unwrap().unwrap();
    assert_eq!((random, &input[..]), (*hello.random(), &b"more"[..]));
    for length in 0..answered.len() {
        assert_eq!(hello.accept(&SECRET, &mut BytesMut::from(&answered[..length])), Ok(false), "{length}");
    }
    let mut input = BytesMut::from(&[&answered[..], b"more"].concat()[..]);
    assert_eq!((hello.accept(&SECRET, &mut input), &input[..]), (Ok(true), &b"more"[..]));
}

#[test]
fn who_has_another_secret_time_or_domain_is_told_apart() {
    let rng = &mut seeded(2);
    let (hello, sent) = Hello::new(&SECRET, DOMAIN, NOW, rng);
    let check = |secret, domain, now, expect| {
        let answered = answer(secret, domain, now, &mut BytesMut::from(&sent[..]), &mut seeded(3)).map(|answer| answer.is_some());
        assert_eq!(answered, expect);
    };
    let skew = MAX_SKEW as u32;
    check(&SECRET, DOMAIN, NOW + skew, Ok(true));
    check(&SECRET, DOMAIN, NOW - skew, Ok(true));
    check(&SECRET, DOMAIN, NOW + skew + 1, Err(FakeTlsError::WrongTime(-MAX_SKEW - 1)));
    check(&SECRET, DOMAIN, NOW - skew - 1, Err(FakeTlsError::WrongTime(MAX_SKEW + 1)));
    check(&SECRET, "example.org", NOW, Err(FakeTlsError::WrongDomain));
    check(&[0; 16], DOMAIN, NOW, Err(FakeTlsError::WrongSecret));

    let answered = answer(&SECRET, DOMAIN, NOW, &mut BytesMut::from(&sent[..]), rng).unwrap().unwrap().bytes;
    assert_eq!(hello.accept(&[0; 16], &mut BytesMut::from(&answered[..])), Err(FakeTlsError::WrongSecret));
    let (other, _) = Hello::new(&SECRET, DOMAIN, NOW, rng);
    assert_eq!(other.accept(&SECRET, &mut BytesMut::from(&answered[..])), Err(FakeTlsError::WrongSecret), "an answer to another hello");
    // Real servers and others.
    let accept = |bytes: &[u8]| hello.accept(&SECRET, &mut BytesMut::from(bytes));
    assert_eq!(accept(&[21, 3, 3, 0, 2, 2, 40]), Err(FakeTlsError::Alert(40)));
    assert_eq!(accept(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Err(FakeTlsError::NotTls(*b"HTT")));
    assert_eq!(accept(&[23, 3, 3, 0, 2, 2, 40]), Err(FakeTlsError::Record { kind: 23, len: 2 }));
}

#[test]
fn every_changed_byte_is_noticed() {
    let rng = &mut seeded(4);
    let (hello, sent) = Hello::new(&SECRET, DOMAIN, NOW, rng);
    let answered = answer(&SECRET, DOMAIN, NOW, &mut BytesMut::from(&sent[..]), rng).unwrap().unwrap().bytes;
    // The last four bytes of the random hold the time, which nothing protects.
    for at in (0..sent.len()).filter(|at| !(39..43).contains(at)) {
        let mut changed = BytesMut::from(&sent[..]);
        changed[at] ^= 0x40;
        assert!(!matches!(answer(&SECRET, DOMAIN, NOW, &mut changed, rng), Ok(Some(_))), "{at}");
    }
    for at in 0..answered.len() {
        let mut changed = BytesMut::from(&answered[..]);
        changed[at] ^= 0x40;
        assert_ne!(hello.accept(&SECRET, &mut changed), Ok(true), "{at}");
    }
}

proptest! {
    #[test]
    fn records_carry_any_data_in_any_pieces(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9000), 0..6), cut in 1_usize..5000) {
        for (mut writer, mut reader) in [(Records::client(), Records::server()), (Records::server(), Records::client())] {
            let mut wire = Vec::new();
            pieces.iter().for_each(|piece| writer.wrap(piece, &mut wire));
            let (mut input, mut data) = (BytesMut::new(), BytesMut::new());
            for chunk in wire.chunks(cut) {
                input.extend_from_slice(chunk);
                reader.unwrap(&mut input, &mut data).unwrap();
            }
            prop_assert!(input.is_empty());
            prop_assert_eq!(&data[..], &pieces.concat()[..]);
        }
    }

    #[test]
    fn no_bytes_are_too_strange(bytes: Vec<u8>, prefix in 0_usize..4) {
        let begin: &[u8] = [&[][..], &[22, 3, 1, 0], &[23, 3, 3, 0], &[21, 3, 3, 0]][prefix];
        let bytes = [begin, &bytes].concat();
        let (hello, _) = Hello::new(&SECRET, DOMAIN, NOW, &mut seeded(5));
        prop_assert_ne!(hello.accept(&SECRET, &mut BytesMut::from(&bytes[..])), Ok(true));
        prop_assert!(!matches!(answer(&SECRET, DOMAIN, NOW, &mut BytesMut::from(&bytes[..]), &mut seeded(6)), Ok(Some(_))));
        let mut data = BytesMut::new();
        let _ = Records::server().unwrap(&mut BytesMut::from(&bytes[..]), &mut data);
        prop_assert!(data.len() <= bytes.len());
    }
}
