//! Proxies on the way to Telegram.

mod dialer;
mod faketls;
mod link;
mod secret;
mod watched;

pub use dialer::{Carrier, Dialer, Policy};
pub use faketls::FakeTls;
pub use link::{MtProxy, Proxy};
pub use secret::{Disguise, Secret};
