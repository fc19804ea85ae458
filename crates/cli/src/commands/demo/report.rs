use std::fmt::Display;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::failure::{Failure, Kind};
use crate::output::say;

/// What a step did: a line for people, figures for programs.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) line: String,
    pub(crate) figures: Value,
}

/// What has happened so far. Text is printed as it happens, JSON at the end.
#[derive(Debug)]
pub(crate) struct Report {
    json: bool,
    started: Instant,
    steps: Vec<Step>,
    /// Why something could not be printed.
    unprinted: Option<Failure>,
}

#[derive(Debug)]
struct Step {
    name: &'static str,
    took: Duration,
    result: Result<Outcome, String>,
}

impl Report {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, started: Instant::now(), steps: Vec::new(), unprinted: None }
    }

    pub(crate) fn add(&mut self, name: &'static str, took: Duration, result: Result<Outcome, String>) {
        if !self.json {
            match &result {
                Ok(outcome) => self.say(format_args!("{name:<14} {}", outcome.line)),
                Err(problem) => self.say(format_args!("{name:<14} FAILED: {problem}")),
            }
        }
        self.steps.push(Step { name, took, result });
    }

    /// Ends the report; an error names what failed.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        if self.json {
            self.say(self.to_json());
        } else {
            self.print_table();
        }
        let failed: Vec<&str> = self.steps.iter().filter(|step| step.result.is_err()).map(|step| step.name).collect();
        if failed.is_empty() {
            self.unprinted.map_or(Ok(()), Err)
        } else {
            Err(Failure::new(Kind::Failed, format!("these steps of the demo failed: {}", failed.join(", "))))
        }
    }

    fn print_table(&mut self) {
        let row = |step: &Step| {
            let result = if step.result.is_ok() { "ok" } else { "FAILED" };
            format!("\n{:<14} {:>8.2}  {result}", step.name, step.took.as_secs_f64())
        };
        let rows: String = self.steps.iter().map(row).collect();
        self.say(format_args!("\n{:<14} {:>8}  result{rows}", "step", "seconds"));
        self.say(format_args!("{:<14} {:>8.2}", "all", self.started.elapsed().as_secs_f64()));
        // Started through Cargo, the program need not be on the path.
        let program = if std::env::var_os("CARGO_MANIFEST_DIR").is_some() { "cargo run --" } else { "quadruplex" };
        self.say(format_args!("\nnext:"));
        self.say(format_args!("  talk with the bot that just ran      {program} chat @echo_bot --sandbox"));
        self.say(format_args!("  a server for your own bot            {program} sandbox --listen 127.0.0.1:4430 --admin 127.0.0.1:8080"));
        self.say(format_args!(
            "  the real Telegram                    {program} login      (https://my.telegram.org/apps gives the API id)"
        ));
    }

    /// Whoever stops reading stops nothing: the steps go on, and what they have made is cleared away. So do those whose disk is full, but that
    /// is told at the end.
    fn say(&mut self, line: impl Display) {
        if let Err(failure) = say(line)
            && failure.is_told()
        {
            self.unprinted.get_or_insert(failure);
        }
    }

    fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("ok".to_owned(), self.steps.iter().all(|step| step.result.is_ok()).into());
        object.insert("seconds".to_owned(), self.started.elapsed().as_secs_f64().into());
        for step in &self.steps {
            let mut fields = json!({ "ok": step.result.is_ok(), "seconds": step.took.as_secs_f64() });
            match &step.result {
                Ok(outcome) => merge(&mut fields, &outcome.figures),
                Err(problem) => fields["error"] = problem.as_str().into(),
            }
            object.insert(step.name.replace(' ', "_"), fields);
        }
        object.into()
    }
}

fn merge(into: &mut Value, from: &Value) {
    if let (Some(into), Some(from)) = (into.as_object_mut(), from.as_object()) {
        into.extend(from.clone());
    }
}

/// `1 frame`, `2 frames`.
pub(crate) fn count(number: u64, of: &str) -> String {
    format!("{number} {of}{}", if number == 1 { "" } else { "s" })
}
