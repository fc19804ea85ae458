use std::io::Read;
use std::path::Path;

use quadruplex::api::functions::messages;
use quadruplex::api::{enums, types};
use quadruplex::{MIB, Uploaded};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::Stage;
use super::history::latest;
use crate::commands::demo::actor::{Actor, text};
use crate::commands::demo::report::Outcome;
use crate::progress::Meter;

const SIZE: u64 = 32 * MIB;

/// A file goes up from one account and down to another, which lives on another data centre.
pub(super) async fn carry(stage: &mut Stage) -> Result<Outcome, String> {
    let (alice, bob) = (stage.alice()?, stage.bob()?);
    let (source, target) = (stage.place.0.join("up.bin"), stage.place.0.join("down.bin"));
    let path = source.clone();
    let sent = in_background(move || write_noise(&path)).await?;

    let began = Instant::now();
    let mut meter = Meter::new("up", false);
    let mut reports = 0;
    let tell = |progress| {
        reports += 1;
        if stage.is_shown {
            meter.tell(progress);
        }
    };
    let uploaded = alice.client.upload(source).progress(tell).await.map_err(text)?;
    drop(meter);
    let up = began.elapsed().as_secs_f64();
    let document = send(alice, bob, uploaded).await?;

    let began = Instant::now();
    let mut meter = Meter::new("down", false);
    let tell = |progress| {
        reports += 1;
        if stage.is_shown {
            meter.tell(progress);
        }
    };
    bob.client.download(&document).to_path(&target).progress(tell).await.map_err(text)?;
    drop(meter);
    let down = began.elapsed().as_secs_f64();

    let received = in_background(move || sha256(&target)).await?;
    if received != sent {
        return Err(format!("what arrived is not what was sent: SHA-256 {received} instead of {sent}"));
    }
    let (home, place) = (bob.client.home_dc(), document.dc_id);
    if home == place {
        return Err(format!("the file and its receiver are both on data centre {home}"));
    }
    let rate = |seconds: f64| SIZE as f64 / MIB as f64 / seconds;
    let (up_rate, down_rate) = (rate(up), rate(down));
    Ok(Outcome {
        line: format!(
            "32 MiB up to DC {place} at {up_rate:.0} MiB/s, down to an account of DC {home} at {down_rate:.0} MiB/s, SHA-256 equal"
        ),
        figures: json!({
            "bytes": SIZE, "up_seconds": up, "down_seconds": down, "file_dc": place, "receiver_dc": home,
            "progress_reports": reports, "sha256": sent,
        }),
    })
}

/// Sends an uploaded file and returns it as the other side sees it.
async fn send(from: &Actor, to: &Actor, file: Uploaded) -> Result<types::Document, String> {
    let attributes = [types::DocumentAttributeFilename::new(file.name())];
    let media = types::InputMediaUploadedDocument::new(file, "application/octet-stream", attributes);
    from.client.call(messages::SendMedia::new(to.username(), media, "a file")).await.map_err(text)?;
    let message = latest(to, &from.username()).await?;
    if let Some(enums::MessageMedia::Document(media)) = message.and_then(|message| message.media)
        && let Some(enums::Document::Document(document)) = media.document
    {
        return Ok(*document);
    }
    Err(format!("{} has got no file", to.name))
}

/// Writes bytes that cannot be compressed, the same every time, and returns their SHA-256.
fn write_noise(path: &Path) -> Result<String, String> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let bytes: Vec<u8> = std::iter::repeat_with(next).take(SIZE as usize / 8).flatten().collect();
    std::fs::write(path, &bytes).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    Ok(hex(&Sha256::digest(&bytes)))
}

fn sha256(path: &Path) -> Result<String, String> {
    let read = || {
        let mut file = std::fs::File::open(path)?;
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(hex(&hash.finalize())),
                count => hash.update(&buffer[..count]),
            }
        }
    };
    read().map_err(|error: std::io::Error| format!("cannot read {}: {error}", path.display()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn in_background<T: Send + 'static>(work: impl FnOnce() -> Result<T, String> + Send + 'static) -> Result<T, String> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(error.to_string()))
}
