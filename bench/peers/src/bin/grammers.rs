//! grammers at work, as its documentation shows it.

use std::net::{SocketAddr, SocketAddrV6};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use bench_peers::Result;
use bench_peers::child::{Meter, say};
use bench_peers::job::{Job, Work, key_from_hex};
use futures_util::future::join_all;
use grammers_client::Client;
use grammers_client::message::InputMessage;
use grammers_mtsender::SenderPool;
use grammers_session::SessionData;
use grammers_session::storages::MemorySession;
use grammers_session::types::{DcOption, PeerId};
use grammers_tl_types::functions::help::GetNearestDc;

fn main() -> ExitCode {
    bench_peers::run_job(run)
}

async fn run(job: &Job) -> Result {
    let client = connect(job).await?;
    match job.work {
        Work::Joined(count) => calls(&client, count, false).await,
        Work::Spawned(count) => calls(&client, count, true).await,
        Work::Upload => upload(job, &client).await,
        Work::Download => download(job, &client).await,
        Work::Idle { .. } => Err("idle clients are measured of ours only".into()),
    }
}

async fn connect(job: &Job) -> Result<Client> {
    let SocketAddr::V4(ipv4) = job.address else { return Err("grammers is given an IPv4 address".into()) };
    let ipv6 = SocketAddrV6::new(ipv4.ip().to_ipv6_mapped(), ipv4.port(), 0, 0);
    let key = key_from_hex(&job.key).ok_or("the key is not hexadecimal")?;
    let mut session = SessionData { home_dc: job.dc, ..SessionData::default() };
    session.dc_options.insert(job.dc, DcOption { id: job.dc, ipv4, ipv6, auth_key: Some(key) });
    let SenderPool { runner, handle, .. } = SenderPool::new(Arc::new(MemorySession::from(session)), 1);
    let client = Client::new(handle);
    tokio::spawn(runner.run());
    client.invoke(&GetNearestDc {}).await?;
    Ok(client)
}

async fn calls(client: &Client, count: usize, spawned: bool) -> Result {
    let one = || {
        let client = client.clone();
        async move {
            let began = Instant::now();
            client.invoke(&GetNearestDc {}).await.map(|_| began.elapsed())
        }
    };
    let mut meter = Meter::ready().await?;
    let taken: Vec<_> = if spawned {
        let tasks: Vec<_> = (0..count).map(|_| tokio::spawn(one())).collect();
        meter.watch(join_all(tasks)).await.into_iter().collect::<std::result::Result<_, _>>()?
    } else {
        meter.watch(join_all((0..count).map(|_| one()))).await
    };
    meter.report(taken.into_iter().collect::<std::result::Result<Vec<_>, _>>()?, None)
}

async fn upload(job: &Job, client: &Client) -> Result {
    let meter = Meter::ready().await?;
    let uploaded = client.upload_file(&job.file).await?;
    meter.report(Vec::new(), None)?;
    let message = InputMessage::new().document(uploaded).mime_type("application/octet-stream");
    client.send_message(PeerId::self_user().to_ambient_ref(), message).await?;
    say("done")
}

async fn download(job: &Job, client: &Client) -> Result {
    let message = client.iter_messages(PeerId::self_user().to_ambient_ref()).next().await?.ok_or("nothing was uploaded")?;
    let media = message.media().ok_or("the message has no file")?;
    let meter = Meter::ready().await?;
    client.download_media(&media, &job.file).await?;
    meter.report(Vec::new(), None)
}
