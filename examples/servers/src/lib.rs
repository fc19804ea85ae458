//! What the programs share: where the servers are.

/// The result of a program.
pub type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The address of a server, from the environment; none, and a line that says so, where there is none.
#[must_use]
pub fn server(variable: &str) -> Option<String> {
    let address = std::env::var(variable).ok();
    if address.is_none() {
        println!("skipped: {variable} names no server; `.ci/servers` starts one");
    }
    address
}
