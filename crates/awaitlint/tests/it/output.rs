//! What programs read: JSON lines and SARIF.

use crate::support::{Dir, FORGOTTEN, stdout};
use serde_json::Value;

#[test]
fn json_has_one_object_per_finding_with_every_field() {
    let dir = Dir::package(&[("src/lib.rs", FORGOTTEN), ("src/broken.rs", "fn {")], &[]);
    let text = stdout(&dir.run(&["--format", "json"]));
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    let [finding, notice] = lines.as_slice() else { panic!("{text}") };
    assert_eq!(finding["rule"], "unawaited-future");
    assert_eq!(finding["level"], "certain");
    assert_eq!(finding["path"], "src/lib.rs");
    assert_eq!((&finding["line"], &finding["column"]), (&4.into(), &19.into()));
    assert_eq!(finding["end"], serde_json::json!({ "line": 4, "column": 26 }));
    assert_eq!(finding["fix"]["grade"], "unsafe");
    assert_eq!(finding["fix"]["edits"][0]["text"], ".await");
    assert!(finding["message"].is_string() && finding["why"].is_string());
    assert!(notice["notice"].as_str().is_some_and(|text| text.contains("does not parse")), "{notice}");
}

#[test]
fn sarif_names_rules_and_places() {
    let dir = Dir::package(&[("src/lib.rs", FORGOTTEN)], &[]);
    let sarif: Value = serde_json::from_str(&stdout(&dir.run(&["--format", "sarif"]))).expect("it is JSON");
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules are listed");
    assert_eq!(rules.len(), awaitlint::Rule::all().count());
    let result = &run["results"][0];
    assert_eq!(result["ruleId"], "unawaited-future");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "src/lib.rs");
    assert_eq!(place["region"]["startLine"], 4);
}
