use std::path::Path;
use std::time::Duration;

use crate::Error;

pub async fn load_config(path: &Path) -> Result<String, Error> {
    let text = tokio::fs::read_to_string(path).await?;
    Ok(text.trim().to_owned())
}

pub async fn save_config(path: &Path, text: &str) -> Result<(), Error> {
    let dir = path.parent().unwrap_or(path);
    tokio::fs::create_dir_all(dir).await?;
    tokio::fs::write(path, text).await?;
    Ok(())
}

pub async fn copy_report(from: &Path, to: &Path) -> Result<u64, Error> {
    let bytes = tokio::fs::copy(from, to).await?;
    tokio::time::sleep(Duration::from_millis(5)).await;
    Ok(bytes)
}

pub async fn rotate(log: &Path, old: &Path) -> Result<Vec<u8>, Error> {
    let bytes = tokio::fs::read(log).await?;
    if tokio::fs::try_exists(old).await? {
        tokio::fs::remove_file(old).await?;
    }
    tokio::fs::rename(log, old).await?;
    Ok(bytes)
}
