use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::Value;

use crate::command::Place;

const STEPS: [&str; 10] = ["key_exchange", "sign_in", "greetings", "bot", "one_by_one", "all_at_once", "file", "group", "crash", "lookups"];

#[test]
fn every_step_succeeds_and_says_what_it_measured() {
    let report: Value = serde_json::from_str(&Place::new("demo").run(["demo", "--json"]).done()).expect("one object");
    assert_eq!(report["ok"], true, "{report}");
    for step in STEPS {
        assert_eq!(report[step]["ok"], true, "{step}: {report}");
    }
    assert_eq!(report["one_by_one"]["frames"], 100);
    assert_eq!(report["one_by_one"]["round_trips"], 100);
    assert!(report["all_at_once"]["frames"].as_u64().is_some_and(|frames| (1..100).contains(&frames)), "{report}");
    assert_eq!(report["file"]["bytes"], 32 << 20);
    assert_ne!(report["file"]["file_dc"], report["file"]["receiver_dc"]);
    assert_eq!(report["group"]["received"], serde_json::json!([50, 50, 50]));
    assert_eq!((&report["crash"]["lost"], &report["crash"]["doubled"]), (&0.into(), &0.into()));
    assert!(report["crash"]["answered_before"].as_u64().is_some_and(|answered| answered < 200), "{report}");
    assert_eq!(report["lookups"]["requests_by_name"], report["lookups"]["people"]);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let place = Place::new("pipe");
    let mut child = place
        .command()
        .args(["schema", "Update"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command can be started");
    let mut line = String::new();
    BufReader::with_capacity(16, child.stdout.take().expect("it is piped")).read_line(&mut line).expect("it prints a line");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}
