use std::time::Duration;

use quadruplex_crypto::dh::{Group, Secret};
use quadruplex_crypto::rsa::PublicKey;
use quadruplex_crypto::{AuthKey, pq};
use rand_core::Rng;
use zeroize::Zeroizing;

use super::messages::{
    ClientDhInner, DhGenFail, DhGenOk, DhGenRetry, DhParamsFail, DhParamsOk, Int128, Message, PqInner, PqInnerDc, PqInnerTemp,
    PqInnerTempDc, ReqDhParams, ReqPqMulti, ResPq, ServerDhInner, SetClientDh, id, parse,
};
use super::secrets::{NewNonce, Nonces, check, minimal, number, random};
use super::{Established, HandshakeError};
use crate::Now;

/// More attempts than a server ever needs: two equal key ids are a matter of 2⁻⁶⁴.
const MAX_RETRIES: u32 = 5;

/// What a client knows beforehand.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The keys by which it knows the server.
    pub keys: Vec<PublicKey>,
    /// The data centre it wants: negative for the media servers, plus 10,000 for the test servers. `None` writes the form of
    /// old clients, which does not say.
    pub dc: Option<i32>,
    /// A temporary key that lives so many seconds, instead of a permanent one.
    pub expires_in: Option<i32>,
}

/// The client's end, waiting for a message.
#[derive(Debug)]
pub struct ClientHandshake(State);

/// What a message of the server leads to.
#[derive(Debug)]
pub enum ClientStep {
    /// Another message has to be sent, and its answer given to `next`.
    Send {
        /// The TL object to send.
        body: Vec<u8>,
        /// Waits for the answer.
        next: ClientHandshake,
    },
    /// The exchange has succeeded.
    Done(Established),
}

#[derive(Debug)]
enum State {
    ResPq(ExpectResPq),
    DhParams(ExpectDhParams),
    DhGen(ExpectDhGen),
}

impl ClientHandshake {
    /// Begins: the first TL object to send, and the end that waits for its answer.
    #[must_use]
    pub fn start(rng: &mut dyn Rng) -> (Vec<u8>, Self) {
        let nonce = random(rng);
        (ReqPqMulti { nonce }.to_bytes(), Self(State::ResPq(ExpectResPq { nonce })))
    }

    /// Takes the server's next TL object.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn handle(self, body: &[u8], config: &ClientConfig, now: Now, rng: &mut dyn Rng) -> Result<ClientStep, HandshakeError> {
        match self.0 {
            State::ResPq(state) => state.handle(body, config, rng),
            State::DhParams(state) => state.handle(body, config, now, rng),
            State::DhGen(state) => state.handle(body, now, rng),
        }
    }
}

#[derive(Debug)]
struct ExpectResPq {
    nonce: Int128,
}

impl ExpectResPq {
    fn handle(self, body: &[u8], config: &ClientConfig, rng: &mut dyn Rng) -> Result<ClientStep, HandshakeError> {
        let answer: ResPq = parse(body)?;
        check(answer.nonce == self.nonce, HandshakeError::Nonce(ResPq::NAME))?;
        let key = answer.fingerprints.0.iter().find_map(|known| config.keys.iter().find(|key| key.fingerprint() == *known));
        let key = key.ok_or_else(|| HandshakeError::UnknownKeys(answer.fingerprints.0.clone()))?;
        let (p, q) = number(&answer.pq).and_then(pq::factorize).ok_or(HandshakeError::Pq)?;
        let (p, q) = (minimal(&p.to_be_bytes()), minimal(&q.to_be_bytes()));

        let nonces = Nonces { nonce: self.nonce, server_nonce: answer.server_nonce, new_nonce: NewNonce::random(rng) };
        let Nonces { nonce, server_nonce, .. } = nonces;
        let data = PqInner { pq: answer.pq, p: p.clone(), q: q.clone(), nonce, server_nonce, new_nonce: nonces.new_nonce.clone() };
        let inner = Zeroizing::new(match (config.dc, config.expires_in) {
            (None, None) => data.to_bytes(),
            (Some(dc), None) => PqInnerDc { data, dc }.to_bytes(),
            (None, Some(expires_in)) => PqInnerTemp { data, expires_in }.to_bytes(),
            (Some(dc), Some(expires_in)) => PqInnerTempDc { data, dc, expires_in }.to_bytes(),
        });
        let encrypted = key.encrypt(&inner, rng)?.to_vec();
        let body = ReqDhParams { nonce, server_nonce, p, q, fingerprint: key.fingerprint(), encrypted }.to_bytes();
        Ok(ClientStep::Send { body, next: ClientHandshake(State::DhParams(ExpectDhParams { nonces })) })
    }
}

