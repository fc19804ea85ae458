//! Signing in and out: <https://core.telegram.org/api/auth>.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use quadruplex_api::functions::{account, auth, updates};
use quadruplex_api::{enums, types};
use quadruplex_crypto::dh::{Group, Secret};
use quadruplex_crypto::srp::Parameters;
use quadruplex_store::{Commit, CommonState, OwnUser};

use super::lost::is_end;
use super::pool::lock;
use super::{CallOptions, Client};
use crate::Error;

/// How long a server may take to end a login.
const SIGN_OUT: Duration = Duration::from_secs(30);

/// What is said to a login that has its code and not its password yet.
const PASSWORD_NEEDED: &str = "SESSION_PASSWORD_NEEDED";

/// A code that is on its way to the owner of a number.
#[derive(Clone)]
pub struct LoginCode {
    phone: String,
    hash: String,
    /// Where the code goes.
    pub kind: CodeKind,
    /// How many characters it has, if Telegram says so.
    pub length: Option<u32>,
}

/// With the number and the hash, a stranger who has the code is signed in: they are not shown.
impl fmt::Debug for LoginCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginCode").field("kind", &self.kind).field("length", &self.length).finish_non_exhaustive()
    }
}

/// Where a login code goes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodeKind {
    /// To Telegram on the owner's other devices.
    App,
    /// By text message.
    Sms,
    /// Read out by a call.
    Call,
    /// The last digits of the number that calls; the pattern shows what is known of it.
    FlashCall(String),
    /// The last digits of the number of a missed call that begins with this.
    MissedCall(String),
    /// To this e-mail address, of which parts are hidden.
    Email(String),
    /// To the owner of an anonymous number, on this page.
    Fragment(String),
    /// A word in a text message that begins with this.
    Word(Option<String>),
    /// A phrase in a text message that begins with this.
    Phrase(Option<String>),
    /// In a way that is for Telegram's own applications; ask to have it sent again.
    Other,
}

/// Behind "the code that came": `by text message`.
impl fmt::Display for CodeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::App => f.write_str("to your other devices"),
            Self::Sms => f.write_str("by text message"),
            Self::Call => f.write_str("by a call"),
            Self::FlashCall(pattern) => write!(f, "as the number that calls, {pattern}"),
            Self::MissedCall(prefix) => write!(f, "as the last digits of the number {prefix}… that calls"),
            Self::Email(address) => write!(f, "to {address}"),
            Self::Fragment(url) => write!(f, "at {url}"),
            Self::Word(_) | Self::Phrase(_) => f.write_str("by text message, which is words"),
            Self::Other => f.write_str("from Telegram"),
        }
    }
}

/// What a correct code leads to.
#[derive(Clone, Debug)]
pub enum SignIn {
    /// The account is signed in.
    Done(enums::User),
    /// Two-step verification is on: go on with [`Client::check_password`].
    PasswordNeeded {
        /// What the owner wrote to remember it by.
        hint: Option<String>,
    },
    /// Nobody has this number: go on with [`Client::sign_up`], where Telegram allows it.
    SignUpNeeded,
}

impl Client {
    /// Signs in as a bot, with the token that @BotFather gave.
    ///
    /// # Errors
    /// `ACCESS_TOKEN_INVALID`, `API_ID_INVALID` and those of every call.
    ///
    /// # Cancel safety
    /// If it is dropped, the account may be signed in or not; signing in again is harmless.
    pub async fn sign_in_bot(&self, token: &str) -> Result<enums::User, Error> {
        let api = &self.inner.settings.api;
        let request = auth::ImportBotAuthorization::new(0, api.id, api.hash.as_str(), token.trim());
        let authorization = self.inner.invoke(request).await?;
        match self.signed_in(authorization).await? {
            SignIn::Done(user) => Ok(user),
            _ => Err(Error::NotSignedIn),
        }
    }

    /// Asks Telegram to send a login code to the owner of a number.
    ///
    /// # Errors
    /// `PHONE_NUMBER_INVALID`, `PHONE_NUMBER_BANNED`, `API_ID_INVALID` and those of every call.
    ///
    /// # Cancel safety
    /// If it is dropped, a code may have been sent.
    pub async fn request_code(&self, phone: &str) -> Result<LoginCode, Error> {
        let api = &self.inner.settings.api;
        let request = auth::SendCode::new(phone, api.id, api.hash.as_str(), types::CodeSettings::new());
        let sent = self.inner.invoke(request).await?;
        self.code_sent(phone, sent).await
    }

