//! What the steps have to come to.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde_json::Value;

use crate::{Result, read};

/// What a client reported of one of its steps.
#[derive(Debug)]
pub(super) struct Step {
    client: String,
    name: String,
    error: Option<String>,
}

impl Step {
    /// Reads a line of a client; `None` for one that is no report.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let step: Value = serde_json::from_str(line).ok()?;
        let text = |key: &str| step[key].as_str().map(str::to_owned);
        let error = if step["ok"].as_bool()? { None } else { Some(text("error").unwrap_or_default()) };
        Some(Self { client: text("client")?, name: text("step")?, error })
    }
}

/// The steps of each client, and those that may fail, with the reason.
#[derive(Debug)]
pub(super) struct Expected {
    steps: Vec<(String, String)>,
    exceptions: BTreeMap<(String, String), String>,
}

/// How a step came out.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) passed: bool,
    step: String,
    note: String,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, step, note } = self;
        write!(f, "{} {step}{}{note}", if *passed { "ok  " } else { "FAIL" }, if note.is_empty() { "" } else { ": " })
    }
}

impl Expected {
    /// Reads the file, and refuses exceptions without a reason, for steps there are not, or for those that may have none.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let file = read(path)?;
        let json = serde_json::from_str(&file).map_err(|error| error.to_string());
        json.and_then(|json| Self::of(&json)).map_err(|error| format!("{}: {error}", path.display()))
    }

    fn of(json: &Value) -> Result<Self> {
        let clients = json["steps"].as_object().ok_or("`steps` is missing")?;
        let names =
            |of: &Value| -> Vec<String> { of.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect() };
        let steps: Vec<_> =
            clients.iter().flat_map(|(client, steps)| names(steps).into_iter().map(|step| (client.clone(), step))).collect();
        let never = names(&json["never_excused"]);
        let mut exceptions = BTreeMap::new();
        for exception in json["exceptions"].as_array().ok_or("`exceptions` is missing")? {
            let text = |key: &str| exception[key].as_str().filter(|text| !text.is_empty()).ok_or(format!("an exception without a {key}"));
            let (client, step, reason) = (text("client")?.to_owned(), text("step")?.to_owned(), text("reason")?.to_owned());
            if never.contains(&step) {
                return Err(format!("{step} may not fail for any reason"));
            }
            let key = (client, step);
            if !steps.contains(&key) {
                return Err(format!("there is no step {} of {}", key.1, key.0));
            }
            exceptions.insert(key, reason);
        }
        Ok(Self { steps, exceptions })
    }

    /// Every step that is expected has one verdict, and so has each that nobody expects.
    pub(super) fn judge(&self, done: &[Step]) -> Vec<Verdict> {
        let verdict =
            |passed, (client, step): (&str, &str), note: &str| Verdict { passed, step: format!("{client} {step}"), note: note.to_owned() };
        let expected = self.steps.iter().map(|key| {
            let name = (key.0.as_str(), key.1.as_str());
            let reported = done.iter().find(|step| (step.client.as_str(), step.name.as_str()) == name);
            match (reported.map(|step| &step.error), self.exceptions.get(key)) {
                (None, _) => verdict(false, name, "it never came to this step"),
                (Some(None), None) => verdict(true, name, ""),
                (Some(None), Some(_)) => verdict(false, name, "it works: take it off the list of exceptions"),
                (Some(Some(error)), None) => verdict(false, name, error),
                (Some(Some(_)), Some(reason)) => verdict(true, name, &format!("fails, as it may: {reason}")),
            }
        });
        let is_expected = |step: &&Step| self.steps.iter().any(|(client, name)| (client, name) == (&step.client, &step.name));
        let others = done.iter().filter(|step| !is_expected(step));
        let others = others.map(|step| verdict(false, (&step.client, &step.name), "it is not on the list of steps"));
        expected.chain(others).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn list(exceptions: Value) -> Result<Expected> {
        let steps = json!({ "a": ["send", "group"], "b": ["send"] });
        Expected::of(&json!({ "steps": steps, "never_excused": ["send"], "exceptions": exceptions }))
    }

    fn check(exceptions: Value, lines: &[&str], failures: &[&str]) {
        let steps: Vec<Step> = lines.iter().filter_map(|line| Step::parse(line)).collect();
        let verdicts = list(exceptions).unwrap().judge(&steps);
        let failed: Vec<_> = verdicts.iter().filter(|verdict| !verdict.passed).map(Verdict::to_string).collect();
        assert_eq!(failed, failures, "{lines:?}");
    }

    #[test]
    fn each_step_has_to_come_and_to_succeed() {
        let (send, group) = (r#"{"client":"a","step":"send","ok":true}"#, r#"{"client":"a","step":"group","ok":true}"#);
        let other = r#"{"client":"b","step":"send","ok":true}"#;
        let broken = r#"{"client":"a","step":"group","ok":false,"error":"E"}"#;
        let excused = json!([{ "client": "a", "step": "group", "reason": "R" }]);
        check(json!([]), &[send, "no report", group, other], &[]);
        check(json!([]), &[send, broken, other], &["FAIL a group: E"]);
        check(json!([]), &[group, other], &["FAIL a send: it never came to this step"]);
        check(excused.clone(), &[send, broken, other], &[]);
        check(excused, &[send, group, other], &["FAIL a group: it works: take it off the list of exceptions"]);
        let unknown = r#"{"client":"b","step":"fly","ok":true}"#;
        check(json!([]), &[send, group, other, unknown], &["FAIL b fly: it is not on the list of steps"]);
    }

    #[test]
    fn exceptions_are_for_what_may_fail() {
        let refused = |exception: Value, expect: &str| assert!(list(json!([exception])).unwrap_err().contains(expect), "{expect}");
        refused(json!({ "client": "a", "step": "send", "reason": "R" }), "may not fail");
        refused(json!({ "client": "a", "step": "group", "reason": "" }), "without a reason");
        refused(json!({ "client": "b", "step": "group", "reason": "R" }), "no step group of b");
    }
}
