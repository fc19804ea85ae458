use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use quadruplex::Progress;
use serde_json::json;

use crate::output::say;

/// Shows how far a transfer has come: a bar on a terminal, with `--json` a line now and then, else nothing.
pub(crate) struct Meter {
    bar: ProgressBar,
    name: String,
    json: bool,
    told: u64,
}

impl Meter {
    pub(crate) fn new(name: impl Into<String>, json: bool) -> Self {
        let name = name.into();
        let shown = !json && std::io::stderr().is_terminal();
        let bar = ProgressBar::with_draw_target(None, if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() });
        if let Ok(style) = ProgressStyle::with_template("{msg:20} {bar:30} {bytes:>11} of {total_bytes:11} {bytes_per_sec:>12} {eta:>4}") {
            bar.set_style(style);
        }
        bar.set_message(name.clone());
        Self { bar, name, json, told: 0 }
    }

    /// Takes what a transfer tells.
    pub(crate) fn tell(&mut self, progress: Progress) {
        if let Some(total) = progress.total {
            self.bar.set_length(total);
        }
        self.bar.set_position(progress.done);
        // A line for every twentieth part, so that a log stays short.
        let step = progress.fraction().map_or(progress.done >> 20, |part| (part * 20.0) as u64);
        if self.json && step > self.told {
            self.told = step;
            // A reader that is gone is noticed by the line at the end.
            let _ = say(json!({ "event": "progress", "file": self.name, "done": progress.done, "total": progress.total }));
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
