//! Two ends of a key exchange, and what a test may do to the messages between them.

use std::time::Duration;

use quadruplex_crypto::hash::sha1;
use quadruplex_crypto::ige;
use quadruplex_crypto::rsa::{PrivateKey, PublicKey};
use quadruplex_mtproto::Now;
use quadruplex_mtproto::handshake::{
    Agreed, ClientConfig, ClientHandshake, ClientStep, Established, HandshakeError, ServerConfig, ServerHandshake, ServerStep,
};
use quadruplex_tl::serialize_bytes;
use rand_chacha::ChaCha20Rng;
use rand_core::{Infallible, Rng, SeedableRng, TryRng};

pub(super) const NOW: Now = Now { mono: Duration::from_secs(5), wall: Duration::from_secs(1_700_000_000) };

pub(super) fn client_config() -> ClientConfig {
    ClientConfig { keys: vec![PublicKey::sandbox()], dc: Some(2), expires_in: None }
}

pub(super) fn server_config() -> ServerConfig {
    ServerConfig { keys: vec![PrivateKey::sandbox()], dc: Some(2) }
}

/// The client's random bytes, kept: the test reads the secrets of the exchange from them.
pub(super) struct Recorder {
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
pub(super) struct Pair {
    pub(super) client: ClientHandshake,
    pub(super) server: ServerHandshake,
    pub(super) message: Vec<u8>,
    pub(super) client_config: ClientConfig,
    pub(super) server_config: ServerConfig,
    pub(super) client_rng: Recorder,
    pub(super) server_rng: ChaCha20Rng,
    pub(super) server_nonce: [u8; 16],
}

/// How far an exchange goes before the test interferes: the message that is then under way.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(super) enum Until {
    ReqPq,
    ResPq,
    ReqDhParams,
    DhParamsOk,
    SetClientDh,
}

impl Pair {
    pub(super) fn new() -> Self {
        Self::with(client_config())
    }

    pub(super) fn with(client_config: ClientConfig) -> Self {
        let mut client_rng = Recorder { rng: ChaCha20Rng::seed_from_u64(1), drawn: Vec::new() };
        let (message, client) = ClientHandshake::start(&mut client_rng);
        let (server, server_rng) = (ServerHandshake::new(), ChaCha20Rng::seed_from_u64(2));
        Self { client, server, message, client_config, server_config: server_config(), client_rng, server_rng, server_nonce: [0; 16] }
    }

    pub(super) fn until(until: Until) -> Self {
        Self::new().go(until)
    }

    pub(super) fn go(self, until: Until) -> Self {
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
    pub(super) fn server_step(&mut self) -> Result<ServerStep, HandshakeError> {
        std::mem::take(&mut self.server).handle(&self.message, &self.server_config, NOW, &mut self.server_rng)
    }

    /// Delivers the message to the client.
    pub(super) fn client_step(&mut self) -> Result<ClientStep, HandshakeError> {
        let idle = ClientHandshake::start(&mut self.server_rng).1;
        std::mem::replace(&mut self.client, idle).handle(&self.message, &self.client_config, NOW, &mut self.client_rng)
    }

    pub(super) fn agreed(&mut self) -> Agreed {
        match self.server_step().unwrap() {
            ServerStep::Agreed(agreed) => agreed,
            step => panic!("not agreed: {step:?}"),
        }
    }

    pub(super) fn finish(mut self) -> (Established, Established) {
        let (message, theirs) = self.agreed().accept();
        self.message = message;
        match self.client_step().unwrap() {
            ClientStep::Done(ours) => (ours, theirs),
            step => panic!("not done: {step:?}"),
        }
    }

    pub(super) fn new_nonce(&self) -> [u8; 32] {
        self.client_rng.drawn[16..48].try_into().unwrap()
    }

    /// `tmp_aes_key` and `tmp_aes_iv`, by the formulas of the documentation.
    pub(super) fn temporary(&self) -> ([u8; 32], [u8; 32]) {
        let (new, server) = (self.new_nonce(), self.server_nonce);
        let key = [&sha1(&[&new, &server])[..], &sha1(&[&server, &new])[..12]].concat();
        let iv = [&sha1(&[&server, &new])[12..], &sha1(&[&new, &new]), &new[..4]].concat();
        (key.try_into().unwrap(), iv.try_into().unwrap())
    }

    /// Changes what is encrypted in the message under way, which has its encrypted part at the end, and makes the hash fit again.
    pub(super) fn change_inner(&mut self, change: impl FnOnce(&mut Vec<u8>)) {
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
    pub(super) fn change_rsa(&mut self, change: impl FnOnce(&mut Vec<u8>)) {
        let block = self.message.split_off(self.message.len() - 256);
        let mut data = PrivateKey::sandbox().decrypt(&block).unwrap().to_vec();
        data.truncate(100);
        change(&mut data);
        self.message.extend(PublicKey::sandbox().encrypt(&data, &mut self.server_rng).unwrap());
    }
}

pub(super) fn flip(at: usize) -> impl FnOnce(&mut Vec<u8>) {
    move |bytes| bytes[at] ^= 1
}
