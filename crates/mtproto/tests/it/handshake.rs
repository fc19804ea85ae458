use std::time::Duration;

use proptest::prelude::*;
use quadruplex_crypto::hash::sha1;
use quadruplex_crypto::rsa::{self, PrivateKey, PublicKey};
use quadruplex_crypto::{dh, ige};
use quadruplex_mtproto::Now;
use quadruplex_mtproto::handshake::{
    Agreed, ClientConfig, ClientHandshake, ClientStep, Established, Fault, HandshakeError, ServerConfig, ServerHandshake, ServerStep,
};
use quadruplex_tl::{ErrorKind, serialize_bytes};
use rand_chacha::ChaCha20Rng;
use rand_core::{Infallible, Rng, SeedableRng, TryRng};

use crate::vectors::Script;

const NOW: Now = Now { mono: Duration::from_secs(5), wall: Duration::from_secs(1_700_000_000) };

fn client_config() -> ClientConfig {
    ClientConfig { keys: vec![PublicKey::sandbox()], dc: Some(2), expires_in: None }
}

fn server_config() -> ServerConfig {
    ServerConfig { keys: vec![PrivateKey::sandbox()], dc: Some(2) }
}

/// The client's random bytes, kept: the test reads the secrets of the exchange from them.
struct Recorder {
    rng: ChaCha20Rng,
    drawn: Vec<u8>,
}

impl TryRng for Recorder {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.try_next_u64()? as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        self.rng.fill_bytes(dst);
        self.drawn.extend_from_slice(dst);
        Ok(())
    }
}

/// Two ends and the message under way between them.
struct Pair {
    client: ClientHandshake,
    server: ServerHandshake,
    message: Vec<u8>,
    client_config: ClientConfig,
    server_config: ServerConfig,
    client_rng: Recorder,
    server_rng: ChaCha20Rng,
    server_nonce: [u8; 16],
}

/// How far an exchange goes before the test interferes: the message that is then under way.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum Until {
    ReqPq,
    ResPq,
    ReqDhParams,
    DhParamsOk,
    SetClientDh,
}

impl Pair {
    fn new() -> Self {
        Self::with(client_config())
    }

    fn with(client_config: ClientConfig) -> Self {
        let mut client_rng = Recorder { rng: ChaCha20Rng::seed_from_u64(1), drawn: Vec::new() };
        let (message, client) = ClientHandshake::start(&mut client_rng);
        let (server, server_rng) = (ServerHandshake::new(), ChaCha20Rng::seed_from_u64(2));
        Self { client, server, message, client_config, server_config: server_config(), client_rng, server_rng, server_nonce: [0; 16] }
    }

    fn until(until: Until) -> Self {
        Self::new().go(until)
    }

    fn go(self, until: Until) -> Self {
        let mut pair = self;
        for step in [Until::ReqPq, Until::ResPq, Until::ReqDhParams, Until::DhParamsOk] {
            if step >= until {
                break;
            }
            if matches!(step, Until::ReqPq | Until::ReqDhParams) {
                let ServerStep::Send { body, next } = pair.server_step().unwrap() else { panic!("agreed too early") };
                pair.server = next;
                pair.message = body;
                pair.server_nonce = pair.message[20..36].try_into().unwrap();
            } else {
                let ClientStep::Send { body, next } = pair.client_step().unwrap() else { panic!("done too early") };
                pair.client = next;
                pair.message = body;
            }
        }
        pair
    }

    /// Delivers the message to the server.
    fn server_step(&mut self) -> Result<ServerStep, HandshakeError> {
        std::mem::take(&mut self.server).handle(&self.message, &self.server_config, NOW, &mut self.server_rng)
    }

    /// Delivers the message to the client.
    fn client_step(&mut self) -> Result<ClientStep, HandshakeError> {
        let idle = ClientHandshake::start(&mut self.server_rng).1;
        std::mem::replace(&mut self.client, idle).handle(&self.message, &self.client_config, NOW, &mut self.client_rng)
    }

