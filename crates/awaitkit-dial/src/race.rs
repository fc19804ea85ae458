use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::sleep;

/// Races connections to several addresses of one server (RFC 8305): each gets a head start over the next, a failure starts the next at
/// once, the first that stands wins and the others are dropped.
pub(crate) async fn race<T, F>(addresses: &[SocketAddr], head_start: Duration, connect: impl Fn(SocketAddr) -> F) -> io::Result<T>
where
    F: Future<Output = io::Result<T>>,
{
    let mut waiting = alternating(addresses);
    let mut running = FuturesUnordered::new();
    let mut failed: Vec<(SocketAddr, io::Error)> = Vec::new();
    loop {
        if let Some(address) = waiting.pop_front() {
            let connecting = connect(address);
            running.push(async move { connecting.await.map_err(|error| (address, error)) });
        } else if running.is_empty() {
            return Err(summary(failed));
        }
        tokio::select! {
            biased;
            Some(done) = running.next() => match done {
                Ok(stream) => return Ok(stream),
                Err(error) => failed.push(error),
            },
            () = sleep(head_start), if !waiting.is_empty() => {}
        }
    }
}

/// The addresses in their order, the two families taking turns.
fn alternating(addresses: &[SocketAddr]) -> VecDeque<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut first, mut second): (VecDeque<_>, VecDeque<_>) = addresses.iter().partition(|address| address.is_ipv6() == first_is_v6);
    let mut all = VecDeque::with_capacity(addresses.len());
    while let Some(address) = first.pop_front() {
        all.push_back(address);
        all.extend(second.pop_front());
    }
    all.extend(second);
    all
}

/// One error for all: of their kind if they agree, naming each address.
fn summary(failed: Vec<(SocketAddr, io::Error)>) -> io::Error {
    let Some((_, last)) = failed.last() else {
        return io::Error::new(io::ErrorKind::InvalidInput, "the server has no address");
    };
    let kind = last.kind();
    let kind = if failed.iter().all(|(_, error)| error.kind() == kind) { kind } else { io::ErrorKind::Other };
    let texts: Vec<_> = failed.iter().map(|(address, error)| format!("{address}: {error}")).collect();
    io::Error::new(kind, texts.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let addresses = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<SocketAddr>>();
        let check = |texts: &[&str], expect: &[&str]| assert_eq!(alternating(&addresses(texts)), addresses(expect));
        check(&[], &[]);
        check(&["[::1]:1", "[::2]:1", "1.0.0.1:1"], &["[::1]:1", "1.0.0.1:1", "[::2]:1"]);
        check(&["1.0.0.1:1", "[::1]:1", "[::2]:1"], &["1.0.0.1:1", "[::1]:1", "[::2]:1"]);
    }
}
