//! How far transfers have come, for people and for programs.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::client::lock;
use crate::{Message, Progress};

/// Shows how far transfers have come: on a terminal a line for each file, in a pipe lines of JSON. Cheap to clone. Feature `bars`.
///
/// What goes into a pipe is `{"event":"progress","file":"sea.jpg","done":524288,"total":1048576}` for every twentieth part of a file, and
/// `{"event":"text","text":"…"}` for what [`println`](Self::println) is told.
///
/// ```no_run
/// use quadruplex::prelude::*;
///
/// # async fn example(message: Message) -> Result {
/// let bars = Bars::new();
/// let saved = message.download().to_dir("photos").progress(bars.line(&message)).await?;
/// bars.println(format_args!("{} is there", saved.path.display()));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Bars {
    output: Output,
}

#[derive(Clone)]
enum Output {
    Terminal(MultiProgress),
    Pipe(Arc<Mutex<dyn Write + Send>>),
}

/// In a pipe every file has so many lines, if they are not fewer parts.
const STEPS: f64 = 20.0;

impl Bars {
    /// Bars on the standard output.
    pub fn new() -> Self {
        match io::stdout().is_terminal() && io::stderr().is_terminal() {
            true => Self { output: Output::Terminal(MultiProgress::new()) },
            false => Self::piped(io::stdout()),
        }
    }

    fn piped(out: impl Write + Send + 'static) -> Self {
        Self { output: Output::Pipe(Arc::new(Mutex::new(out))) }
    }

    /// A line for the file of a message: what [`Download::progress`](crate::Download::progress) takes. It goes when the transfer has ended.
    pub fn line(&self, message: &Message) -> impl FnMut(Progress) + Send + use<> {
        match message.file() {
            Some(file) => self.named(file.name()),
            None => self.named(&format!("message {}", message.id())),
        }
    }

    /// A line for whatever has this name.
    pub fn named(&self, name: &str) -> impl FnMut(Progress) + Send + use<> {
        let mut line = match &self.output {
            Output::Terminal(bars) => Line::Terminal(bars.add(bar(name))),
            Output::Pipe(out) => Line::Pipe { out: Arc::clone(out), name: name.to_owned(), told: None },
        };
        move |progress| line.tell(progress)
    }

    /// Prints a line of text that no bar draws over.
    pub fn println(&self, text: impl fmt::Display) {
        match &self.output {
            Output::Terminal(bars) => bars.suspend(|| println!("{text}")),
            Output::Pipe(out) => write(out, &json!({ "event": "text", "text": text.to_string() })),
        }
    }
}

impl Default for Bars {
    fn default() -> Self {
        Self::new()
    }
}

enum Line {
    Terminal(ProgressBar),
    Pipe {
        out: Arc<Mutex<dyn Write + Send>>,
        name: String,
        /// Up to which step it has been told.
        told: Option<u64>,
    },
}

impl Line {
    fn tell(&mut self, progress: Progress) {
        match self {
            Self::Terminal(bar) => {
                if let Some(total) = progress.total {
                    bar.set_length(total);
                }
                bar.set_position(progress.done);
            }
            Self::Pipe { out, name, told } => {
                let step = progress.fraction().map_or(progress.done >> 20, |part| (part * STEPS) as u64);
                if told.is_none_or(|told| step > told) {
                    *told = Some(step);
                    write(out, &json!({ "event": "progress", "file": name, "done": progress.done, "total": progress.total }));
                }
            }
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Self::Terminal(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn bar(name: &str) -> ProgressBar {
    let bar = ProgressBar::no_length().with_message(name.to_owned());
    match ProgressStyle::with_template("{msg:24} {bar:30} {bytes:>11} of {total_bytes:11} {bytes_per_sec:>12} {eta:>4}") {
        Ok(style) => bar.with_style(style),
        // The template above is one.
        Err(_) => bar,
    }
}

/// A reader that is gone is no reason to end a transfer.
fn write(out: &Mutex<dyn Write + Send>, line: &Value) {
    let _ = writeln!(lock(out), "{line}");
}

impl fmt::Debug for Bars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let output = match self.output {
            Output::Terminal(_) => "terminal",
            Output::Pipe(_) => "pipe",
        };
        f.debug_struct("Bars").field("output", &output).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            lock(&self.0).write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_pipe_gets_json() {
        let written = Written::default();
        let bars = Bars::piped(written.clone());
        let mut line = bars.named("sea.jpg");
        for done in 0..=1000 {
            line(Progress { done, total: Some(1000) });
        }
        bars.println(format_args!("{} is there", "sea.jpg"));
        let text = String::from_utf8(lock(&written.0).clone()).expect("it is text");
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect();
        assert_eq!(lines.len(), 22, "0, 5, 10 … 100 %, and a text: {text}");
        assert_eq!(lines[20], json!({ "event": "progress", "file": "sea.jpg", "done": 1000, "total": 1000 }));
        assert_eq!(lines[21], json!({ "event": "text", "text": "sea.jpg is there" }));
    }
}
