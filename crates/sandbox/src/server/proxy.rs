//! An MTProto proxy in front of the data centres (<https://core.telegram.org/mtproto/mtproto-transports#transport-obfuscation>).

use std::collections::{HashSet, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::BytesMut;
use quadruplex_mtproto::framing::{ServerFramer, Transport};
use quadruplex_net::{Disguise, FakeTls, MtProxy, Secret, Stream};
use tokio::time::timeout;

use super::connection::{self, FIRST_BYTES};
use super::hub::{Hub, lock};

/// So many hellos are remembered, far more than come while their time is still taken.
const REMEMBERED: usize = 100_000;

/// The proxy of a sandbox.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    secret: Secret,
    seen: Mutex<Seen>,
}

/// The randoms of hellos: each is taken once.
#[derive(Default)]
struct Seen {
    known: HashSet<[u8; 32]>,
    order: VecDeque<[u8; 32]>,
}

impl Seen {
    fn is_new(&mut self, random: [u8; 32]) -> bool {
        if !self.known.insert(random) {
            return false;
        }
        self.order.push_back(random);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

impl Proxy {
    pub(crate) fn new(address: SocketAddr, secret: Secret) -> Self {
        Self { address, secret, seen: Mutex::default() }
    }

    /// What clients have to be told.
    pub(crate) fn link(&self) -> MtProxy {
        MtProxy { server: self.address.into(), secret: self.secret.clone(), through: None }
    }
}

/// Serves a client that comes to the proxy. It leads to the data centre that the client names; who does not know the secret is left
/// without an answer.
pub(crate) async fn serve(hub: Arc<Hub>, stream: Box<dyn Stream>) -> io::Result<()> {
    let (mut stop, mut epoch) = (hub.stop.subscribe(), hub.epoch.subscribe());
    let begun = tokio::select! {
        begun = timeout(FIRST_BYTES, begin(&hub, stream)) => begun,
        () = super::stopped(&mut stop) => return Ok(()),
        _ = epoch.changed() => return Ok(()),
    };
    let Begun { stream, framer, input, dc } = begun.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    connection::serve(hub, dc, stream, framer, input).await
}

/// A client that knows the secret.
struct Begun {
    stream: Box<dyn Stream>,
    framer: ServerFramer,
    input: BytesMut,
    dc: i32,
}

async fn begin(hub: &Arc<Hub>, mut stream: Box<dyn Stream>) -> io::Result<Begun> {
    let Some(Proxy { secret, seen, .. }) = hub.proxy() else { return Err(io::ErrorKind::NotFound.into()) };
    if let Disguise::FakeTls(domain) = secret.disguise() {
        let unix = hub.now().wall.as_secs() as u32;
        let mut random = hub.random(hub.next_connection())?;
        let (shaken, id) = FakeTls::accept(stream, BytesMut::new(), secret.key(), domain, unix, &mut random).await?;
        if !lock(seen).is_new(id) {
            return Err(io::Error::other("a hello that has come before"));
        }
        stream = Box::new(shaken);
    }
    let mut input = BytesMut::new();
    let framer = connection::begin(&mut stream, &mut input, Some(secret.key())).await.map_err(io::Error::from)?;
    if *secret.disguise() != Disguise::Noise && framer.transport() != Transport::PaddedIntermediate {
        return Err(io::Error::other("packets have to be padded for this secret"));
    }
    // Negative for media servers, and 10,000 more for test servers.
    let dc = framer.dc().map(|dc| i32::from(dc).abs() % 10_000).filter(|dc| hub.has_dc(*dc));
    let dc = dc.ok_or_else(|| io::Error::other("the client names no data centre that there is"))?;
    Ok(Begun { stream, framer, input, dc })
}
