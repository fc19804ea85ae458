use std::io::IsTerminal;

use awaitkit::{ReadLineError, read_line};
use tokio::sync::mpsc;

use crate::failure::{Failure, Kind};

/// Asks for a line; from a pipe it is read without a word.
pub(crate) async fn ask(question: &str) -> Result<String, Failure> {
    // What is printed to the standard output is for whoever reads that.
    let shown = match std::io::stdin().is_terminal() {
        true => question,
        false => {
            eprint!("{question}");
            ""
        }
    };
    match read_line(shown).await {
        Ok(line) => Ok(line.trim().to_owned()),
        Err(ReadLineError::EndOfInput) => Err(Failure::new(Kind::Failed, "the standard input ended where an answer was needed")),
        Err(error) => Err(Failure::io("cannot read the standard input", &error.into())),
    }
}

/// Asks for something that nobody is to read over the shoulder.
pub(crate) async fn ask_hidden(question: &str) -> Result<String, Failure> {
    if !std::io::stdin().is_terminal() {
        return ask(question).await;
    }
    let question = question.to_owned();
    let read = tokio::task::spawn_blocking(move || rpassword::prompt_password(question));
    let read = read.await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
    read.map_err(|error| Failure::io("cannot read the terminal", &error))
}

/// The lines of the standard input as they come, until it ends or cannot be read.
pub(crate) fn lines() -> mpsc::Receiver<Result<String, Failure>> {
    let (lines, received) = mpsc::channel(16);
    tokio::spawn(async move {
        loop {
            let line = match read_line("").await {
                Ok(line) => Ok(line),
                Err(ReadLineError::EndOfInput | ReadLineError::Interrupted) => return,
                Err(error) => Err(Failure::io("cannot read the standard input", &error.into())),
            };
            let is_last = line.is_err();
            if lines.send(line).await.is_err() || is_last {
                return;
            }
        }
    });
    received
}
