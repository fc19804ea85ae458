//! The sandbox and the proxy before it, and one measured process.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use quadruplex_crypto::AuthKey;
use quadruplex_sandbox::world::{Caller, Dc};
use quadruplex_sandbox::{NewUser, Sandbox};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{sleep, timeout};

use crate::job::{Figures, Job, Who, Work, key_to_hex};
use crate::proxy::{Proxy, Traffic};
use crate::{Result, programs};

const DC: i32 = 1;
/// A process that is silent for so long has failed.
const PATIENCE: Duration = Duration::from_secs(300);
/// Work begins when nothing has moved for so long.
const QUIET: Duration = Duration::from_millis(150);

/// What one process has done and what its proxy has seen of it.
#[derive(Clone, Debug)]
pub struct Run {
    pub figures: Figures,
    pub traffic: Traffic,
}

/// A sandbox behind a link of a certain delay, with accounts that are signed in.
pub struct Host {
    sandbox: Sandbox,
    proxy: Proxy,
}

/// An account and the key that is signed in as it.
pub struct Account {
    pub user: i64,
    pub key: String,
}

impl Host {
    /// A sandbox that is `round_trip` away.
    pub async fn start(round_trip: Duration) -> Result<Self> {
        let sandbox = Sandbox::builder().listen("127.0.0.1:0".parse()?).start().await?;
        let server = sandbox.addresses().first().ok_or("the sandbox has no data centre")?.1;
        let proxy = Proxy::start(server, round_trip / 2).await?;
        // Clients open further connections where the configuration tells them to.
        let told = Dc { id: DC, ip: proxy.address.ip().to_string(), port: proxy.address.port() };
        sandbox.world().config_mut().dcs = vec![told];
        Ok(Self { sandbox, proxy })
    }

    /// Makes an account and a key that is signed in as it, without a key exchange.
    pub fn account(&self) -> Result<Account> {
        let mut bytes = [0; 256];
        getrandom::fill(&mut bytes)?;
        let key = AuthKey::from_bytes(&bytes);
        let user = self.sandbox.create_user(NewUser { first_name: "Bench".into(), ..NewUser::default() })?;
        let caller = Caller {
            auth_key_id: key.id(),
            session_id: 0,
            dc: DC,
            layer: 0,
            api_id: 1,
            device_model: "bench".into(),
            system_version: String::new(),
            app_version: String::new(),
            lang_code: String::new(),
        };
        let now = self.sandbox.now();
        let mut world = self.sandbox.world();
        world.keys().save(key.id(), &bytes, DC);
        world.login_session(&caller, user, now).map_err(|error| error.name)?;
        Ok(Account { user, key: key_to_hex(&bytes) })
    }

    /// Has a process do its work.
    pub async fn run(&self, who: Who, work: Work, account: &Account, file: &Path, python: Option<&Path>) -> Result<Run> {
        let key = account.key.clone();
        let job = Job { who, work, dc: DC, address: self.address(work)?, user: account.user, key, file: file.to_owned() };
        self.measure(&job, python).await.map_err(|error| format!("{who}, {work:?}: {error}").into())
    }

    /// Idle clients are not worth a proxy.
    fn address(&self, work: Work) -> Result<SocketAddr> {
        match work {
            Work::Idle { .. } => Ok(self.sandbox.addresses().first().ok_or("the sandbox has no data centre")?.1),
            _ => Ok(self.proxy.address),
        }
    }

    async fn measure(&self, job: &Job, python: Option<&Path>) -> Result<Run> {
        let mut process = Process::start(job, python)?;
        process.expect("ready").await?;
        self.wait_until_quiet().await;
        let before = self.proxy.traffic();
        process.write("go\n").await?;
        let figures = serde_json::from_str(&process.line().await?)?;
        let traffic = self.proxy.traffic().since(before);
        if job.work == Work::Upload {
            process.expect("done").await?;
        }
        process.end().await?;
        Ok(Run { figures, traffic })
    }

    async fn wait_until_quiet(&self) {
        let mut last = None;
        while last != Some(self.proxy.traffic()) {
            last = Some(self.proxy.traffic());
            sleep(QUIET).await;
        }
    }
}

struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    fn start(job: &Job, python: Option<&Path>) -> Result<Self> {
        let told = serde_json::to_string(job)?;
        let mut command = match job.who {
            Who::Telethon => {
                let mut command = Command::new(python.ok_or("there is no Python")?);
                command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/telethon_client.py")).arg(told);
                command
            }
            Who::Ours | Who::Grammers => {
                let mut command = Command::new(programs::path(job.who, job.work)?);
                command.arg(told);
                command
            }
        };
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let stdout = child.stdout.take().ok_or("the process has no output")?;
        Ok(Self { child, lines: BufReader::new(stdout).lines() })
    }

    async fn line(&mut self) -> Result<String> {
        let line = timeout(PATIENCE, self.lines.next_line()).await.map_err(|_| "the process does not end")??;
        line.ok_or_else(|| "the process has ended early".into())
    }

    async fn expect(&mut self, wanted: &str) -> Result {
        let line = self.line().await?;
        if line == wanted { Ok(()) } else { Err(format!("said {line:?} instead of {wanted:?}").into()) }
    }

    async fn write(&mut self, line: &str) -> Result {
        let input = self.child.stdin.as_mut().ok_or("the process has no input")?;
        Ok(input.write_all(line.as_bytes()).await?)
    }

    async fn end(mut self) -> Result {
        let status = timeout(PATIENCE, self.child.wait()).await.map_err(|_| "the process does not end")??;
        if status.success() { Ok(()) } else { Err(format!("ended with {status}").into()) }
    }
}
