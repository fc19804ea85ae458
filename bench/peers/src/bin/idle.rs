//! How much memory a client of ours takes that does nothing.

use std::fs;
use std::process::ExitCode;
use std::time::Duration;

use bench_peers::Result;
use bench_peers::child::{Meter, heap, say, status};
use bench_peers::job::{Figures, Idle, Job, Work};
use bench_peers::ours::builder;
use futures_util::{StreamExt, TryStreamExt, stream};
use quadruplex::api::functions::help::GetNearestDc;
use quadruplex::store::Redb;
use quadruplex::{Client, Error};
use tokio::time::sleep;

fn main() -> ExitCode {
    bench_peers::run_job(async |job| match job.work {
        Work::Idle { clients, files, seconds } => run(job, clients, files, Duration::from_secs(seconds)).await,
        _ => Err("that is for the program quadruplex".into()),
    })
}

/// Connects all clients and makes one call with each; then they wait for updates, as a process with many accounts does.
async fn run(job: &Job, count: usize, files: bool, idle: Duration) -> Result {
    let keys: Vec<String> = fs::read_to_string(&job.file)?.lines().take(count).map(str::to_owned).collect();
    let dir = job.file.with_extension("stores");
    if files {
        fs::create_dir_all(&dir)?;
    }
    let (heap_before, resident_before) = (heap(), status("VmRSS")?);
    let connect = async |number: usize, key: &str| -> Result<Client> {
        let builder = builder(job, key)?;
        let client = if files {
            builder.connect(Redb::open(dir.join(format!("{number}.redb")), Duration::ZERO).await?).await?
        } else {
            builder.connect_in_memory().await?
        };
        client.call(GetNearestDc {}).await?;
        Ok(client)
    };
    let connected: Vec<Client> =
        stream::iter(keys.iter().enumerate()).map(|(number, key)| connect(number, key)).buffered(32).try_collect().await?;
    // Until all is quiet: every client asks for the configuration when it starts.
    Meter::ready().await?;
    let clients = connected.len() as u64;
    let heap_of_each = || heap().saturating_sub(heap_before) / clients;
    let heap_bytes_at_first = heap_of_each();
    sleep(idle).await;
    let idle = Idle {
        heap_bytes_at_first,
        heap_bytes: heap_of_each(),
        resident_bytes: status("VmRSS")?.saturating_sub(resident_before) * 1024 / clients,
    };
    say(&serde_json::to_string(&Figures { idle: Some(idle), ..Figures::default() })?)?;
    let alive = connected.iter().map(Client::own_user).filter(Option::is_some).count();
    if alive < connected.len() { Err(Error::Invalid("a client has lost its login".to_owned()).into()) } else { Ok(()) }
}
