//! The connection task against a server end that does what each test says, over pipes in memory and under virtual time.

mod clock;
mod faketls;
mod fixture;
mod http;
mod links;
mod losses;
mod proxies;
mod refusals;
mod slow;
mod traffic;
