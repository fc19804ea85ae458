//! Reading and writing files at an offset, away from the threads of the runtime.

use std::fs::File;
use std::io;
use std::sync::Arc;

use bytes::Bytes;

/// Runs what blocks on a thread made for it.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// Appends up to `len` bytes from `offset` to `buffer`; fewer only at the end of the file.
pub(super) async fn read_at(file: Arc<File>, mut buffer: Vec<u8>, offset: u64, len: usize) -> io::Result<Vec<u8>> {
    blocking(move || {
        let start = buffer.len();
        buffer.resize(start + len, 0);
        let mut filled = start;
        while filled < buffer.len() {
            match positioned::read(&file, &mut buffer[filled..], offset + (filled - start) as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        buffer.truncate(filled);
        Ok(buffer)
    })
    .await
}

/// Writes all of `bytes` at `offset`.
pub(super) async fn write_at(file: Arc<File>, bytes: Bytes, offset: u64) -> io::Result<()> {
    blocking(move || write_all_at(&file, &bytes, offset)).await
}

/// The same, here and now. Blocks.
pub(super) fn write_all_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match positioned::write(file, bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => (bytes, offset) = (&bytes[count..], offset + count as u64),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(unix)]
mod positioned {
    use std::fs::File;
    use std::io;
    use std::os::unix::fs::FileExt;

    pub(super) fn read(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        file.read_at(buffer, offset)
    }

    pub(super) fn write(file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
        file.write_at(bytes, offset)
    }
}

#[cfg(windows)]
mod positioned {
    use std::fs::File;
    use std::io;
    use std::os::windows::fs::FileExt;

    pub(super) fn read(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        file.seek_read(buffer, offset)
    }

    pub(super) fn write(file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
        file.seek_write(bytes, offset)
    }
}
