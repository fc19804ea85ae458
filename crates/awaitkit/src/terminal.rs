mod line;
#[cfg(feature = "prompt")]
mod prompt;

use std::error::Error;
use std::io::{IsTerminal, Write};
use std::{fmt, io};

use tokio::runtime::Handle;
use tokio::sync::Mutex;

#[cfg(feature = "prompt")]
use crate::later;
use line::Lines;

/// Asks for a line on standard input, without the newline at its end.
///
/// On a terminal, with the feature `prompt`, the line can be edited, and what is [`echo`]ed meanwhile appears above the prompt. From a
/// pipe or a file, and without that feature, it reads one line. Several callers are served one after another, in the order in which they asked: their lines do not mix.
///
/// # Errors
///
/// [`ReadLineError::EndOfInput`] when there are no more lines, [`ReadLineError::Interrupted`] when Ctrl-C is typed.
///
/// # Cancel safety
///
/// Cancel safe where lines are not edited: the next caller gets the line. Where they are, what has been typed of an unfinished line is
/// lost.
#[doc(alias = "readLine")]
pub async fn read_line(prompt: impl Into<String>) -> Result<String, ReadLineError> {
    let mut lines = LINES.lock().await;
    let prompt = prompt.into();
    #[cfg(feature = "prompt")]
    if prompt::is_possible() {
        return prompt::ask(prompt).await;
    }
    if !prompt.is_empty() {
        // Where the output goes elsewhere, whoever sits at the terminal is asked all the same.
        let to_errors = io::stdin().is_terminal() && !io::stdout().is_terminal();
        write(prompt, to_errors).await?;
    }
    lines.next().await
}

/// Writes to standard output without blocking the runtime and without breaking a prompt of [`read_line`].
///
/// While there is a prompt at which lines are edited (feature `prompt`), output consists of whole lines: a newline is added if it is missing.
///
/// # Errors
///
/// Those of standard output, for instance when its other end is closed.
///
/// # Cancel safety
///
/// When dropped, the text has been written as a whole, is going to be, or will not appear at all.
pub async fn echo(text: impl Into<String>) -> io::Result<()> {
    let text = text.into();
    #[cfg(feature = "prompt")]
    loop {
        match prompt::write_above(&text)? {
            prompt::Above::Written => return Ok(()),
            prompt::Above::Full => later().await,
            prompt::Above::NoPrompt => break,
        }
    }
    write(text, false).await
}

/// Why there is no line.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadLineError {
    /// Standard input has ended: the pipe is closed, or Ctrl-D was typed.
    EndOfInput,
    /// Ctrl-C was typed at the prompt.
    Interrupted,
    /// It cannot be read, is longer than 1 MiB, or is not UTF-8.
    Io(io::Error),
}

impl fmt::Display for ReadLineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EndOfInput => f.write_str("standard input has ended"),
            Self::Interrupted => f.write_str("interrupted at the prompt"),
            Self::Io(e) => write!(f, "no line could be read from standard input: {e}"),
        }
    }
}

impl Error for ReadLineError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io(e) => Some(e),
            Self::EndOfInput | Self::Interrupted => None,
        }
    }
}

/// The end of the input is an unexpected one.
impl From<ReadLineError> for io::Error {
    fn from(e: ReadLineError) -> Self {
        match e {
            ReadLineError::EndOfInput => Self::new(io::ErrorKind::UnexpectedEof, e),
            ReadLineError::Interrupted => Self::new(io::ErrorKind::Interrupted, e),
            ReadLineError::Io(e) => e,
        }
    }
}

impl From<io::Error> for ReadLineError {
    fn from(e: io::Error) -> Self {
        Self::Io(e)
    }
}

/// Writes and flushes on a thread that may block: a pipe can be full for a long time.
async fn write(text: String, to_errors: bool) -> io::Result<()> {
    fn whole(mut out: impl Write, text: &str) -> io::Result<()> {
        out.write_all(text.as_bytes())?;
        out.flush()
    }
    let write = move || match to_errors {
        true => whole(io::stderr().lock(), &text),
        false => whole(io::stdout().lock(), &text),
    };
    match Handle::try_current() {
        Ok(runtime) => runtime.spawn_blocking(write).await.map_err(io::Error::other)?,
        Err(_) => write(),
    }
}

/// Who holds this may read.
static LINES: Mutex<Lines> = Mutex::const_new(Lines::new());