    fn agreed(&mut self) -> Agreed {
        match self.server_step().unwrap() {
            ServerStep::Agreed(agreed) => agreed,
            step => panic!("not agreed: {step:?}"),
        }
    }

    fn finish(mut self) -> (Established, Established) {
        let (message, theirs) = self.agreed().accept();
        self.message = message;
        match self.client_step().unwrap() {
            ClientStep::Done(ours) => (ours, theirs),
            step => panic!("not done: {step:?}"),
        }
    }

    fn new_nonce(&self) -> [u8; 32] {
        self.client_rng.drawn[16..48].try_into().unwrap()
    }

    /// `tmp_aes_key` and `tmp_aes_iv`, by the formulas of the documentation.
    fn temporary(&self) -> ([u8; 32], [u8; 32]) {
        let (new, server) = (self.new_nonce(), self.server_nonce);
        let key = [&sha1(&[&new, &server])[..], &sha1(&[&server, &new])[..12]].concat();
        let iv = [&sha1(&[&server, &new])[12..], &sha1(&[&new, &new]), &new[..4]].concat();
        (key.try_into().unwrap(), iv.try_into().unwrap())
    }

    /// Changes what is encrypted in the message under way, which has its encrypted part at the end, and makes the hash fit again.
    fn change_inner(&mut self, change: impl FnOnce(&mut Vec<u8>)) {
        let (key, iv) = self.temporary();
        let mut data = self.message.split_off(40);
        self.message.truncate(36);
        ige::decrypt(&key, &iv, &mut data).unwrap();
        let hash: Vec<u8> = data.drain(..20).collect();
        let len = (0..16).map(|padding| data.len() - padding).find(|len| sha1(&[&data[..*len]])[..] == hash).unwrap();
        data.truncate(len);
        change(&mut data);
        let mut data = [&sha1(&[&data])[..], &data].concat();
        data.resize(data.len().next_multiple_of(16), 0);
        ige::encrypt(&key, &iv, &mut data).unwrap();
        serialize_bytes(&data, &mut self.message);
    }

    /// Changes what is encrypted by RSA in `req_DH_params`.
    fn change_rsa(&mut self, change: impl FnOnce(&mut Vec<u8>)) {
        let block = self.message.split_off(self.message.len() - 256);
        let mut data = PrivateKey::sandbox().decrypt(&block).unwrap().to_vec();
        data.truncate(100);
        change(&mut data);
        self.message.extend(PublicKey::sandbox().encrypt(&data, &mut self.server_rng).unwrap());
    }
}

fn flip(at: usize) -> impl FnOnce(&mut Vec<u8>) {
    move |bytes| bytes[at] ^= 1
}

/// The client's reaction to a message of the server that was changed on its way.
fn at_client(until: Until, change: impl FnOnce(&mut Vec<u8>), expected: HandshakeError) {
    let mut pair = Pair::until(until);
    change(&mut pair.message);
    assert_eq!(pair.client_step().map(drop), Err(expected), "{until:?}");
}

/// The client's reaction to a server that encrypts something wrong.
fn inner_at_client(change: impl FnOnce(&mut Vec<u8>), expected: HandshakeError) {
    let mut pair = Pair::until(Until::DhParamsOk);
    pair.change_inner(change);
    assert_eq!(pair.client_step().map(drop), Err(expected));
}

fn at_server(until: Until, change: impl FnOnce(&mut Vec<u8>), expected: HandshakeError) {
    let mut pair = Pair::until(until);
    change(&mut pair.message);
    assert_eq!(pair.server_step().map(drop), Err(expected), "{until:?}");
}

fn inner_at_server(change: impl FnOnce(&mut Vec<u8>), expected: HandshakeError) {
    let mut pair = Pair::until(Until::SetClientDh);
    pair.change_inner(change);
    assert_eq!(pair.server_step().map(drop), Err(expected));
}

