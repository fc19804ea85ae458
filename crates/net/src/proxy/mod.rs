//! Proxies on the way to Telegram.

#[cfg(feature = "tls")]
mod clock;
mod dialer;
mod faketls;
mod link;
mod secret;
mod watched;

pub use dialer::{Carrier, Dialer, Policy};
pub use faketls::FakeTls;
pub use link::{MtProxy, Proxy};
pub use secret::{Disguise, Secret};