    /// Has the code sent in the next way that Telegram offers.
    ///
    /// # Errors
    /// `SEND_CODE_UNAVAILABLE` when there is no other way, and those of every call.
    ///
    /// # Cancel safety
    /// If it is dropped, a code may have been sent.
    pub async fn resend_code(&self, code: &LoginCode) -> Result<LoginCode, Error> {
        let sent = self.inner.invoke(auth::ResendCode::new(code.phone.as_str(), code.hash.as_str())).await?;
        self.code_sent(&code.phone, sent).await
    }

    /// Signs in with the code that came.
    ///
    /// # Errors
    /// `PHONE_CODE_INVALID`, `PHONE_CODE_EXPIRED` and those of every call. A wrong code can be tried again with the right one.
    ///
    /// # Cancel safety
    /// If it is dropped, the account may be signed in or not; signing in again is harmless.
    pub async fn sign_in(&self, code: &LoginCode, typed: &str) -> Result<SignIn, Error> {
        let request =
            auth::SignIn { phone_code: Some(typed.trim().to_owned()), ..auth::SignIn::new(code.phone.as_str(), code.hash.as_str()) };
        match self.inner.invoke(request).await {
            Ok(authorization) => self.signed_in(authorization).await,
            Err(error) if error.is(PASSWORD_NEEDED) => {
                let password = self.inner.invoke(account::GetPassword).await?;
                Ok(SignIn::PasswordNeeded { hint: password.hint })
            }
            Err(error) if error.is("PHONE_NUMBER_UNOCCUPIED") => Ok(SignIn::SignUpNeeded),
            Err(error) => Err(error),
        }
    }

