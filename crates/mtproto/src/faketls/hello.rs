//! The hello of a current browser: that of Chrome of versions 133 to 149 at least (BoringSSL), which TDLib sends as well (`td/mtproto/TlsInit.cpp`).
//!
//! What Chrome draws anew for each connection is drawn here: GREASE (RFC 8701), keys, the order of the extensions, the length of the GREASE
//! of Encrypted Client Hello. Its key shares are real in form: a point on Curve25519, coefficients of ML-KEM-768 below 3,329.

use quadruplex_crypto::x25519::any_public_key;
use rand_core::Rng;

/// The hello in its record, with a random of zeros.
#[must_use]
pub fn chrome(domain: &str, rng: &mut dyn Rng) -> Vec<u8> {
    let grease = Grease::new(rng);
    let mut out = vec![0x16, 3, 1];
    sized(&mut out, |out| {
        // Handshake type and the first byte of a length of three.
        out.extend([1, 0]);
        sized(out, |out| {
            out.extend([3, 3]);
            out.extend([0; 32]);
            out.push(32);
            random(out, 32, rng);
            sized(out, |out| {
                words(out, &[grease.cipher]);
                words(out, &CIPHERS);
            });
            // No compression.
            out.extend([1, 0]);
            sized(out, |out| extensions(out, domain, &grease, rng));
        });
    });
    out
}

const CIPHERS: [u16; 15] =
    [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035];
const SIGNATURES: [u16; 8] = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601];
const X25519_MLKEM768: u16 = 0x11ec;
const X25519: u16 = 0x001d;
const SECP256R1: u16 = 0x0017;
const SECP384R1: u16 = 0x0018;
const TLS_1_3: u16 = 0x0304;
const TLS_1_2: u16 = 0x0303;

/// The extensions between the two of GREASE, in no order of their own.
#[derive(Clone, Copy)]
#[repr(u16)]
enum Extension {
    ServerName = 0x0000,
    StatusRequest = 0x0005,
    SupportedGroups = 0x000a,
    PointFormats = 0x000b,
    SignatureAlgorithms = 0x000d,
    Alpn = 0x0010,
    CertificateTimestamp = 0x0012,
    ExtendedMainSecret = 0x0017,
    CompressCertificate = 0x001b,
    SessionTicket = 0x0023,
    SupportedVersions = 0x002b,
    PskModes = 0x002d,
    KeyShare = 0x0033,
    /// ALPS, under its second number.
    ApplicationSettings = 0x44cd,
    EncryptedClientHello = 0xfe0d,
    RenegotiationInfo = 0xff01,
}

fn extensions(out: &mut Vec<u8>, domain: &str, grease: &Grease, rng: &mut dyn Rng) {
    use Extension::{
        Alpn, ApplicationSettings, CertificateTimestamp, CompressCertificate, EncryptedClientHello, ExtendedMainSecret, KeyShare,
        PointFormats, PskModes, RenegotiationInfo, ServerName, SessionTicket, SignatureAlgorithms, StatusRequest, SupportedGroups,
        SupportedVersions,
    };
    let mut order = [
        ServerName,
        StatusRequest,
        SupportedGroups,
        PointFormats,
        SignatureAlgorithms,
        Alpn,
        CertificateTimestamp,
        ExtendedMainSecret,
        CompressCertificate,
        SessionTicket,
        SupportedVersions,
        PskModes,
        KeyShare,
        ApplicationSettings,
        EncryptedClientHello,
        RenegotiationInfo,
    ];
    shuffle(&mut order, rng);
    words(out, &[grease.extensions[0], 0]);
    for extension in order {
        words(out, &[extension as u16]);
        sized(out, |out| content(extension, out, domain, grease, rng));
    }
    words(out, &[grease.extensions[1], 1]);
    out.push(0);
}

