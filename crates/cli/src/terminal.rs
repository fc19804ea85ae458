use std::io::{BufRead, IsTerminal, Write};

use tokio::sync::mpsc;

use crate::failure::{Failure, Kind};

/// Asks for a line; from a pipe it is read without a word.
pub(crate) async fn ask(question: &str) -> Result<String, Failure> {
    let question = question.to_owned();
    let read = move || {
        eprint!("{question}");
        std::io::stderr().flush()?;
        let mut line = String::new();
        let count = std::io::stdin().lock().read_line(&mut line)?;
        Ok((count > 0).then(|| line.trim().to_owned()))
    };
    let line = tokio::task::spawn_blocking(read).await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
    match line {
        Ok(Some(line)) => Ok(line),
        Ok(None) => Err(Failure::new(Kind::Failed, "the standard input ended where an answer was needed")),
        Err(error) => Err(Failure::io("cannot read the standard input", &error)),
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

/// The lines of the standard input as they come. Read on a thread of its own, which the end of the program does not wait for.
pub(crate) fn lines() -> mpsc::Receiver<String> {
    let (lines, received) = mpsc::channel(16);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if lines.blocking_send(line).is_err() {
                return;
            }
        }
    });
    received
}
