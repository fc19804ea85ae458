use serde_json::Value;

use crate::command::Place;

#[test]
fn a_function_by_name_or_id() {
    let place = Place::new("schema");
    let by_name = place.run(["schema", "messages.sendMessage", "--json"]).done();
    let shown: Value = serde_json::from_str(&by_name).expect("one line of JSON");
    assert_eq!((&shown["kind"], &shown["result"]), (&"function".into(), &"Updates".into()));
    let id = format!("0x{}", shown["id"].as_str().expect("an id"));
    assert_eq!(place.run(["schema", &id, "--json"]).done(), by_name);
}

#[test]
fn a_type_is_all_its_constructors() {
    let shown = Place::new("type").run(["schema", "InputChannel"]).done();
    let names: Vec<&str> = shown.lines().filter_map(|line| line.split('#').next()).collect();
    assert_eq!(names, ["inputChannelEmpty", "inputChannel", "inputChannelFromMessage"]);
}

#[test]
fn a_schema_from_a_file() {
    let place = Place::new("file");
    std::fs::write(place.path().join("dogs.tl"), "dog name:string = Dog;\n").expect("it can be written");
    let shown = place.run(["schema", "dog", "--schema", "dogs.tl"]).done();
    assert!(shown.starts_with("dog#") && shown.ends_with(" name:string = Dog\n"), "{shown}");
}
