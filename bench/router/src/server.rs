//! A server that has one client and sends it messages as fast as they are taken. What the client drops because it is full it asks for
//! again, and gets it in a difference, as from Telegram.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use quadruplex::api::functions::{updates, users};
use quadruplex::api::{enums, types};
use quadruplex::net::{BoxFuture, Dial, Dialed, Environment, Server as Address, Stream};
use quadruplex::store::{Commit, CommonState, Memory, OwnUser, Redb, Session, Store};
use quadruplex::{Client, PublicKey, Servers};
use quadruplex_crypto::AuthKey;
use quadruplex_crypto::message::Side;
use quadruplex_mtproto::framing::ServerFramer;
use quadruplex_mtproto::packet;
use quadruplex_mtproto::server::{self, ServerSalts};
use quadruplex_tl::{Deserialize, Identifiable, Serialize};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use crate::Result;

const BOT: i64 = 1000;
const KEY: [u8; 256] = [7; 256];
const DATE: i32 = 1_700_000_000;
const VECTOR: u32 = 0x1cb5_c415;

/// What the server has for its client: new messages, of which the one at `n` has the pts `n + 1`.
#[derive(Default)]
pub(crate) struct Mailbox {
    messages: Vec<enums::Message>,
    /// So many were sent.
    sent: usize,
    /// The client has asked what it missed: now it takes updates.
    is_asked: bool,
}

/// So many are sent together, and so many are in a slice of a difference.
const TOGETHER: usize = 50;
const SLICE: usize = 1_000;

impl Mailbox {
    pub(crate) fn new(messages: Vec<enums::Message>) -> Self {
        Self { messages, sent: 0, is_asked: false }
    }

    /// The next messages in an envelope.
    fn envelope(&mut self) -> Option<Bytes> {
        let end = self.messages.len().min(self.sent + TOGETHER);
        if !self.is_asked || end == self.sent {
            return None;
        }
        let update = |(at, message): (usize, &enums::Message)| {
            types::UpdateNewMessage { message: message.clone(), pts: position(self.sent + at + 1), pts_count: 1 }.into()
        };
        let updates = self.messages[self.sent..end].iter().enumerate().map(update).collect();
        self.sent = end;
        Some(enums::Updates::from(types::Updates { updates, users: Vec::new(), chats: Vec::new(), date: DATE, seq: 0 }).to_bytes().into())
    }

    /// What was sent after `pts`.
    fn difference(&mut self, pts: i32) -> Vec<u8> {
        self.is_asked = true;
        let from = usize::try_from(pts).unwrap_or(0);
        if from >= self.sent {
            return enums::updates::Difference::from(types::updates::DifferenceEmpty { date: DATE, seq: 0 }).to_bytes();
        }
        let end = self.sent.min(from + SLICE);
        let slice = types::updates::DifferenceSlice {
            new_messages: self.messages[from..end].to_vec(),
            new_encrypted_messages: Vec::new(),
            other_updates: Vec::new(),
            chats: Vec::new(),
            users: Vec::new(),
            intermediate_state: types::updates::State { pts: position(end), qts: 0, date: DATE, seq: 0, unread_count: 0 }.into(),
        };
        enums::updates::Difference::from(slice).to_bytes()
    }
}

fn position(count: usize) -> i32 {
    i32::try_from(count).expect("fewer messages than positions")
}

/// A client and its server.
pub(crate) struct Server {
    pub(crate) client: Client,
}

impl Server {
    /// A client with a store in this file, or in memory.
    pub(crate) async fn start(store: Option<&Path>, mailbox: Mailbox) -> Result<Self> {
        let dialer = Arc::new(Pipe(std::sync::Mutex::new(Some(mailbox))));
        let user = Some(OwnUser { id: BOT, bot: true });
        let session = Session { dc: 1, test: false, user, address: None, key: quadruplex::store::AuthKey::from_bytes(KEY) };
        let servers = Servers::custom(1, [(1, SocketAddr::from(([192, 0, 2, 1], 443)))], PublicKey::sandbox());
        let builder = Client::builder(1, "hash").servers(servers).dialer(dialer).session(session.clone());
        let mut commit = session.to_commit();
        commit.common(CommonState { pts: 0, qts: 0, date: 1, seq: 0 });
        let client = match store {
            Some(path) => builder.connect(begun(Redb::open(path, Duration::ZERO).await?, commit).await?).await?,
            None => builder.connect(begun(Memory::new(), commit).await?).await?,
        };
        Ok(Self { client })
    }
}

