//! reqwest's client, prepared: proxies in an order of yours, names looked up as you say, cookies, redirects, no surprising limits.
//!
//! ```no_run
//! # async fn example() -> Result<(), awaitkit_http::Error> {
//! use awaitkit::{limit, try_map_concurrent};
//! use awaitkit_http::{Http, file_get_contents};
//!
//! let page = file_get_contents("https://example.org/").await?; // the body of a GET, whose status was good
//!
//! let http = Http::builder().policy("direct, then socks5h://127.0.0.1:9050".parse()?).build()?;
//! let urls = (1..=100).map(|n| format!("https://example.org/{n}"));
//! let pages = try_map_concurrent(urls, limit!(8), async |url| http.file_get_contents(url).await).await?;
//!
//! let answer = http.send(http.post("https://example.org/form").body("x=1")).await?; // reqwest's own builder and answer
//! # let _ = (page, pages, answer);
//! # Ok(()) }
//! ```
//!
//! # What holds
//!
//! - **A request is made once.** The next route of the policy is taken only if no byte of the request was sent on the one before; a GET or a
//!   HEAD, which change nothing, also if the connection broke before the answer began. Whoever answers with a redirect has got the request.
//! - **Limits**: connecting ends with the patience of the policy (10 s for each route), and five minutes without a byte are the end. There is
//!   none on how long an answer may take or how large it may be, unless you set one.
//! - **Redirects** are followed ten times, **cookies** are kept as long as the client, `gzip` and `deflate` are undone.
//! - **Several proxies**, one behind the other (`socks5://a+http://b`), are passed by `awaitkit-dial`, to which leads a SOCKS5 proxy on this
//!   machine, with a password that nobody else knows.
//! - Proxies come from the policy alone, not from the environment.

mod builder;
mod client;
mod contents;
mod error;
mod relay;

pub use awaitkit_dial::{Order, Policy, Resolve};
pub use builder::Builder;
pub use client::Http;
pub use contents::file_get_contents;
pub use error::{Error, FailedRoute};
pub use reqwest;