fn rsa_at_server(change: impl FnOnce(&mut Vec<u8>), expected: HandshakeError) {
    let mut pair = Pair::until(Until::ReqDhParams);
    pair.change_rsa(change);
    assert_eq!(pair.server_step().map(drop), Err(expected));
}

#[test]
fn both_ends_establish_the_same() {
    for (dc, expires_in) in [(Some(2), None), (Some(-2), Some(86400)), (Some(10_002), None), (None, None), (None, Some(60))] {
        let pair = Pair::with(ClientConfig { dc, expires_in, ..client_config() });
        let (ours, theirs) = pair.go(Until::SetClientDh).finish();
        assert_eq!(ours, theirs);
        assert_eq!((ours.expires_in, ours.server_time), (expires_in, NOW.wall));
    }
}

#[test]
fn the_salt_is_of_the_two_nonces() {
    let pair = Pair::until(Until::SetClientDh);
    let expected: [u8; 8] = std::array::from_fn(|i| pair.new_nonce()[i] ^ pair.server_nonce[i]);
    assert_eq!(pair.finish().0.server_salt.to_le_bytes(), expected);
}

#[test]
fn time_goes_on_while_the_last_answer_is_under_way() {
    let mut pair = Pair::until(Until::SetClientDh);
    let (answer, _) = pair.agreed().accept();
    let later = Now { mono: NOW.mono + Duration::from_secs(3), wall: Duration::ZERO };
    let Ok(ClientStep::Done(ours)) = pair.client.handle(&answer, &pair.client_config, later, &mut pair.client_rng) else {
        panic!("not done")
    };
    assert_eq!(ours.server_time, NOW.wall + Duration::from_secs(3));
}

#[test]
fn a_client_checks_res_pq() {
    use Until::ResPq;
    at_client(ResPq, flip(0), HandshakeError::Unexpected { expected: "resPQ", id: 0x0516_2462 });
    at_client(ResPq, flip(4), HandshakeError::Nonce("resPQ"));
    at_client(ResPq, flip(19), HandshakeError::Nonce("resPQ"));
    at_client(ResPq, |bytes| bytes[37..45].copy_from_slice(&[0; 8]), HandshakeError::Pq);
    at_client(ResPq, |bytes| bytes[37..45].copy_from_slice(&18_446_744_073_709_551_557_u64.to_be_bytes()), HandshakeError::Pq);
    at_client(ResPq, |bytes| bytes[37..45].copy_from_slice(&(3_000_000_019_u64 * 3_000_000_019).to_be_bytes()), HandshakeError::Pq);
    let foreign = PublicKey::sandbox().fingerprint() ^ 1;
    at_client(ResPq, flip(56), HandshakeError::UnknownKeys(vec![foreign]));
    let cut = quadruplex_tl::Error { what: "resPQ", offset: 52, kind: ErrorKind::VectorTooLong(1) };
    at_client(ResPq, |bytes| bytes.truncate(56), HandshakeError::Unreadable(cut));
}

