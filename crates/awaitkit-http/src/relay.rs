//! A way through several proxies, one behind the other, for a client that knows one proxy at a time: a SOCKS5 proxy on this machine,
//! which only that client can use, leads through all of them.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use awaitkit_dial::{Chain, Host, Network, Target, Wanted};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

/// The words of SOCKS5 (RFC 1928, RFC 1929) that are needed here.
const VERSION: u8 = 5;
const PASSWORD: u8 = 2;
const CONNECT: u8 = 1;
const V4: u8 = 1;
const NAME: u8 = 3;
const V6: u8 = 4;

/// The relay of one route. It runs as long as this is there.
#[derive(Debug)]
pub(crate) struct Relay {
    at: SocketAddr,
    /// Made anew for each relay: nobody else on this machine shall go that way.
    password: String,
    way: Arc<Way>,
    running: Mutex<Running>,
}

#[derive(Debug)]
enum Running {
    /// Until the first request, when there is a runtime.
    Not(Option<std::net::TcpListener>),
    Yes(AbortHandle),
}

#[derive(Debug)]
struct Way {
    chain: Chain,
    network: Network,
    patience: Duration,
    /// What the proxies said last, for which the protocol has one byte only.
    trouble: Mutex<Option<String>>,
}

impl Relay {
    pub(crate) fn new(chain: Chain, network: Network, patience: Duration) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let mut secret = [0; 16];
        getrandom::fill(&mut secret).map_err(io::Error::other)?;
        let way = Arc::new(Way { chain, network, patience, trouble: Mutex::default() });
        let password = format!("{:032x}", u128::from_ne_bytes(secret));
        Ok(Self { at: listener.local_addr()?, password, way, running: Mutex::new(Running::Not(Some(listener))) })
    }

    /// Where a client finds it.
    pub(crate) fn link(&self) -> String {
        format!("socks5h://chain:{}@{}", self.password, self.at)
    }

    /// Sees to it that it runs.
    pub(crate) fn run(&self) -> io::Result<()> {
        let mut running = lock(&self.running);
        if let Running::Not(listener) = &mut *running
            && let Some(listener) = listener.take()
        {
            let listener = TcpListener::from_std(listener)?;
            let task = tokio::spawn(serve(listener, self.way.clone(), self.password.clone()));
            *running = Running::Yes(task.abort_handle());
        }
        Ok(())
    }

    /// What went wrong last.
    pub(crate) fn trouble(&self) -> Option<String> {
        lock(&self.way.trouble).take()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if let Running::Yes(task) = &*lock(&self.running) {
            task.abort();
        }
    }
}

async fn serve(listener: TcpListener, way: Arc<Way>, password: String) {
    let password: Arc<str> = password.into();
    let mut tunnels = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(tunnels.spawn(tunnel(stream, way.clone(), password.clone()))),
                // Too many open files: those that close make room.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = tunnels.join_next() => {}
        }
    }
}

async fn tunnel(mut client: TcpStream, way: Arc<Way>, password: Arc<str>) {
    let asked = timeout(way.patience, asked(&mut client, &password)).await;
    let Ok(Ok(target)) = asked else { return };
    let opened = timeout(way.patience, way.network.open(Some(&way.chain), Wanted::Target(&target))).await;
    let opened =
        opened.unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, format!("not connected within {:?}", way.patience))));
    let mut server = match opened {
        Ok(server) => server,
        Err(error) => {
            *lock(&way.trouble) = Some(error.to_string());
            let _ = client.write_all(&reply(1)).await;
            return;
        }
    };
    if client.write_all(&reply(0)).await.is_ok() {
        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
    }
}

const fn reply(code: u8) -> [u8; 10] {
    [VERSION, code, 0, V4, 0, 0, 0, 0, 0, 0]
}

/// Where a client that knows the password wants to go.
async fn asked(client: &mut TcpStream, password: &str) -> io::Result<Target> {
    let refused = || io::Error::from(io::ErrorKind::PermissionDenied);
    let [version, count] = read(client).await?;
    let methods = read_many(client, count).await?;
    if version != VERSION || !methods.contains(&PASSWORD) {
        client.write_all(&[VERSION, 0xff]).await?;
        return Err(refused());
    }
    client.write_all(&[VERSION, PASSWORD]).await?;
    let [_, user] = read(client).await?;
    read_many(client, user).await?;
    let [length] = read(client).await?;
    let known = read_many(client, length).await? == password.as_bytes();
    client.write_all(&[1, u8::from(!known)]).await?;
    if !known {
        return Err(refused());
    }
    let [_, command, _, kind] = read(client).await?;
    let host = match kind {
        V4 => Host::Ip(IpAddr::from(read::<4>(client).await?)),
        V6 => Host::Ip(IpAddr::from(read::<16>(client).await?)),
        NAME => {
            let [length] = read(client).await?;
            let name = read_many(client, length).await?;
            String::from_utf8(name).ok().and_then(|name| name.parse().ok()).ok_or_else(refused)?
        }
        _ => return Err(refused()),
    };
    let port = u16::from_be_bytes(read(client).await?);
    if command == CONNECT { Ok(Target { host, port }) } else { Err(refused()) }
}

async fn read<const N: usize>(client: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    client.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn read_many(client: &mut TcpStream, count: u8) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; count.into()];
    client.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// Each change is one statement: a panic elsewhere leaves it as good as it was.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a client hears that knows this password.
    async fn heard(relay: &Relay, password: &str) -> Vec<u8> {
        let mut client = TcpStream::connect(relay.at).await.unwrap();
        client.write_all(&[VERSION, 1, PASSWORD, 1, 1, b'x']).await.unwrap();
        client.write_all(&[u8::try_from(password.len()).unwrap()]).await.unwrap();
        client.write_all(password.as_bytes()).await.unwrap();
        client.write_all(&[VERSION, CONNECT, 0, V4, 10, 0, 0, 1, 0, 80]).await.unwrap();
        let mut heard = Vec::new();
        // A reset is an end, too: what came behind the password was not read.
        let _ = client.read_to_end(&mut heard).await;
        heard
    }

    #[tokio::test]
    async fn nobody_goes_that_way_who_does_not_know_the_password() {
        let chain = "socks5://127.0.0.1:1+http://127.0.0.1:1".parse().unwrap();
        let relay = Relay::new(chain, Network::default(), Duration::from_secs(10)).unwrap();
        relay.run().unwrap();
        let refusal = heard(&relay, "guess").await;
        assert!([VERSION, PASSWORD, 1, 1].starts_with(&refusal), "{refusal:?}");
        assert!(relay.trouble().is_none(), "no proxy was asked");
        let heard = heard(&relay, &relay.password).await;
        assert_eq!(heard, [&[VERSION, PASSWORD, 1, 0][..], &reply(1)].concat());
        assert!(relay.trouble().unwrap().contains("cannot reach http://127.0.0.1:1: cannot reach socks5://127.0.0.1:1"));
    }
}
