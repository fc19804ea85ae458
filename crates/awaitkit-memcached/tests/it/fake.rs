//! A small memcached that does what it is told, also wrong.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use std::time::Duration;

use awaitkit_memcached::{Builder, Memcached};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What happens to one command instead of an answer.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// The answer is there and is sent when [`Fake::release`] is called.
    Late,
    /// The first bytes of the answer, then the end.
    Cut(usize),
    /// These bytes instead.
    Say(&'static str),
}

/// The value, the flags, and which writing it is.
type Stored = (Vec<u8>, u32, u64);

#[derive(Default)]
struct State {
    values: Mutex<HashMap<String, Stored>>,
    faults: Mutex<VecDeque<Fault>>,
    /// One for each late answer that is ready.
    late: Notify,
    release: Notify,
    clock: AtomicU64,
    connections: AtomicU64,
    /// Answers sent; what is quiet until `mn` is one.
    answers: AtomicU64,
}

#[derive(Clone)]
pub(crate) struct Fake {
    state: Arc<State>,
    pub(crate) address: String,
}

impl Fake {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(Arc::clone(&shared), stream));
            }
        });
        Self { state, address }
    }

    /// The next commands meet these.
    pub(crate) fn faults(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state.faults.lock().unwrap().extend(faults);
    }

    pub(crate) fn release(&self) {
        self.state.release.notify_one();
    }

    /// Returns when an answer is ready that is [late](Fault::Late).
    pub(crate) async fn late(&self) {
        self.state.late.notified().await;
    }

    pub(crate) fn connections(&self) -> u64 {
        self.state.connections.load(Ordering::Relaxed)
    }

    pub(crate) fn answers(&self) -> u64 {
        self.state.answers.load(Ordering::Relaxed)
    }

    pub(crate) fn client(&self) -> Memcached {
        self.builder().build().unwrap()
    }

    /// With a deadline that a busy machine keeps, too.
    pub(crate) fn builder(&self) -> Builder {
        Memcached::builder().deadline(DEADLINE).server(&self.address)
    }
}

pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// Lets so much time pass at once. While the clock stands still nothing is on its way: else it would jump to whatever is next.
pub(crate) async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// Serves until the other end closes, or a fault says so. None is the end.
async fn serve(state: Arc<State>, stream: TcpStream) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut quiet = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|length| *length > 0)?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut block = Vec::new();
        if words[0] == "ms" {
            block.resize(words[2].parse::<usize>().unwrap() + 2, 0);
            stream.read_exact(&mut block).await.ok()?;
            block.truncate(block.len() - 2);
        }
        let mut answer = state.answer(&words, block);
        if words[0] == "mg" && words.contains(&"q") {
            quiet.extend(if answer.starts_with(b"EN") { Vec::new() } else { answer });
            continue;
        }
        if words[0] == "mn" {
            answer.splice(0..0, std::mem::take(&mut quiet));
        }
        let fault = state.faults.lock().unwrap().pop_front();
        match fault {
            None => {}
            Some(Fault::Late) => {
                state.late.notify_one();
                state.release.notified().await;
            }
            Some(Fault::Cut(length)) => {
                answer.truncate(length);
                stream.write_all(&answer).await.ok()?;
                return None;
            }
            Some(Fault::Say(bytes)) => answer = bytes.into(),
        }
        state.answers.fetch_add(1, Ordering::Relaxed);
        stream.write_all(&answer).await.ok()?;
    }
}

impl State {
    fn answer(&self, words: &[&str], block: Vec<u8>) -> Vec<u8> {
        let mut values = self.values.lock().unwrap();
        let key = words.get(1).copied().unwrap_or_default();
        match words[0] {
            "version" => b"VERSION 1.6.0-fake\r\n".to_vec(),
            "flush_all" => {
                values.clear();
                b"OK\r\n".to_vec()
            }
            "mn" => b"MN\r\n".to_vec(),
            "mg" => values.get(key).map_or(b"EN\r\n".to_vec(), |value| got(&words[2..], key, value)),
            "ms" => self.set(&mut values, key, &words[3..], block).to_vec(),
            "delete" => values.remove(key).map_or(b"NOT_FOUND\r\n".to_vec(), |_| b"DELETED\r\n".to_vec()),
            "incr" | "decr" => {
                let Some((value, ..)) = values.get_mut(key) else { return b"NOT_FOUND\r\n".to_vec() };
                let Ok(number) = String::from_utf8_lossy(value).trim().parse::<u64>() else {
                    return b"CLIENT_ERROR cannot increment or decrement non-numeric value\r\n".to_vec();
                };
                let delta: u64 = words[2].parse().unwrap();
                let number = if words[0] == "incr" { number.wrapping_add(delta) } else { number.saturating_sub(delta) };
                // As memcached does: a number that has become shorter is padded in its place.
                *value = format!("{number:<width$}", width = value.len()).into_bytes();
                format!("{number}\r\n").into_bytes()
            }
            _ => b"ERROR\r\n".to_vec(),
        }
    }

    fn set(&self, values: &mut HashMap<String, Stored>, key: &str, flags: &[&str], block: Vec<u8>) -> &'static [u8] {
        let flag = |letter: char| flags.iter().find_map(|flag| flag.strip_prefix(letter));
        let known = values.get(key).cloned();
        let written = match (flag('M'), flag('C'), known) {
            (_, Some(_), None) => return b"NF\r\n",
            (_, Some(cas), Some(known)) if cas.parse() != Ok(known.2) => return b"EX\r\n",
            (Some("E"), _, Some(_)) | (Some("R" | "A" | "P"), _, None) => return b"NS\r\n",
            (Some("A"), _, Some((old, ..))) => [old, block].concat(),
            (Some("P"), _, Some((old, ..))) => [block, old].concat(),
            _ => block,
        };
        let version = self.clock.fetch_add(1, Ordering::Relaxed) + 1;
        values.insert(key.to_owned(), (written, flag('F').map_or(0, |flags| flags.parse().unwrap()), version));
        b"HD\r\n"
    }
}

fn got(flags: &[&str], key: &str, (value, client_flags, cas): &Stored) -> Vec<u8> {
    let mut line = String::new();
    for flag in flags {
        match *flag {
            "f" => line += &format!(" f{client_flags}"),
            "c" => line += &format!(" c{cas}"),
            "s" => line += &format!(" s{}", value.len()),
            "k" => line += &format!(" k{key}"),
            _ => {}
        }
    }
    match flags.contains(&"v") {
        true => [format!("VA {}{line}\r\n", value.len()).as_bytes(), value, b"\r\n"].concat(),
        false => format!("HD{line}\r\n").into_bytes(),
    }
}
