use std::path::{Path, PathBuf};
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};

use crate::Error;

async fn size(path: &Path) -> Result<u64, Error> {
    Ok(tokio::fs::metadata(path).await?.len())
}

async fn checksum(path: &Path) -> Result<u64, Error> {
    let bytes = tokio::fs::read(path).await?;
    Ok(bytes.iter().map(|&byte| u64::from(byte)).sum())
}

pub async fn snapshot(files: Vec<PathBuf>, to: &Path) -> Result<u64, Error> {
    tokio::fs::create_dir_all(to).await?;
    let sizes: Vec<u64> = stream::iter(&files).map(|file| size(file)).buffered(8).try_collect().await?;
    tokio::time::sleep(Duration::from_millis(1)).await;
    Ok(sizes.iter().sum())
}

pub async fn verify(a: &Path, b: &Path) -> Result<bool, Error> {
    let (first, second) = tokio::try_join!(checksum(a), checksum(b))?;
    Ok(first == second)
}

pub async fn restore(from: &Path, to: &Path) -> Result<u64, Error> {
    let (old, new) = tokio::join!(tokio::fs::read(from), tokio::fs::read(to));
    let same = old? == new.unwrap_or_default();
    if same {
        return Ok(0);
    }
    let bytes = tokio::fs::copy(from, to).await?;
    Ok(bytes)
}

pub async fn archive(files: Vec<PathBuf>, keep: &Path) -> Result<u64, Error> {
    let sums: Vec<u64> = stream::iter(&files).map(|file| checksum(file)).buffer_unordered(4).try_collect().await?;
    let text = format!("{sums:?}");
    tokio::fs::write(keep, text).await?;
    Ok(sums.iter().sum())
}

pub async fn prune(dir: &Path, old: &Path) -> Result<(), Error> {
    tokio::fs::remove_file(old).await?;
    tokio::time::sleep(Duration::from_millis(2)).await;
    tokio::fs::remove_dir_all(dir).await?;
    Ok(())
}
