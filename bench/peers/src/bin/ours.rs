//! Our client at work.

use std::process::ExitCode;
use std::time::Instant;

use bench_peers::Result;
use bench_peers::child::{Meter, say};
use bench_peers::job::{Job, Work};
use bench_peers::ours::builder;
use futures_util::future::join_all;
use quadruplex::Client;
use quadruplex::api::functions::help::GetNearestDc;

fn main() -> ExitCode {
    bench_peers::run_job(run)
}

async fn run(job: &Job) -> Result {
    match job.work {
        Work::Joined(count) => calls(job, count, false).await,
        Work::Spawned(count) => calls(job, count, true).await,
        Work::Upload => upload(job).await,
        Work::Download => download(job).await,
        Work::Idle { .. } => Err("that is for the program idle".into()),
    }
}

async fn connect(job: &Job) -> Result<Client> {
    let client = builder(job, &job.key)?.connect_in_memory().await?;
    client.call(GetNearestDc {}).await?;
    Ok(client)
}

async fn calls(job: &Job, count: usize, spawned: bool) -> Result {
    let client = connect(job).await?;
    let before = client.traffic().packets_with_calls;
    let one = || {
        let client = client.clone();
        async move {
            let began = Instant::now();
            client.call(GetNearestDc {}).await.map(|_| began.elapsed())
        }
    };
    let mut meter = Meter::ready().await?;
    let taken: Vec<_> = if spawned {
        let tasks: Vec<_> = (0..count).map(|_| tokio::spawn(one())).collect();
        meter.watch(join_all(tasks)).await.into_iter().collect::<std::result::Result<_, _>>()?
    } else {
        meter.watch(join_all((0..count).map(|_| one()))).await
    };
    let taken = taken.into_iter().collect::<std::result::Result<Vec<_>, _>>()?;
    meter.report(taken, Some(client.traffic().packets_with_calls - before))
}

async fn upload(job: &Job) -> Result {
    let client = connect(job).await?;
    let meter = Meter::ready().await?;
    let uploaded = client.upload(job.file.as_path()).await?;
    meter.report(Vec::new(), None)?;
    client.send_file("me", uploaded).await?;
    client.close().await;
    say("done")
}

async fn download(job: &Job) -> Result {
    let client = connect(job).await?;
    let message = client.history("me").next().await.ok_or("nothing was uploaded")??;
    let meter = Meter::ready().await?;
    message.download().to_path(&job.file).await?;
    meter.report(Vec::new(), None)
}