#[test]
fn a_client_checks_server_dh_params() {
    use Until::DhParamsOk;
    let name = "server_DH_params_ok";
    at_client(DhParamsOk, flip(0), HandshakeError::Unexpected { expected: name, id: 0xd0e8_075d });
    at_client(DhParamsOk, flip(4), HandshakeError::Nonce(name));
    at_client(DhParamsOk, flip(20), HandshakeError::ServerNonce(name));
    for at in (40..632).step_by(53) {
        at_client(DhParamsOk, flip(at), HandshakeError::Hash("server_DH_inner_data"));
    }
    let with_part = |part: &'static [u8]| {
        move |bytes: &mut Vec<u8>| {
            bytes.truncate(36);
            serialize_bytes(part, bytes);
        }
    };
    at_client(DhParamsOk, with_part(&[1; 100]), HandshakeError::EncryptedLength(name));
    at_client(DhParamsOk, with_part(&[1; 16]), HandshakeError::EncryptedLength(name));
    at_client(DhParamsOk, with_part(&[]), HandshakeError::EncryptedLength(name));
    at_client(DhParamsOk, with_part(&[1; 592]), HandshakeError::Hash("server_DH_inner_data"));

    let name = "server_DH_inner_data";
    inner_at_client(flip(0), HandshakeError::Unexpected { expected: name, id: 0xb589_0dbb });
    inner_at_client(flip(4), HandshakeError::Nonce(name));
    inner_at_client(flip(20), HandshakeError::ServerNonce(name));
    inner_at_client(|inner| inner[36] = 2, HandshakeError::Dh(dh::Error::Generator(2)));
    let even = |inner: &mut Vec<u8>| (inner[36], inner[299]) = (4, inner[299] ^ 1);
    inner_at_client(even, HandshakeError::Dh(dh::Error::NotSafePrime));
    inner_at_client(|inner| inner[44] = 0x47, HandshakeError::Dh(dh::Error::PrimeLength));
    inner_at_client(|inner| inner[304..560].fill(0), HandshakeError::Dh(dh::Error::PublicValue));
    inner_at_client(|inner| inner[304..560].fill(0xff), HandshakeError::Dh(dh::Error::PublicValue));
    let trailing = quadruplex_tl::Error { what: "end of the value", offset: 564, kind: ErrorKind::TrailingBytes(4) };
    inner_at_client(|inner| inner.extend([0; 4]), HandshakeError::Unreadable(trailing));
}

#[test]
fn a_client_believes_a_refusal_only_from_the_server() {
    let check = |change: fn(&mut Vec<u8>), expected: HandshakeError| {
        let mut pair = Pair::until(Until::DhParamsOk);
        pair.message.truncate(36);
        pair.message[..4].copy_from_slice(&0x79cb_045d_u32.to_le_bytes());
        pair.message.extend(&sha1(&[&pair.new_nonce()])[4..]);
        change(&mut pair.message);
        assert_eq!(pair.client_step().map(drop), Err(expected));
    };
    let name = "server_DH_params_fail";
    check(|_| {}, HandshakeError::Refused(name));
    check(|bytes| bytes[4] ^= 1, HandshakeError::Nonce(name));
    check(|bytes| bytes[20] ^= 1, HandshakeError::ServerNonce(name));
    check(|bytes| bytes[36] ^= 1, HandshakeError::NewNonceHash(name));
}

