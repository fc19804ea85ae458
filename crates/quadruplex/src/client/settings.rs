use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use quadruplex_api::functions::{InitConnection, InvokeWithLayer};
use quadruplex_api::types::InputClientProxy;
use quadruplex_mtproto::framing::Transport;
use quadruplex_net::{Carrier, Dial, Dialer, Environment, Host, Init, Network, Policy, Target};
use quadruplex_tl::Serialize;

use super::servers::Servers;
use crate::Error;
use crate::calls::Wait;

/// The application id that MTProto wants to know, from <https://my.telegram.org/apps>.
#[derive(Clone)]
pub struct ApiId {
    /// The number.
    pub id: i32,
    /// The secret that goes with it.
    pub hash: String,
}

/// The hash is a secret and not shown.
impl fmt::Debug for ApiId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiId").field("id", &self.id).finish_non_exhaustive()
    }
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

/// How servers are reached: directly over TCP unless told otherwise.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ways {
    pub(crate) policy: Policy,
    pub(crate) network: Network,
    pub(crate) carrier: Carrier,
    /// To where HTTP leads, if not by the policy.
    #[cfg(feature = "http")]
    pub(crate) http: Option<awaitkit_http::Policy>,
    /// Somebody who does it instead.
    pub(crate) dial: Option<Arc<dyn Dial>>,
}

impl Ways {
    pub(crate) fn dialer(&self, environment: &Environment) -> Arc<dyn Dial> {
        let by_policy = || Dialer::new(self.policy.clone(), self.network.clone(), environment.clone()).carrier(self.carrier.clone());
        self.dial.clone().unwrap_or_else(|| Arc::new(by_policy()))
    }
}

/// Everything that a client was told when it was built.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) api: ApiId,
    pub(crate) servers: Servers,
    pub(crate) transport: Transport,
    pub(crate) obfuscated: bool,
    pub(crate) ways: Ways,
    pub(crate) environment: Environment,
    pub(crate) device_model: String,
    pub(crate) system_version: String,
    pub(crate) app_version: String,
    pub(crate) flood_wait: Wait,
    pub(crate) on_error: OnError,
    pub(crate) upload_connections: usize,
    pub(crate) download_connections: usize,
    #[cfg(feature = "tower")]
    pub(crate) layers: super::layers::Layers,
}

impl Settings {
    /// What goes before the first query of a connection. Telegram is told of an MTProto proxy.
    pub(crate) fn init(self: &Arc<Self>) -> Init {
        let settings = Arc::clone(self);
        Init::new(move |proxy| settings.introduction(proxy))
    }

    fn introduction(&self, proxy: Option<&Target>) -> Bytes {
        let mut out = InvokeWithLayer::new(quadruplex_api::LAYER).to_bytes();
        // The pack of translations is for Telegram's own applications; others leave it empty.
        let (lang, lang_pack) = ("en", "");
        let device = (self.device_model.as_str(), self.system_version.as_str(), self.app_version.as_str());
        let mut init = InitConnection::new(self.api.id, device.0, device.1, device.2, lang, lang_pack, lang);
        init.proxy = proxy.map(|Target { host, port }| InputClientProxy::new(bare(host), i32::from(*port)));
        init.serialize(&mut out);
        out.into()
    }
}

/// A host as Telegram writes it: v6 addresses without brackets.
fn bare(host: &Host) -> String {
    match host {
        Host::Ip(ip) => ip.to_string(),
        Host::Name(name) => name.clone(),
    }
}