async fn begun<S: Store>(store: S, commit: Commit) -> Result<S> {
    store.commit(Arc::new(commit)).await?;
    Ok(store)
}

/// A message of a person to the bot.
pub(crate) fn message(user: i64, id: i32, text: &str) -> enums::Message {
    const FROM_ID: u32 = 1 << 8;
    let mut bytes = types::Message::ID.to_le_bytes().to_vec();
    FROM_ID.serialize(&mut bytes);
    0_u32.serialize(&mut bytes);
    id.serialize(&mut bytes);
    let peer = enums::Peer::from(types::PeerUser::new(user));
    peer.serialize(&mut bytes);
    peer.serialize(&mut bytes);
    DATE.serialize(&mut bytes);
    text.to_owned().serialize(&mut bytes);
    enums::Message::from_bytes(&bytes).expect("the schema's form of a message")
}

struct Pipe(std::sync::Mutex<Option<Mailbox>>);

impl std::fmt::Debug for Pipe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pipe")
    }
}

impl Dial for Pipe {
    fn dial<'a>(&'a self, _: Address<'a>) -> BoxFuture<'a, std::io::Result<Dialed>> {
        Box::pin(async move {
            let (near, far) = duplex(256 << 10);
            let mailbox = self.0.lock().ok().and_then(|mut mailbox| mailbox.take());
            let mailbox = mailbox.ok_or(std::io::ErrorKind::ConnectionRefused)?;
            tokio::spawn(serve(far, mailbox));
            Ok((Box::new(near) as Box<dyn Stream>).into())
        })
    }
}

async fn serve(mut stream: DuplexStream, mut mailbox: Mailbox) {
    let key = AuthKey::from_bytes(&KEY);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let environment = Environment::system();
    let (mut input, mut out) = (BytesMut::new(), Vec::new());
    let (mut framer, mut session): (Option<ServerFramer>, Option<server::Session>) = (None, None);
    loop {
        tokio::select! {
            read = stream.read_buf(&mut input) => if read.unwrap_or(0) == 0 { return },
            Some(body) = async { mailbox.envelope() } => {
                if let Some(session) = &mut session {
                    session.notify(body, environment.now());
                }
            }
        }
        if framer.is_none() {
            framer = ServerFramer::accept(&mut input).expect("a client of ours");
        }
        let Some(framer) = &mut framer else { continue };
        while let Some(received) = framer.next(&mut input).expect("a client of ours") {
            let opened = packet::open(&key, Side::Client, received.packet).expect("its key");
            let session = session.get_or_insert_with(|| {
                let mut new = server::Session::new(key.clone(), opened.session_id, ServerSalts::of_old_key(), &mut rng);
                new.connected();
                new
            });
            session.handle_message(opened, environment.now()).expect("a client of ours");
            while let Some(event) = session.poll_event() {
                if let server::Event::Request { msg_id, body } = event
                    && let Some(answer) = answer(&mut mailbox, &body)
                {
                    session.answer(msg_id, answer, false, environment.now());
                }
            }
        }
        let Some(session) = &mut session else { continue };
        loop {
            let frame = framer.begin(&mut out);
            let packed = session.poll_transmit(environment.now(), &mut rng, &mut out);
            framer.finish(frame, &mut out, &mut rng).expect("it fits");
            if !packed {
                break;
            }
        }
        if stream.write_all(&std::mem::take(&mut out)).await.is_err() {
            return;
        }
    }
}

/// Who the bot is, and what it has missed. All else remains without an answer.
fn answer(mailbox: &mut Mailbox, body: &[u8]) -> Option<Bytes> {
    let after = |id: u32| Some(&body[body.windows(4).position(|word| word == id.to_le_bytes())? + 4..]);
    let answer = if let Some(parameters) = after(updates::GetDifference::ID) {
        // The flags, then the position.
        mailbox.difference(i32::from_le_bytes(*parameters.get(4..)?.first_chunk()?))
    } else if after(users::GetUsers::ID).is_some() {
        const SELF_AND_BOT: u32 = 1 << 10 | 1 << 14;
        let mut users = VECTOR.to_le_bytes().to_vec();
        1_i32.serialize(&mut users);
        types::User::ID.serialize(&mut users);
        SELF_AND_BOT.serialize(&mut users);
        // The second flags, the id, the version of what is said of the bot.
        0_u32.serialize(&mut users);
        BOT.serialize(&mut users);
        1_i32.serialize(&mut users);
        users
    } else {
        return None;
    };
    Some(answer.into())
}
