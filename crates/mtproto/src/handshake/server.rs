use std::time::Duration;

use quadruplex_crypto::dh::{Group, Secret};
use quadruplex_crypto::rsa::PrivateKey;
use quadruplex_crypto::{AuthKey, pq};
use quadruplex_tl::Reader;
use rand_core::Rng;

use super::messages::{
    ClientDhInner, DhGenFail, DhGenOk, DhGenRetry, DhParamsOk, Int128, Longs, Message, PqInner, PqInnerDc, PqInnerTemp, PqInnerTempDc,
    ReqDhParams, ReqPq, ReqPqMulti, ResPq, ServerDhInner, SetClientDh, id, parse_padded,
};
use super::secrets::{Nonces, check, minimal, number, random};
use super::{Established, HandshakeError};
use crate::Now;

/// What a server is.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Its keys, offered in this order.
    pub keys: Vec<PrivateKey>,
    /// The data centre that clients must mean if they name one; media servers (negative) and test servers (plus 10,000) count
    /// as their data centre. `None` takes every client.
    pub dc: Option<i32>,
}

/// The server's end, waiting for a message.
#[derive(Debug)]
pub struct ServerHandshake(State);

/// What a message of the client leads to.
#[derive(Debug)]
pub enum ServerStep {
    /// An answer has to be sent, and the client's next message given to `next`.
    Send {
        /// The TL object to send.
        body: Vec<u8>,
        /// Waits for the next message.
        next: ServerHandshake,
    },
    /// The client has proposed a key. The server decides.
    Agreed(Agreed),
}

#[derive(Debug)]
enum State {
    ReqPq,
    ReqDh(ExpectReqDh),
    ClientDh(ExpectClientDh),
}

impl Default for ServerHandshake {
    fn default() -> Self {
        Self::new()
    }
}

impl ServerHandshake {
    /// An end that waits for a client to begin.
    #[must_use]
    pub fn new() -> Self {
        Self(State::ReqPq)
    }

    /// Whether `body` begins an exchange: `req_pq` or `req_pq_multi`. A client may at any time.
    #[must_use]
    pub fn is_start(body: &[u8]) -> bool {
        matches!(id(body, ""), Ok(ReqPq::ID | ReqPqMulti::ID))
    }

    /// Takes the client's next TL object. `req_pq` begins anew in every state.
    ///
    /// # Errors
    /// The first check that fails. Telegram's servers answer the transport error −404 then and close the connection.
    pub fn handle(self, body: &[u8], config: &ServerConfig, now: Now, rng: &mut dyn Rng) -> Result<ServerStep, HandshakeError> {
        match self.0 {
            _ if Self::is_start(body) => start(body, config, rng),
            State::ReqPq => Err(HandshakeError::Unexpected { expected: ReqPqMulti::NAME, id: id(body, ReqPqMulti::NAME)? }),
            State::ReqDh(state) => state.handle(body, config, now, rng),
            State::ClientDh(state) => state.handle(body, now),
        }
    }
}

fn start(body: &[u8], config: &ServerConfig, rng: &mut dyn Rng) -> Result<ServerStep, HandshakeError> {
    let nonce = match id(body, ReqPqMulti::NAME)? {
        ReqPq::ID => parse_padded::<ReqPq>(body)?.nonce,
        _ => parse_padded::<ReqPqMulti>(body)?.nonce,
    };
    let (p, q) = pq::generate(rng);
    let state = ExpectReqDh { nonce, server_nonce: random(rng), p, q };
    let fingerprints = Longs(config.keys.iter().map(|key| key.public().fingerprint()).collect());
    let answer = ResPq { nonce, server_nonce: state.server_nonce, pq: minimal(&(p * q).to_be_bytes()), fingerprints };
    Ok(ServerStep::Send { body: answer.to_bytes(), next: ServerHandshake(State::ReqDh(state)) })
}

#[derive(Debug)]
struct ExpectReqDh {
    nonce: Int128,
    server_nonce: Int128,
    p: u64,
    q: u64,
}

impl ExpectReqDh {
    fn handle(self, body: &[u8], config: &ServerConfig, now: Now, rng: &mut dyn Rng) -> Result<ServerStep, HandshakeError> {
        let request: ReqDhParams = parse_padded(body)?;
        let is_ours = |p: &[u8], q: &[u8]| number(p) == Some(self.p) && number(q) == Some(self.q);
        self.check(request.nonce, request.server_nonce, ReqDhParams::NAME)?;
        check(is_ours(&request.p, &request.q), HandshakeError::Factors(ReqDhParams::NAME))?;
        let key = config.keys.iter().find(|key| key.public().fingerprint() == request.fingerprint);
        let key = key.ok_or(HandshakeError::Fingerprint(request.fingerprint))?;

        let Inner { data, dc, expires_in } = Inner::read(&key.decrypt(&request.encrypted)?)?;
        self.check(data.nonce, data.server_nonce, PqInner::NAME)?;
        let factors = is_ours(&data.p, &data.q) && number(&data.pq) == Some(self.p * self.q);
        check(factors, HandshakeError::Factors(PqInner::NAME))?;
        if let (Some(own), Some(wanted)) = (config.dc, dc) {
            check(wanted.unsigned_abs() % 10_000 == own.unsigned_abs() % 10_000, HandshakeError::WrongDc { own, wanted })?;
        }
        if let Some(seconds) = expires_in {
            check(seconds > 0, HandshakeError::ExpiresIn(seconds))?;
        }

        let group = Group::telegram();
        let secret = Secret::random(rng);
        let g_a = group.public(&secret);
        group.check_public(&g_a)?;
        let Self { nonce, server_nonce, .. } = self;
        let nonces = Nonces { nonce, server_nonce, new_nonce: data.new_nonce };
        let inner = ServerDhInner {
            nonce,
            server_nonce,
            g: group.g(),
            prime: group.prime().to_vec(),
            g_a: minimal(&g_a),
            server_time: now.wall.as_secs() as u32,
        };
        let answer = DhParamsOk { nonce, server_nonce, encrypted: nonces.encrypt(&inner, rng) };
        let next = State::ClientDh(ExpectClientDh { nonces, group, secret, retry_id: 0, expires_in });
        Ok(ServerStep::Send { body: answer.to_bytes(), next: ServerHandshake(next) })
    }

