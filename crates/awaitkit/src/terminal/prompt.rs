use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;

use rustyline_async::{Readline, ReadlineError, ReadlineEvent, SharedWriter};

use super::ReadLineError;
use crate::sync::lock;

/// Whether there is a terminal to show a prompt on and to type at.
pub(super) fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Asks at the terminal. One caller at a time.
pub(super) async fn ask(prompt: String) -> Result<String, ReadLineError> {
    let (readline, above) = Readline::new(prompt).map_err(into_error)?;
    let mut shown = Shown(readline);
    *lock(&ABOVE) = Some(above);
    match shown.0.readline().await.map_err(into_error)? {
        ReadlineEvent::Line(line) => Ok(line),
        ReadlineEvent::Eof => Err(ReadLineError::EndOfInput),
        ReadlineEvent::Interrupted => Err(ReadLineError::Interrupted),
    }
}

/// What has become of text for the lines above the prompt.
pub(super) enum Above {
    /// Too much waits to be shown; try again.
    Full,
    /// There is no prompt.
    NoPrompt,
    Written,
}

pub(super) fn write_above(text: &str) -> io::Result<Above> {
    let above = lock(&ABOVE);
    let Some(mut writer) = above.as_ref().cloned() else { return Ok(Above::NoPrompt) };
    let newline = if text.ends_with('\n') { "" } else { "\n" };
    match writer.write(format!("{text}{newline}").as_bytes()) {
        Ok(_) => Ok(Above::Written),
        Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(Above::Full),
        Err(e) => Err(e),
    }
}

/// A prompt on the screen. When it goes, what still waits to appear above it is shown.
struct Shown(Readline);

impl Drop for Shown {
    fn drop(&mut self) {
        let mut above = lock(&ABOVE);
        *above = None;
        // Nobody can be told: what comes next on this terminal will fail, too.
        let _shown = self.0.flush();
    }
}

fn into_error(e: ReadlineError) -> ReadLineError {
    match e {
        ReadlineError::IO(e) => ReadLineError::Io(e),
        ReadlineError::Closed => ReadLineError::Io(io::Error::other(e)),
    }
}

static ABOVE: Mutex<Option<SharedWriter>> = Mutex::new(None);