fn content(extension: Extension, out: &mut Vec<u8>, domain: &str, grease: &Grease, rng: &mut dyn Rng) {
    match extension {
        Extension::ServerName => sized(out, |out| {
            out.push(0);
            sized(out, |out| out.extend(domain.as_bytes()));
        }),
        Extension::StatusRequest => out.extend([1, 0, 0, 0, 0]),
        Extension::SupportedGroups => sized(out, |out| words(out, &[grease.group, X25519_MLKEM768, X25519, SECP256R1, SECP384R1])),
        Extension::PointFormats => out.extend([1, 0]),
        Extension::SignatureAlgorithms => sized(out, |out| words(out, &SIGNATURES)),
        Extension::Alpn => sized(out, |out| out.extend(b"\x02h2\x08http/1.1")),
        Extension::CertificateTimestamp | Extension::ExtendedMainSecret | Extension::SessionTicket => {}
        // Brotli.
        Extension::CompressCertificate => out.extend([2, 0, 2]),
        Extension::SupportedVersions => {
            out.push(6);
            words(out, &[grease.version, TLS_1_3, TLS_1_2]);
        }
        Extension::PskModes => out.extend([1, 1]),
        Extension::KeyShare => sized(out, |out| {
            words(out, &[grease.group, 1]);
            out.push(0);
            words(out, &[X25519_MLKEM768]);
            sized(out, |out| {
                mlkem768_key(out, rng);
                out.extend(any_public_key(rng));
            });
            words(out, &[X25519]);
            sized(out, |out| out.extend(any_public_key(rng)));
        }),
        Extension::ApplicationSettings => sized(out, |out| out.extend(b"\x02h2")),
        Extension::EncryptedClientHello => {
            // Outer hello, HKDF-SHA256 and AES-128-GCM, any configuration.
            out.extend([0, 0, 1, 0, 1]);
            random(out, 1, rng);
            sized(out, |out| out.extend(any_public_key(rng)));
            let length = 144 + 32 * (rng.next_u32() as usize % 4);
            sized(out, |out| random(out, length, rng));
        }
        Extension::RenegotiationInfo => out.push(0),
    }
}

/// An encapsulation key: 768 coefficients of twelve bits, and a seed.
fn mlkem768_key(out: &mut Vec<u8>, rng: &mut dyn Rng) {
    const Q: u32 = 3329;
    for _ in 0..384 {
        let (a, b) = (rng.next_u32() % Q, rng.next_u32() % Q);
        out.extend([a as u8, (a >> 8 | b << 4) as u8, (b >> 4) as u8]);
    }
    random(out, 32, rng);
}

/// Values that mean nothing, one for each place, as BoringSSL draws them.
struct Grease {
    cipher: u16,
    group: u16,
    version: u16,
    extensions: [u16; 2],
}

impl Grease {
    fn new(rng: &mut dyn Rng) -> Self {
        let mut draw = || (rng.next_u32() as u16 & 0xf0 | 0x0a) * 0x0101;
        let (cipher, group, version, first, second) = (draw(), draw(), draw(), draw(), draw());
        // Two extensions of one number are not allowed.
        let second = if first == second { second ^ 0x1010 } else { second };
        Self { cipher, group, version, extensions: [first, second] }
    }
}

fn shuffle<T>(items: &mut [T], rng: &mut dyn Rng) {
    for last in (1..items.len()).rev() {
        items.swap(last, rng.next_u32() as usize % (last + 1));
    }
}

/// Appends something with its length in two bytes in front.
fn sized(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend([0; 2]);
    write(out);
    let len = (out.len() - start - 2) as u16;
    out[start..start + 2].copy_from_slice(&len.to_be_bytes());
}

fn words(out: &mut Vec<u8>, words: &[u16]) {
    out.extend(words.iter().flat_map(|word| word.to_be_bytes()));
}

fn random(out: &mut Vec<u8>, len: usize, rng: &mut dyn Rng) {
    let start = out.len();
    out.resize(start + len, 0);
    rng.fill_bytes(&mut out[start..]);
}
