use std::io::{self, BufRead, Read};
use std::thread;

use tokio::sync::oneshot;

use super::ReadLineError;

/// Lines of a standard input that is not a terminal.
///
/// Each is read by a thread that is started when somebody wants a line, so nothing is taken from the input that nobody asked for. The
/// thread belongs to no runtime: one that is shut down does not wait for a line to come.
pub(super) struct Lines {
    /// A line that is being read. It stays here when its caller goes away.
    coming: Option<oneshot::Receiver<Result<String, ReadLineError>>>,
}

impl Lines {
    pub(super) const fn new() -> Self {
        Self { coming: None }
    }

    pub(super) async fn next(&mut self) -> Result<String, ReadLineError> {
        let coming = match &mut self.coming {
            Some(coming) => coming,
            None => {
                let (tell, told) = oneshot::channel();
                thread::Builder::new().name("read_line".to_owned()).spawn(move || {
                    let _gone = tell.send(read());
                })?;
                self.coming.insert(told)
            }
        };
        let line = coming.await;
        self.coming = None;
        line.unwrap_or(Err(ReadLineError::EndOfInput)) // the thread cannot end without an answer
    }
}

fn read() -> Result<String, ReadLineError> {
    let mut line = Vec::new();
    io::stdin().lock().take(LONGEST).read_until(b'\n', &mut line)?;
    match line.strip_suffix(b"\n") {
        Some(whole) => line.truncate(whole.strip_suffix(b"\r").unwrap_or(whole).len()),
        None if line.is_empty() => return Err(ReadLineError::EndOfInput),
        None if line.len() as u64 == LONGEST => {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the line is longer than 1 MiB").into());
        }
        None => {} // the last line, without a newline
    }
    String::from_utf8(line).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e).into())
}

const LONGEST: u64 = 1 << 20;
