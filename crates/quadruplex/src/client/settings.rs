use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use quadruplex_api::functions::{InitConnection, InvokeWithLayer};
use quadruplex_mtproto::framing::Transport;
use quadruplex_net::{Dial, Environment};
use quadruplex_tl::Serialize;

use super::servers::Servers;
use crate::Error;
use crate::calls::Wait;

/// The application id that MTProto wants to know, from <https://my.telegram.org/apps>.
#[derive(Clone, Debug)]
pub struct ApiId {
    /// The number.
    pub id: i32,
    /// The secret that goes with it.
    pub hash: String,
}

/// An error of a detached call, which nobody waits for.
#[derive(Debug)]
#[non_exhaustive]
pub struct Unhandled {
    /// The function that was called.
    pub method: &'static str,
    /// What went wrong.
    pub error: Error,
}

/// Takes errors that nobody waits for.
#[derive(Clone)]
pub(crate) struct OnError(pub(crate) Arc<dyn Fn(Unhandled) + Send + Sync>);

impl fmt::Debug for OnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnError")
    }
}

impl fmt::Display for Unhandled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a detached call failed: {}", self.error)
    }
}

/// Everything that a client was told when it was built.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) api: ApiId,
    pub(crate) servers: Servers,
    pub(crate) transport: Transport,
    pub(crate) obfuscated: bool,
    pub(crate) dial: Arc<dyn Dial>,
    pub(crate) environment: Environment,
    pub(crate) device_model: String,
    pub(crate) system_version: String,
    pub(crate) app_version: String,
    pub(crate) flood_wait: Wait,
    pub(crate) on_error: OnError,
    pub(crate) upload_connections: usize,
    pub(crate) download_connections: usize,
}

impl Settings {
    /// What goes before the first query of a connection.
    pub(crate) fn init(&self) -> Bytes {
        let mut out = InvokeWithLayer::new(quadruplex_api::LAYER).to_bytes();
        // The pack of translations is for Telegram's own applications; others leave it empty.
        let (lang, lang_pack) = ("en", "");
        let device = (self.device_model.as_str(), self.system_version.as_str(), self.app_version.as_str());
        InitConnection::new(self.api.id, device.0, device.1, device.2, lang, lang_pack, lang).serialize(&mut out);
        out.into()
    }
}