    /// Signs in with the password of two-step verification. It does not leave this machine: the server only learns that we
    /// know it.
    ///
    /// # Errors
    /// `PASSWORD_HASH_INVALID` when it is wrong, and those of every call.
    ///
    /// # Cancel safety
    /// If it is dropped, the account may be signed in or not; signing in again is harmless.
    pub async fn check_password(&self, password: &str) -> Result<enums::User, Error> {
        let mut tries = 0;
        loop {
            let state = self.inner.invoke(account::GetPassword).await?;
            let proof = self.prove(&state, password).await?;
            match self.inner.invoke(auth::CheckPassword::new(proof)).await {
                Ok(authorization) => match self.signed_in(authorization).await? {
                    SignIn::Done(user) => return Ok(user),
                    _ => return Err(Error::NotSignedIn),
                },
                // The server has forgotten its half of the proof: a new one is made.
                Err(error) if error.is("SRP_ID_INVALID") && tries == 0 => tries += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Makes a new account for a number that nobody has, with a code that was correct.
    ///
    /// # Errors
    /// Telegram lets few applications do this; the others get `PHONE_NUMBER_UNOCCUPIED` or `API_ID_INVALID` and have to send their users to an
    /// official application. And those of every call.
    ///
    /// # Cancel safety
    /// If it is dropped, the account may have been made.
    pub async fn sign_up(&self, code: &LoginCode, first_name: &str, last_name: &str) -> Result<enums::User, Error> {
        let request = auth::SignUp::new(code.phone.as_str(), code.hash.as_str(), first_name, last_name);
        let authorization = self.inner.invoke(request).await?;
        match self.signed_in(authorization).await? {
            SignIn::Done(user) => Ok(user),
            _ => Err(Error::NotSignedIn),
        }
    }

    /// Who is signed in. A session that comes from elsewhere need not say: then Telegram is asked, and the answer is kept.
    ///
    /// ```no_run
    /// # async fn example(session: quadruplex::store::Session) -> Result<(), quadruplex::Error> {
    /// let client = quadruplex::Client::builder(1, "hash").session(session).connect_in_memory().await?;
    /// match client.whoami().await? {
    ///     Some(user) => println!("{}", user.id),
    ///     None => println!("the login of this session was ended"),
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of every call.
    ///
    /// # Cancel safety
    /// May be called again.
    pub async fn whoami(&self) -> Result<Option<OwnUser>, Error> {
        if let Some(own) = self.own_user() {
            return Ok(Some(own));
        }
        if !self.inner.pool.has_stored_key(self.home_dc()) {
            return Ok(None);
        }
        match self.me().await {
            Ok(enums::User::User(user)) => {
                let own = OwnUser { id: user.id, bot: user.bot };
                self.inner.set_identity(|identity| identity.user = Some(own)).await?;
                self.begin_updates(true).await?;
                Ok(Some(own))
            }
            Ok(enums::User::Empty(_)) => Ok(None),
            // As long as the password is missing nobody is, and the way in is to sign in.
            Err(error) if error.is("AUTH_KEY_UNREGISTERED") || error.is(PASSWORD_NEEDED) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Signs out: the server forgets the login, the store forgets its keys, the connections close. The client cannot be used any more.
    ///
    /// A login that Telegram has ended already, or that was never completed with its password, is forgotten in the same way, so that this can
    /// be repeated until it succeeds.
    ///
    /// # Errors
    /// Those of every call, and [`Error::Timeout`] when the server has not answered within 30 seconds. The login is kept here then, although
    /// the server may have ended it: sign out again when there is a connection, or end the login on another device.
    ///
    /// # Cancel safety
    /// If it is dropped, the login may be gone; it may be called again.
    pub async fn sign_out(&self) -> Result<(), Error> {
        let options = CallOptions { timeout: Some(SIGN_OUT), ..CallOptions::default() };
        match self.inner.perform(&mut auth::LogOut, options).await {
            Err(Error::Rpc { error, .. }) if is_end(&error) || error.name == PASSWORD_NEEDED => {}
            answer => drop(answer?),
        }
        self.inner.set_identity(|identity| identity.user = None).await?;
        self.inner.end_updates();
        self.inner.pool.forget_keys().await;
        Ok(())
    }

    async fn code_sent(&self, phone: &str, sent: enums::auth::SentCode) -> Result<LoginCode, Error> {
        match sent {
            enums::auth::SentCode::SentCode(sent) => {
                let (kind, length) = code_kind(&sent.r#type);
                Ok(LoginCode { phone: phone.to_owned(), hash: sent.phone_code_hash, kind, length })
            }
            enums::auth::SentCode::Success(success) => {
                self.signed_in(success.authorization).await?;
                Err(Error::Invalid("an earlier login was recognised: the account is signed in without a code".to_owned()))
            }
            enums::auth::SentCode::PaymentRequired(_) => Err(Error::Invalid(
                "Telegram wants a payment before it sends a code to this number; sign in with an official application once".to_owned(),
            )),
        }
    }

    /// Writes down where the updates of the account begin: what happens from the sign-in on is not missed, however late somebody
    /// takes them. An account that signs in again goes on where it was.
    pub(super) async fn begin_updates(&self, is_known: bool) -> Result<(), Error> {
        let store = self.inner.writer.store();
        if is_known && store.load().await?.common.is_some() {
            return Ok(());
        }
        let state = self.inner.invoke(updates::GetState).await?;
        let common = Some(CommonState { pts: state.pts, qts: state.qts, date: state.date, seq: state.seq });
        Ok(store.commit(Arc::new(Commit { common, ..Commit::default() })).await?)
    }

    async fn signed_in(&self, authorization: enums::auth::Authorization) -> Result<SignIn, Error> {
        let authorization = match authorization {
            enums::auth::Authorization::Authorization(authorization) => authorization,
            enums::auth::Authorization::SignUpRequired(_) => return Ok(SignIn::SignUpNeeded),
        };
        let enums::User::User(user) = &authorization.user else { return Err(Error::NotSignedIn) };
        let own = OwnUser { id: user.id, bot: user.bot };
        let before = self.inner.own_user();
        self.inner.set_identity(|identity| identity.user = Some(own)).await?;
        self.inner.login_found();
        self.begin_updates(before == Some(own)).await?;
        if let Some(token) = authorization.future_auth_token {
            let mut commit = Commit::default();
            commit.login_token(token);
            self.inner.writer.store().commit(Arc::new(commit)).await?;
        }
        Ok(SignIn::Done(authorization.user))
    }

    /// The proof takes a tenth of a second of computing, away from the runtime's threads.
    async fn prove(&self, state: &types::account::Password, password: &str) -> Result<enums::InputCheckPasswordSrp, Error> {
        let (Some(algo), Some(b), Some(srp_id)) = (&state.current_algo, state.srp_b.clone(), state.srp_id) else {
            return Err(Error::Invalid("this account has no password".to_owned()));
        };
        let enums::PasswordKdfAlgo::Sha256Sha256Pbkdf2Hmacsha512iter100000Sha256ModPow(algo) = algo else {
            return Err(Error::Invalid("the password is protected in a way that this release does not know".to_owned()));
        };
        let group = Group::new(algo.g.cast_unsigned(), &algo.p)
            .map_err(|error| Error::Invalid(format!("the password cannot be proven safely: {error}")))?;
        let parameters = Parameters { group, salt1: algo.salt1.clone(), salt2: algo.salt2.clone() };
        let secret = Secret::random(&mut *lock(&self.inner.random));
        let password = password.as_bytes().to_vec();
        let proof = tokio::task::spawn_blocking(move || parameters.prove(&password, &b, secret)).await;
        let proof = proof.map_err(|error| Error::Invalid(error.to_string()))?;
        let proof = proof.map_err(|error| Error::Invalid(format!("the password cannot be proven safely: {error}")))?;
        Ok(types::InputCheckPasswordSrp::new(srp_id, proof.a, proof.m1).into())
    }
}

fn code_kind(kind: &enums::auth::SentCodeType) -> (CodeKind, Option<u32>) {
    use enums::auth::SentCodeType as Sent;
    let length = |length: i32| u32::try_from(length).ok();
    match kind {
        Sent::App(app) => (CodeKind::App, length(app.length)),
        Sent::Sms(sms) => (CodeKind::Sms, length(sms.length)),
        Sent::Call(call) => (CodeKind::Call, length(call.length)),
        Sent::FlashCall(call) => (CodeKind::FlashCall(call.pattern.clone()), None),
        Sent::MissedCall(call) => (CodeKind::MissedCall(call.prefix.clone()), length(call.length)),
        Sent::EmailCode(email) => (CodeKind::Email(email.email_pattern.clone()), length(email.length)),
        Sent::FragmentSms(page) => (CodeKind::Fragment(page.url.clone()), length(page.length)),
        Sent::SmsWord(word) => (CodeKind::Word(word.beginning.clone()), None),
        Sent::SmsPhrase(phrase) => (CodeKind::Phrase(phrase.beginning.clone()), None),
        _ => (CodeKind::Other, None),
    }
}

#[cfg(test)]
mod tests {
    use quadruplex_api::types::auth as sent;

    use super::*;

    #[test]
    fn every_kind_of_code_is_known() {
        let check = |kind: enums::auth::SentCodeType, expect: (CodeKind, Option<u32>), shown: &str| {
            let found = code_kind(&kind);
            assert_eq!(found.0.to_string(), shown);
            assert_eq!(found, expect);
        };
        check(sent::SentCodeTypeApp { length: 5 }.into(), (CodeKind::App, Some(5)), "to your other devices");
        check(sent::SentCodeTypeSms { length: 6 }.into(), (CodeKind::Sms, Some(6)), "by text message");
        check(sent::SentCodeTypeCall { length: 5 }.into(), (CodeKind::Call, Some(5)), "by a call");
        let flash = sent::SentCodeTypeFlashCall { pattern: "+1*".into() };
        check(flash.into(), (CodeKind::FlashCall("+1*".into()), None), "as the number that calls, +1*");
        let missed = sent::SentCodeTypeMissedCall { prefix: "+44".into(), length: 4 };
        let shown = "as the last digits of the number +44… that calls";
        check(missed.into(), (CodeKind::MissedCall("+44".into()), Some(4)), shown);
        let page = sent::SentCodeTypeFragmentSms { url: "https://fragment.com".into(), length: 5 };
        check(page.into(), (CodeKind::Fragment("https://fragment.com".into()), Some(5)), "at https://fragment.com");
        let words = "by text message, which is words";
        check(sent::SentCodeTypeSmsWord { beginning: Some("o".into()) }.into(), (CodeKind::Word(Some("o".into())), None), words);
        check(sent::SentCodeTypeSmsPhrase { beginning: None }.into(), (CodeKind::Phrase(None), None), words);
        let set_up = sent::SentCodeTypeSetUpEmailRequired { apple_signin_allowed: false, google_signin_allowed: false };
        check(set_up.into(), (CodeKind::Other, None), "from Telegram");
    }
}