#[test]
fn a_client_checks_the_last_answer() {
    type Decision = fn(Agreed) -> Vec<u8>;
    let check = |decide: Decision, at: usize, expected: HandshakeError| {
        let mut pair = Pair::until(Until::SetClientDh);
        pair.message = decide(pair.agreed());
        flip(at)(&mut pair.message);
        assert_eq!(pair.client_step().map(drop), Err(expected));
    };
    let decisions: [(&'static str, Decision); 3] =
        [("dh_gen_ok", |agreed| agreed.accept().0), ("dh_gen_retry", |agreed| agreed.retry().0), ("dh_gen_fail", Agreed::fail)];
    for (name, decide) in decisions {
        check(decide, 4, HandshakeError::Nonce(name));
        check(decide, 20, HandshakeError::ServerNonce(name));
        check(decide, 36, HandshakeError::NewNonceHash(name));
        check(decide, 51, HandshakeError::NewNonceHash(name));
    }
    check(decisions[0].1, 0, HandshakeError::Unexpected { expected: "dh_gen_ok", id: 0x3bcb_f735 });

    // A hash of one answer is none of another: nobody can turn "ok" into "retry".
    for (from, to) in [(0, 0x46dc_1fb9_u32), (0, 0xa69d_ae02), (1, 0x3bcb_f734), (2, 0x3bcb_f734)] {
        let mut pair = Pair::until(Until::SetClientDh);
        pair.message = decisions[from].1(pair.agreed());
        pair.message[..4].copy_from_slice(&to.to_le_bytes());
        assert!(matches!(pair.client_step(), Err(HandshakeError::NewNonceHash(_))));
    }

    let mut pair = Pair::until(Until::SetClientDh);
    pair.message = pair.agreed().fail();
    let refused = pair.client_step().unwrap_err();
    assert_eq!((refused.fault(), refused), (Fault::Chance, HandshakeError::Refused("dh_gen_fail")));
}

#[test]
fn another_attempt_gives_another_key() {
    let mut pair = Pair::until(Until::SetClientDh);
    let mut keys = Vec::new();
    for _ in 0..5 {
        let agreed = pair.agreed();
        keys.push(agreed.auth_key().id());
        (pair.message, pair.server) = agreed.retry();
        let ClientStep::Send { body, next } = pair.client_step().unwrap() else { panic!("done too early") };
        (pair.message, pair.client) = (body, next);
    }
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 5);

    // The fifth repetition is accepted; a sixth would be no chance any more.
    let mut patient = pair;
    let (message, server) = patient.agreed().retry();
    (patient.message, patient.server) = (message, server);
    assert_eq!(patient.client_step().map(drop), Err(HandshakeError::TooManyRetries));

    let mut pair = Pair::until(Until::SetClientDh);
    (pair.message, pair.server) = pair.agreed().retry();
    let ClientStep::Send { body, next } = pair.client_step().unwrap() else { panic!("done too early") };
    (pair.message, pair.client) = (body, next);
    let (ours, theirs) = pair.finish();
    assert_eq!(ours, theirs);
}

#[test]
fn a_server_checks_req_dh_params() {
    use Until::{ReqDhParams, ReqPq};
    at_server(ReqPq, flip(0), HandshakeError::Unexpected { expected: "req_pq_multi", id: 0xbe7e_8ef0 });
    let name = "req_DH_params";
    at_server(ReqDhParams, flip(0), HandshakeError::Unexpected { expected: name, id: 0xd712_e4bf });
    at_server(ReqDhParams, flip(4), HandshakeError::Nonce(name));
    at_server(ReqDhParams, flip(20), HandshakeError::ServerNonce(name));
    at_server(ReqDhParams, flip(40), HandshakeError::Factors(name));
    at_server(ReqDhParams, flip(48), HandshakeError::Factors(name));
    at_server(ReqDhParams, flip(52), HandshakeError::Fingerprint(PublicKey::sandbox().fingerprint() ^ 1));
    for at in (64..320).step_by(37) {
        at_server(ReqDhParams, flip(at), HandshakeError::Rsa(rsa::Error::Block));
    }

    let name = "p_q_inner_data";
    rsa_at_server(flip(0), HandshakeError::Unexpected { expected: name, id: 0xa9f5_5f94 });
    rsa_at_server(flip(12), HandshakeError::Factors(name));
    rsa_at_server(flip(20), HandshakeError::Factors(name));
    rsa_at_server(flip(28), HandshakeError::Factors(name));
    rsa_at_server(flip(32), HandshakeError::Nonce(name));
    rsa_at_server(flip(48), HandshakeError::ServerNonce(name));
    rsa_at_server(|inner| inner[96] = 3, HandshakeError::WrongDc { own: 2, wanted: 3 });
    rsa_at_server(|inner| inner[96..].copy_from_slice(&i32::MIN.to_le_bytes()), HandshakeError::WrongDc { own: 2, wanted: i32::MIN });
    rsa_at_server(
        |inner| {
            inner[..4].copy_from_slice(&0x3c6a_84d4_u32.to_le_bytes());
            inner[96..].fill(0);
        },
        HandshakeError::ExpiresIn(0),
    );
}

#[test]
fn a_server_checks_set_client_dh_params() {
    use Until::SetClientDh;
    let name = "set_client_DH_params";
    at_server(SetClientDh, flip(0), HandshakeError::Unexpected { expected: name, id: 0xf504_5f1e });
    at_server(SetClientDh, flip(4), HandshakeError::Nonce(name));
    at_server(SetClientDh, flip(20), HandshakeError::ServerNonce(name));
    at_server(SetClientDh, flip(40), HandshakeError::Hash("client_DH_inner_data"));
    at_server(SetClientDh, flip(375), HandshakeError::Hash("client_DH_inner_data"));
    at_server(
        SetClientDh,
        |bytes| {
            bytes.truncate(36);
            serialize_bytes(&[1; 17], bytes);
        },
        HandshakeError::EncryptedLength(name),
    );

    let name = "client_DH_inner_data";
    inner_at_server(flip(0), HandshakeError::Unexpected { expected: name, id: 0x6643_b655 });
    inner_at_server(flip(4), HandshakeError::Nonce(name));
    inner_at_server(flip(20), HandshakeError::ServerNonce(name));
    inner_at_server(flip(36), HandshakeError::RetryId);
    inner_at_server(|inner| inner[48..304].fill(0), HandshakeError::Dh(dh::Error::PublicValue));
    inner_at_server(|inner| inner[48..304].fill(0xff), HandshakeError::Dh(dh::Error::PublicValue));
}

#[test]
fn a_server_reads_what_older_and_other_clients_send() {
    // req_pq instead of req_pq_multi, with random bytes behind it.
    let mut pair = Pair::new();
    pair.message[..4].copy_from_slice(&0x6046_9778_u32.to_le_bytes());
    pair.message.extend([0xaa; 32]);
    let mut pair = pair.go(Until::ReqDhParams);

    // p_q_inner_data without a data centre, encrypted the way before RSA_PAD.
    let block = pair.message.split_off(pair.message.len() - 256);
    let mut data = PrivateKey::sandbox().decrypt(&block).unwrap()[..96].to_vec();
    data[..4].copy_from_slice(&0x83c9_5aec_u32.to_le_bytes());
    pair.message.extend(PublicKey::sandbox().encrypt_legacy(&data, &mut pair.server_rng).unwrap());
    let ServerStep::Send { body, next } = pair.server_step().unwrap() else { panic!("agreed too early") };
    (pair.message, pair.server) = (body, next);

    let ClientStep::Send { body, next } = pair.client_step().unwrap() else { panic!("done too early") };
    (pair.message, pair.client) = (body, next);
    let (ours, theirs) = pair.finish();
    assert_eq!(ours, theirs);
}

#[test]
fn a_client_may_begin_anew_at_any_time() {
    for until in [Until::ReqDhParams, Until::SetClientDh] {
        let mut pair = Pair::until(until);
        let (message, client) = ClientHandshake::start(&mut pair.client_rng);
        (pair.message, pair.client) = (message, client);
        let (ours, theirs) = pair.go(Until::SetClientDh).finish();
        assert_eq!(ours, theirs);
    }
}

#[test]
fn no_message_is_taken_out_of_turn() {
    for (until, name) in [(Until::ReqDhParams, "req_DH_params"), (Until::SetClientDh, "set_client_DH_params")] {
        // The other one of the two, and the one that is due to a server that has not begun.
        let other = Pair::until(if until == Until::SetClientDh { Until::ReqDhParams } else { Until::SetClientDh });
        let mut pair = Pair::until(until);
        let due = std::mem::replace(&mut pair.message, other.message);
        assert!(matches!(pair.server_step(), Err(HandshakeError::Unexpected { expected, .. }) if expected == name));
        pair.message = due;
        assert!(matches!(pair.server_step(), Err(HandshakeError::Unexpected { expected: "req_pq_multi", .. })));
    }
}

#[test]
fn every_cut_message_is_refused() {
    for until in [Until::ReqPq, Until::ResPq, Until::ReqDhParams, Until::DhParamsOk, Until::SetClientDh] {
        let len = Pair::until(until).message.len();
        let steps = if until < Until::ReqDhParams { 1 } else { 29 };
        for cut in (0..len).step_by(steps).chain([len - 1]) {
            let mut pair = Pair::until(until);
            pair.message.truncate(cut);
            let to_server = matches!(until, Until::ReqPq | Until::ReqDhParams | Until::SetClientDh);
            let result = if to_server { pair.server_step().map(drop) } else { pair.client_step().map(drop) };
            assert!(matches!(result, Err(HandshakeError::Unreadable(_))), "{until:?} cut at {cut}: {result:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_flipped_bit_never_ends_in_two_keys(message in 0..6, bit: prop::sample::Index) {
        let mut pair = Pair::new();
        let mut theirs = None;
        for number in 0..6 {
            if number == message {
                let bit = bit.index(pair.message.len() * 8);
                pair.message[bit / 8] ^= 1 << (bit % 8);
            }
            if number % 2 == 0 {
                match pair.server_step() {
                    Ok(ServerStep::Send { body, next }) => (pair.message, pair.server) = (body, next),
                    Ok(ServerStep::Agreed(agreed)) => {
                        let (body, established) = agreed.accept();
                        (pair.message, theirs) = (body, Some(established));
                    }
                    Err(_) => return Ok(()),
                }
            } else {
                match pair.client_step() {
                    Ok(ClientStep::Send { body, next }) => (pair.message, pair.client) = (body, next),
                    Ok(ClientStep::Done(ours)) => {
                        prop_assert_eq!(Some(ours), theirs);
                        return Ok(());
                    }
                    Err(_) => return Ok(()),
                }
            }
        }
        prop_assert!(false, "neither an error nor a key");
    }
}

#[test]
fn the_parties_know_whose_fault_it_is() {
    for (error, fault) in [
        (HandshakeError::UnknownKeys(vec![1]), Fault::Configuration),
        (HandshakeError::Fingerprint(1), Fault::Configuration),
        (HandshakeError::WrongDc { own: 1, wanted: 2 }, Fault::Configuration),
        (HandshakeError::TooManyRetries, Fault::Chance),
        (HandshakeError::Rsa(rsa::Error::Block), Fault::Peer),
        (HandshakeError::Rsa(rsa::Error::Randomness), Fault::Local),
        (HandshakeError::Nonce("resPQ"), Fault::Peer),
    ] {
        assert_eq!(error.fault(), fault, "{error}");
    }
}

/// A nonce in the middle of the message that nobody can check at once is noticed by the other end.
#[test]
fn a_changed_server_nonce_is_noticed_in_the_end() {
    let mut pair = Pair::until(Until::ResPq);
    flip(20)(&mut pair.message);
    let ClientStep::Send { body, next } = pair.client_step().unwrap() else { panic!("done too early") };
    (pair.message, pair.client) = (body, next);
    assert_eq!(pair.server_step().map(drop), Err(HandshakeError::ServerNonce("req_DH_params")));
}

#[test]
fn a_broken_random_source_makes_no_key() {
    let pair = Pair::until(Until::DhParamsOk);
    let result = pair.client.handle(&pair.message, &pair.client_config, NOW, &mut Script::new([]));
    assert_eq!(result.map(drop), Err(HandshakeError::Dh(dh::Error::PublicValue)));
}

#[test]
fn debug_tells_no_secret() {
    let pair = Pair::until(Until::SetClientDh);
    let debug = format!("{:?} {:?}", pair.client, pair.server);
    let new_nonce = format!("{:?}", pair.new_nonce());
    assert!(debug.contains("Secret(..)") && !debug.contains(&new_nonce[1..20]), "{debug}");
}
