use std::fmt::Display;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use quadruplex::net::Secret;
use quadruplex_sandbox::admin::FaultScript;
use quadruplex_sandbox::{LinkScript, Sandbox};
use serde_json::json;
use tokio::net::TcpListener;

use crate::Context;
use crate::failure::{Failure, Kind};
use crate::output::say;
use crate::ready::Ready;
use crate::target::{Registration, address, forget_lost_logins};

/// Run an offline Telegram that any MTProto client can use.
///
/// Prints one line of JSON when it is ready, with the addresses of its data centres and the file of its public RSA key (PKCS#1,
/// PEM), then one line for each login code that it sends. While it runs, `--sandbox` means this one, for commands and for programs,
/// unless another has the state directory already (`"found": false`). A person
/// whose number is 99966 and five digits, the first of them the data centre, gets its number five times as the code; a bot signs in with
/// the token 0:NAME, and is made if there is none. Ends upon ctrl-c or SIGTERM.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Where the first data centre listens; the others take the ports that follow. Port 0: any that are free in a row.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0", value_parser = address)]
    listen: SocketAddr,
    /// Keep everything in this file, and start from what is in it.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Serve the admin interface here, by HTTP: make accounts and chats, read codes and messages, inject faults, set the clock.
    #[arg(long, value_name = "ADDR", value_parser = address)]
    admin: Option<SocketAddr>,
    /// Run an MTProto proxy too, with this secret: 16 bytes in hexadecimal, dd and 16 bytes for padded packets, ee and 16 bytes and the
    /// name of a host for FakeTLS. It listens on the port above that of the last data centre.
    #[arg(long, value_name = "SECRET")]
    mtproxy: Option<Secret>,
    /// How many data centres there are.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(i32).range(1..=5))]
    dcs: i32,
    /// How long every packet is on its way, in each direction, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 0, conflicts_with = "faults")]
    delay: u64,
    /// What goes wrong from the start, in the JSON of the admin interface's `PUT /faults`: errors and rates by method, updates and packets
    /// that go astray, and the seed from which chance follows, such as {"link": {"drop": 20, "cut": 2}, "seed": 7}.
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// End when the standard input does, so that the process does not outlive the one that started it.
    #[arg(long, hide = true)]
    until_stdin_ends: bool,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<(), Failure> {
    let Arguments { listen, state, admin, mtproxy, dcs, delay, faults, until_stdin_ends } = arguments;
    let mut builder = Sandbox::builder().dcs(dcs).listen(listen);
    if let Some(state) = &state {
        forget_lost_logins(state);
        builder = builder.state(state);
    }
    if let Some(secret) = mtproxy {
        builder = builder.mtproxy(secret);
    }
    let cannot = |error: std::io::Error| Failure::new(Kind::Failed, format!("the sandbox cannot start: {error}"));
    let sandbox = builder.start().await.map_err(cannot)?;
    if delay > 0 {
        sandbox.set_link(LinkScript { delay: Duration::from_millis(delay), ..LinkScript::default() });
    }
    if let Some(file) = &faults {
        read_faults(file)?.apply(&sandbox).map_err(|error| cannot_use(file, error))?;
    }
    let admin = match admin {
        Some(address) => Some(TcpListener::bind(address).await.map_err(|error| {
            Failure::new(Kind::Failed, format!("the sandbox cannot start: cannot listen at {address} for the admin interface: {error}"))
        })?),
        None => None,
    };
    let mut ready = Ready::of(&sandbox, state.as_deref(), context)?;
    ready.admin = admin.as_ref().and_then(|listener| listener.local_addr().ok());
    // Kept until the end; a second sandbox with the same state directory is one that `--sandbox` does not mean.
    let registration = Registration::take(context)?;
    if let Some(registration) = &registration {
        registration.announce(&ready, None)?;
    }
    if registration.is_none() {
        eprintln!(
            "warning: another sandbox has this state directory, and --sandbox means that one\n  \
             help: --server ADDR --rsa-key FILE leads to this one; with --state-dir DIR it has a directory of its own"
        );
    }
    let mut line = ready.to_json();
    line["found"] = registration.is_some().into();
    say(line)?;
    tokio::select! {
        () = tell_codes(&sandbox) => Ok(()),
        result = serve_admin(&sandbox, admin) => result.map_err(|error| Failure::io("the admin interface failed", &error)),
        result = asked_to_stop() => result.map_err(|error| Failure::io("cannot listen to signals", &error)),
        () = stdin_ends(), if until_stdin_ends => Ok(()),
    }
}

fn read_faults(file: &Path) -> Result<FaultScript, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| Failure::io(format!("cannot read {}", file.display()), &error))?;
    serde_json::from_str(&text).map_err(|error| cannot_use(file, error))
}

fn cannot_use(file: &Path, error: impl Display) -> Failure {
    Failure::new(Kind::Usage, format!("the faults in {} cannot be used: {error}", file.display()))
}

async fn tell_codes(sandbox: &Sandbox) {
    loop {
        for code in sandbox.next_codes().await {
            // A server goes on when nobody reads what it prints.
            let _ = say(json!({ "event": "code", "phone": code.phone, "code": code.code, "sent": code.sent }));
        }
    }
}

async fn serve_admin(sandbox: &Sandbox, listener: Option<TcpListener>) -> std::io::Result<()> {
    match listener {
        Some(listener) => quadruplex_sandbox::admin::serve(sandbox.clone(), listener).await,
        None => std::future::pending().await,
    }
}

/// Returns upon ctrl-c or SIGTERM.
pub(super) async fn asked_to_stop() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            result = tokio::signal::ctrl_c() => result,
            _ = terminated.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

/// On a thread of its own: a read of the standard input cannot be cancelled, and the runtime would wait for it.
async fn stdin_ends() {
    let (ended, wait) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        let _ = ended.send(());
    });
    let _ = wait.await;
}