#[derive(Debug)]
struct ExpectDhParams {
    nonces: Nonces,
}

impl ExpectDhParams {
    fn handle(self, body: &[u8], config: &ClientConfig, now: Now, rng: &mut dyn Rng) -> Result<ClientStep, HandshakeError> {
        if id(body, DhParamsOk::NAME)? == DhParamsFail::ID {
            let answer: DhParamsFail = parse(body)?;
            self.nonces.check(answer.nonce, answer.server_nonce, DhParamsFail::NAME)?;
            check(answer.new_nonce_hash == self.nonces.refusal(), HandshakeError::NewNonceHash(DhParamsFail::NAME))?;
            return Err(HandshakeError::Refused(DhParamsFail::NAME));
        }
        let answer: DhParamsOk = parse(body)?;
        self.nonces.check(answer.nonce, answer.server_nonce, DhParamsOk::NAME)?;
        let inner: ServerDhInner = self.nonces.decrypt(answer.encrypted, DhParamsOk::NAME)?;
        self.nonces.check(inner.nonce, inner.server_nonce, ServerDhInner::NAME)?;
        let group = Group::new(inner.g, &inner.prime)?;
        let server_clock = (now.mono, Duration::from_secs(inner.server_time.into()));
        let exchange = Exchange { nonces: self.nonces, group, g_a: inner.g_a, server_clock, expires_in: config.expires_in };
        exchange.attempt(0, 0, rng)
    }
}

/// What stays the same over all attempts.
#[derive(Debug)]
struct Exchange {
    nonces: Nonces,
    group: Group,
    g_a: Vec<u8>,
    /// The local monotonic time and the server's Unix time when it told it.
    server_clock: (Duration, Duration),
    expires_in: Option<i32>,
}

impl Exchange {
    /// Chooses a secret, computes the key and proposes it.
    fn attempt(self, number: u32, retry_id: u64, rng: &mut dyn Rng) -> Result<ClientStep, HandshakeError> {
        let secret = Secret::random(rng);
        let g_b = self.group.public(&secret);
        self.group.check_public(&g_b)?;
        let auth_key = AuthKey::from_bytes(&*self.group.shared(&self.g_a, &secret)?);

        let Nonces { nonce, server_nonce, .. } = self.nonces;
        let inner = ClientDhInner { nonce, server_nonce, retry_id, g_b: minimal(&g_b) };
        let body = SetClientDh { nonce, server_nonce, encrypted: self.nonces.encrypt(&inner, rng) }.to_bytes();
        let next = ExpectDhGen { exchange: self, auth_key, attempt: number };
        Ok(ClientStep::Send { body, next: ClientHandshake(State::DhGen(next)) })
    }
}

#[derive(Debug)]
struct ExpectDhGen {
    exchange: Exchange,
    auth_key: AuthKey,
    attempt: u32,
}

impl ExpectDhGen {
    fn handle(self, body: &[u8], now: Now, rng: &mut dyn Rng) -> Result<ClientStep, HandshakeError> {
        match id(body, DhGenOk::NAME)? {
            DhGenRetry::ID => {
                let DhGenRetry { nonce, server_nonce, new_nonce_hash } = parse(body)?;
                self.check(nonce, server_nonce, new_nonce_hash, 2, DhGenRetry::NAME)?;
                check(self.attempt < MAX_RETRIES, HandshakeError::TooManyRetries)?;
                self.exchange.attempt(self.attempt + 1, self.auth_key.aux_hash(), rng)
            }
            DhGenFail::ID => {
                let DhGenFail { nonce, server_nonce, new_nonce_hash } = parse(body)?;
                self.check(nonce, server_nonce, new_nonce_hash, 3, DhGenFail::NAME)?;
                Err(HandshakeError::Refused(DhGenFail::NAME))
            }
            _ => {
                let DhGenOk { nonce, server_nonce, new_nonce_hash } = parse(body)?;
                self.check(nonce, server_nonce, new_nonce_hash, 1, DhGenOk::NAME)?;
                let (told_at, server_time) = self.exchange.server_clock;
                Ok(ClientStep::Done(Established {
                    auth_key: self.auth_key,
                    server_salt: self.exchange.nonces.salt(),
                    server_time: server_time + now.mono.saturating_sub(told_at),
                    expires_in: self.exchange.expires_in,
                }))
            }
        }
    }

    fn check(&self, nonce: Int128, server_nonce: Int128, hash: Int128, number: u8, message: &'static str) -> Result<(), HandshakeError> {
        let nonces = &self.exchange.nonces;
        nonces.check(nonce, server_nonce, message)?;
        check(self.auth_key.is_proved_by(&hash, nonces.new_nonce.bytes(), number), HandshakeError::NewNonceHash(message))
    }
}
