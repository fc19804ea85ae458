//! The password of two-step verification.

use quadruplex_crypto::dh::{Group, Secret};
use quadruplex_crypto::hash::sha256;
use quadruplex_crypto::srp::{Challenge, Error, Parameters};
use quadruplex_tl_schema::Object;

use super::super::dispatch::{Access, Answer, Call, Method};
use super::super::state::rows::Password;
use super::super::{RpcError, World, error};
use super::auth::welcome;
use super::method;

pub(crate) const METHODS: &[Method] = &[
    method("account.getPassword", Access::Open, get_password),
    method("account.getPasswordSettings", Access::Home, get_settings),
    method("account.updatePasswordSettings", Access::Home, update_settings),
    method("auth.checkPassword", Access::Open, check_password),
];

const ALGORITHM: &str = "passwordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow";
/// The random bytes that a client adds to the first salt.
const CLIENT_SALT: usize = 32;

fn get_password(call: &mut Call<'_>) -> Answer {
    let user = owner(call)?;
    let password = call.world.user(user)?.password.clone();
    let (salt1, salt2) = call.world.new_salts(user);
    let object = Object::new("account.password")
        .with("new_algo", algorithm(&salt1, &salt2))
        .with("new_secure_algo", Object::new("securePasswordKdfAlgoUnknown"))
        .with("secure_random", call.world.state.random_bytes::<32>().to_vec());
    let Some(password) = password else { return Ok(object.into()) };
    let srp_id = call.world.state.random();
    call.world.state.tables.logins.entry(&call.caller.auth_key_id).srp_id = srp_id;
    let challenge = call.world.challenge(&password, srp_id)?;
    Ok(object
        .with("has_password", true)
        .with("current_algo", algorithm(&password.salt1, &password.salt2))
        .with("srp_B", challenge.b().to_vec())
        .with("srp_id", srp_id)
        .with_some("hint", Some(password.hint.as_str()).filter(|hint| !hint.is_empty()))
        .into())
}

/// The account whose password is asked about: that of the caller, or the one that owes it.
fn owner(call: &Call<'_>) -> Result<i64, RpcError> {
    let login = call.world.state.tables.logins.get(&call.caller.auth_key_id);
    login.and_then(|login| login.user.or(login.owes_password)).ok_or(error::AUTH_KEY_UNREGISTERED)
}

fn algorithm(salt1: &[u8], salt2: &[u8]) -> Object {
    let group = Group::telegram();
    Object::new(ALGORITHM).with("salt1", salt1).with("salt2", salt2).with("g", group.g() as i32).with("p", group.prime().to_vec())
}

fn check_password(call: &mut Call<'_>) -> Answer {
    let login = call.world.state.tables.logins.get(&call.caller.auth_key_id);
    let user = login.and_then(|login| login.owes_password).ok_or(error::AUTH_KEY_UNREGISTERED)?;
    prove(call, user)?;
    Ok(welcome(call, user))
}

/// Checks the proof in the field `password`. A challenge is used up by an attempt.
fn prove(call: &mut Call<'_>, user: i64) -> Result<(), RpcError> {
    let Some(password) = call.world.user(user)?.password.clone() else { return Ok(()) };
    let proof = call.object("password")?;
    if !proof.is("inputCheckPasswordSRP") {
        return Err(error::PASSWORD_HASH_INVALID);
    }
    let login = call.world.state.tables.logins.entry(&call.caller.auth_key_id);
    let srp_id = std::mem::take(&mut login.srp_id);
    if srp_id == 0 || proof.long("srp_id") != Some(srp_id) {
        return Err(error::SRP_ID_INVALID);
    }
    let challenge = call.world.challenge(&password, srp_id)?;
    let bytes = |name| proof.bytes(name).unwrap_or_default();
    match challenge.check(bytes("A"), bytes("M1")) {
        Ok(()) => Ok(()),
        Err(Error::Password) => Err(error::PASSWORD_HASH_INVALID),
        Err(_) => Err(error::SRP_PASSWORD_CHANGED),
    }
}

fn get_settings(call: &mut Call<'_>) -> Answer {
    prove(call, call.me)?;
    Ok(Object::new("account.passwordSettings").into())
}

fn update_settings(call: &mut Call<'_>) -> Answer {
    prove(call, call.me)?;
    let settings = call.object("new_settings")?;
    let Some(hash) = settings.bytes("new_password_hash") else { return Err(error::NEW_SETTINGS_INVALID) };
    let algorithm = settings.object("new_algo").ok_or(error::NEW_SETTINGS_INVALID)?;
    let password = if hash.is_empty() {
        None
    } else {
        let bytes = |name| algorithm.bytes(name).unwrap_or_default().to_vec();
        let (salt1, salt2) = call.world.new_salts(call.me);
        let password = Password {
            salt1: bytes("salt1"),
            salt2: bytes("salt2"),
            verifier: hash.to_vec(),
            hint: settings.string("hint").unwrap_or_default().to_owned(),
        };
        if !algorithm.is(ALGORITHM)
            || !password.salt1.starts_with(&salt1)
            || password.salt1.len() < salt1.len() + CLIENT_SALT
            || password.salt2 != salt2
        {
            return Err(error::NEW_SALT_INVALID);
        }
        Group::telegram().check_public(hash).map_err(|_| error::NEW_SETTINGS_INVALID)?;
        Some(password)
    };
    call.world.state.tables.users.entry_of(&call.me, |user| user.password = password);
    Ok(true.into())
}

impl World {
    /// The salts that the next password of an account has to begin with.
    fn new_salts(&self, user: i64) -> (Vec<u8>, Vec<u8>) {
        let salt = |label: &[u8]| sha256(&[&self.state.seed, label, &user.to_le_bytes()]);
        (salt(b"salt1")[..8].to_vec(), salt(b"salt2")[..16].to_vec())
    }

    /// The question that belongs to a number: its secret follows from the seed, so that it survives a restart.
    fn challenge(&self, password: &Password, srp_id: i64) -> Result<Challenge, RpcError> {
        let mut secret = [0; 256];
        for (at, chunk) in secret.as_chunks_mut::<32>().0.iter_mut().enumerate() {
            *chunk = sha256(&[&self.state.seed, b"srp", &srp_id.to_le_bytes(), &at.to_le_bytes()]);
        }
        let verifier = password.verifier.as_slice().try_into().map_err(|_| error::SRP_PASSWORD_CHANGED)?;
        let parameters = Parameters { group: Group::telegram(), salt1: password.salt1.clone(), salt2: password.salt2.clone() };
        Ok(Challenge::new(&parameters, verifier, Secret::from_bytes(&secret)))
    }

    /// Sets the password of an account. Takes a tenth of a second.
    pub(crate) fn set_password(&mut self, user: i64, password: &str) {
        let (mut salt1, salt2) = self.new_salts(user);
        salt1.extend(self.state.random_bytes::<CLIENT_SALT>());
        let parameters = Parameters { group: Group::telegram(), salt1: salt1.clone(), salt2: salt2.clone() };
        let verifier = parameters.verifier(password.as_bytes()).to_vec();
        let password = Password { salt1, salt2, verifier, hint: String::new() };
        self.state.tables.users.entry_of(&user, |user| user.password = Some(password));
    }
}