    fn check(&self, nonce: Int128, server_nonce: Int128, message: &'static str) -> Result<(), HandshakeError> {
        check(nonce == self.nonce, HandshakeError::Nonce(message))?;
        check(server_nonce == self.server_nonce, HandshakeError::ServerNonce(message))
    }
}

/// `P_Q_inner_data` in any of its four forms.
struct Inner {
    data: PqInner,
    dc: Option<i32>,
    expires_in: Option<i32>,
}

impl Inner {
    /// Reads what RSA has decrypted; random bytes may follow.
    fn read(decrypted: &[u8]) -> Result<Self, HandshakeError> {
        let mut reader = Reader::new(decrypted);
        Ok(match id(decrypted, PqInner::NAME)? {
            PqInnerDc::ID => {
                let PqInnerDc { data, dc } = Message::expect(&mut reader)?;
                Self { data, dc: Some(dc), expires_in: None }
            }
            PqInnerTemp::ID => {
                let PqInnerTemp { data, expires_in } = Message::expect(&mut reader)?;
                Self { data, dc: None, expires_in: Some(expires_in) }
            }
            PqInnerTempDc::ID => {
                let PqInnerTempDc { data, dc, expires_in } = Message::expect(&mut reader)?;
                Self { data, dc: Some(dc), expires_in: Some(expires_in) }
            }
            _ => Self { data: PqInner::expect(&mut reader)?, dc: None, expires_in: None },
        })
    }
}

pub(super) fn fuzz_inner(decrypted: &[u8]) {
    let _ = Inner::read(decrypted);
}

#[derive(Debug)]
struct ExpectClientDh {
    nonces: Nonces,
    group: Group,
    secret: Secret,
    /// `auth_key_aux_hash` of the attempt before, 0 at first.
    retry_id: u64,
    expires_in: Option<i32>,
}

impl ExpectClientDh {
    fn handle(self, body: &[u8], now: Now) -> Result<ServerStep, HandshakeError> {
        let request: SetClientDh = parse_padded(body)?;
        self.nonces.check(request.nonce, request.server_nonce, SetClientDh::NAME)?;
        let inner: ClientDhInner = self.nonces.decrypt(request.encrypted, SetClientDh::NAME)?;
        self.nonces.check(inner.nonce, inner.server_nonce, ClientDhInner::NAME)?;
        check(inner.retry_id == self.retry_id, HandshakeError::RetryId)?;
        let auth_key = AuthKey::from_bytes(&*self.group.shared(&inner.g_b, &self.secret)?);
        Ok(ServerStep::Agreed(Agreed { state: self, auth_key, server_time: now.wall }))
    }
}

/// A key that both ends can compute and on which the server has not yet decided.
#[derive(Debug)]
pub struct Agreed {
    state: ExpectClientDh,
    auth_key: AuthKey,
    server_time: Duration,
}

impl Agreed {
    /// The key. If its id is taken, [`retry`](Self::retry).
    #[must_use]
    pub fn auth_key(&self) -> &AuthKey {
        &self.auth_key
    }

    /// Takes the key: `dh_gen_ok` to send, and what has been established. Store the key before sending.
    #[must_use]
    pub fn accept(self) -> (Vec<u8>, Established) {
        let Nonces { nonce, server_nonce, .. } = self.state.nonces;
        let body = DhGenOk { nonce, server_nonce, new_nonce_hash: self.hash(1) }.to_bytes();
        let server_salt = self.state.nonces.salt();
        let established =
            Established { auth_key: self.auth_key, server_salt, server_time: self.server_time, expires_in: self.state.expires_in };
        (body, established)
    }

    /// Asks for another proposal: `dh_gen_retry` to send, and the end that waits for it.
    #[must_use]
    pub fn retry(self) -> (Vec<u8>, ServerHandshake) {
        let Nonces { nonce, server_nonce, .. } = self.state.nonces;
        let body = DhGenRetry { nonce, server_nonce, new_nonce_hash: self.hash(2) }.to_bytes();
        let next = ExpectClientDh { retry_id: self.auth_key.aux_hash(), ..self.state };
        (body, ServerHandshake(State::ClientDh(next)))
    }

    /// Gives up: `dh_gen_fail` to send. The client begins again.
    #[must_use]
    pub fn fail(self) -> Vec<u8> {
        let Nonces { nonce, server_nonce, .. } = self.state.nonces;
        DhGenFail { nonce, server_nonce, new_nonce_hash: self.hash(3) }.to_bytes()
    }

    fn hash(&self, number: u8) -> Int128 {
        self.auth_key.new_nonce_hash(self.state.nonces.new_nonce.bytes(), number)
    }
}
