use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::Error;

/// Texts in a directory.
pub struct Files {
    dir: PathBuf,
}

impl Files {
    pub fn new(dir: PathBuf) -> Self {
        Files { dir }
    }

    pub async fn note(&self, name: &str) -> Result<String, Error> {
        let text = tokio::fs::read_to_string(self.dir.join(name)).await?;
        Ok(text.trim().to_owned())
    }

    pub async fn keep_note(&self, name: &str, text: &str) -> Result<(), Error> {
        tokio::fs::create_dir_all(&self.dir).await?;
        tokio::fs::write(self.dir.join(name), text).await?;
        Ok(())
    }

    pub async fn copy_report(&self, name: &str, to: &Path) -> Result<u64, Error> {
        let bytes = tokio::fs::copy(self.dir.join(name), to).await?;
        tokio::time::sleep(Duration::from_millis(5)).await;
        Ok(bytes)
    }

    pub async fn rotate(&self, log: &str, old: &Path) -> Result<Vec<u8>, Error> {
        let log = self.dir.join(log);
        let bytes = tokio::fs::read(&log).await?;
        if tokio::fs::try_exists(old).await? {
            tokio::fs::remove_file(old).await?;
        }
        tokio::fs::rename(log, old).await?;
        Ok(bytes)
    }
}
