use std::collections::HashMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use quadruplex::{CancellationToken, Servers};
use quadruplex_sandbox::{NewBot, NewUser, Sandbox};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::echo;
use crate::ready::Ready;

/// How long a sandbox may take until it is ready, and a login code until it is printed.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many data centres there are.
const DCS: i32 = 3;
/// How many people there are to be looked up.
pub(crate) const CROWD: usize = 20;

/// The sandbox, in a process of its own. It ends with this one.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    gone: CancellationToken,
    place: PathBuf,
    delay: Duration,
    ready: Ready,
    servers: Servers,
    codes: watch::Sender<HashMap<String, String>>,
    /// The token of the bot.
    pub(crate) token: String,
}

impl Server {
    /// Starts a sandbox that keeps everything below `place`.
    pub(crate) async fn start(place: &Path, delay: Duration) -> Result<Self, String> {
        let codes = watch::Sender::default();
        let token = populate(place).await.map_err(|error| format!("cannot make the sandbox's state: {error}"))?;
        let (child, gone, ready) = launch(place, "127.0.0.1:0", delay, &codes).await?;
        let servers = ready.servers().map_err(|error| error.to_string())?;
        Ok(Self { child, gone, place: place.to_owned(), delay, ready, servers, codes, token })
    }

    /// Kills the process as the operating system kills (SIGKILL) and starts it again from its file, at the same addresses.
    pub(crate) async fn kill_and_restart(&mut self) -> Result<(), String> {
        self.child.kill().await.map_err(|error| format!("cannot kill the sandbox: {error}"))?;
        let listen = self.ready.dcs.first().map(|(_, address)| address.to_string()).unwrap_or_default();
        let mut attempts = 5;
        loop {
            match launch(&self.place, &listen, self.delay, &self.codes).await {
                Ok((child, gone, _)) => {
                    (self.child, self.gone) = (child, gone);
                    return Ok(());
                }
                // A port may have become somebody's for a moment.
                Err(_) if attempts > 1 => attempts -= 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Is cancelled when the process has ended.
    pub(crate) fn gone(&self) -> CancellationToken {
        self.gone.clone()
    }

    /// Where it is and how it is known.
    pub(crate) fn servers(&self) -> Servers {
        self.servers.clone()
    }

    /// The login code that was sent to a number.
    pub(crate) async fn code(&self, phone: &str) -> Result<String, String> {
        let mut codes = self.codes.subscribe();
        let sent = timeout(PATIENCE, codes.wait_for(|codes| codes.contains_key(phone))).await;
        match sent {
            Ok(Ok(codes)) => Ok(codes[phone].clone()),
            _ => Err(format!("the sandbox printed no login code for {phone}")),
        }
    }
}

/// What cannot be made by a client: a bot, and people to be looked up.
async fn populate(place: &Path) -> std::io::Result<String> {
    let sandbox = Sandbox::builder().dcs(DCS).state(state(place)).start().await?;
    let bot = NewBot { name: "Echo".to_owned(), username: echo::NAME.to_owned(), privacy: false, dc: Some(DCS) };
    let (_, token) = sandbox.create_bot(bot)?;
    for n in 0..CROWD {
        let user = NewUser { first_name: format!("Member {n}"), username: Some(crowd(n)), ..NewUser::default() };
        sandbox.create_user(user)?;
    }
    Ok(token)
}

/// The public name of one of the crowd.
pub(crate) fn crowd(n: usize) -> String {
    format!("member_{n}")
}

fn state(place: &Path) -> PathBuf {
    place.join("sandbox.state")
}

/// Starts the process and waits for its first line.
async fn launch(
    place: &Path,
    listen: &str,
    delay: Duration,
    codes: &watch::Sender<HashMap<String, String>>,
) -> Result<(Child, CancellationToken, Ready), String> {
    let program = env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let mut child = Command::new(program)
        .args(["sandbox", "--dcs", &DCS.to_string(), "--until-stdin-ends", "--listen", listen, "--delay", &delay.as_millis().to_string()])
        .arg("--state")
        .arg(state(place))
        .arg("--state-dir")
        .arg(place)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("cannot start the sandbox: {error}"))?;
    let out = child.stdout.take().ok_or("the sandbox has no output")?;
    let mut lines = BufReader::new(out).lines();
    let ready = match timeout(PATIENCE, lines.next_line()).await {
        Ok(Ok(Some(line))) => Ready::parse(&line).ok_or_else(|| format!("the sandbox printed {line:?}"))?,
        Ok(_) => return Err("the sandbox ended before it was ready".to_owned()),
        Err(_) => return Err(format!("the sandbox was not ready after {PATIENCE:?}")),
    };
    let gone = CancellationToken::new();
    tokio::spawn(note_codes(lines, codes.clone(), gone.clone()));
    Ok((child, gone, ready))
}

/// Notes the codes that are printed, and the end.
async fn note_codes(mut lines: Lines<BufReader<ChildStdout>>, codes: watch::Sender<HashMap<String, String>>, gone: CancellationToken) {
    let _ended = gone.drop_guard();
    while let Ok(Some(line)) = lines.next_line().await {
        let Ok(line) = serde_json::from_str::<Value>(&line) else { continue };
        if let (Some(phone), Some(code)) = (line["phone"].as_str(), line["code"].as_str()) {
            codes.send_modify(|codes| drop(codes.insert(phone.to_owned(), code.to_owned())));
        }
    }
}
