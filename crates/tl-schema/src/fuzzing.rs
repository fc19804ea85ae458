//! What reads bytes from outside, as bodies of fuzz targets. Each panics if a promise is broken.

use quadruplex_tl::Reader;

use crate::{Missing, Schema, Value, builtin};

/// Any bytes as a function of any built-in layer: what is read can be written, and is then the same again, as JSON too.
pub fn function(data: &[u8]) {
    let Some((pick, bytes)) = data.split_first() else { return };
    let layer = builtin::LAYERS[usize::from(*pick) % builtin::LAYERS.len()];
    let Some(schema) = builtin::api(layer) else { return };
    let mut reader = Reader::new(bytes);
    let Ok(object) = schema.decode_function(&mut reader) else { return };
    assert!(reader.offset() <= bytes.len());
    let mut again = Vec::new();
    schema.encode_function(&object, &mut again).unwrap_or_else(|error| panic!("was read, cannot be written: {error}"));
    let back = schema.decode_function(&mut Reader::new(&again)).unwrap_or_else(|error| panic!("was written, cannot be read: {error}"));
    let json = object.to_json();
    // NaN is not equal to itself; as text it is.
    assert_eq!(back.to_json(), json);
    let from_json = schema.function_from_json(&object.name, &json).unwrap_or_else(|error| panic!("is not read from its JSON: {error}"));
    assert_eq!(from_json.to_json(), json);
}

/// Any bytes as an `Updates`, which is what comes unasked.
pub fn updates(data: &[u8]) {
    let Some(schema) = builtin::api(builtin::LAYER) else { return };
    let Ok(value) = schema.decode("Updates", &mut Reader::new(data)) else { return };
    let mut again = Vec::new();
    schema.encode("Updates", &value, Missing::Error, &mut again).unwrap_or_else(|error| panic!("was read, cannot be written: {error}"));
    let back = schema.decode("Updates", &mut Reader::new(&again)).unwrap_or_else(|error| panic!("was written, cannot be read: {error}"));
    assert_eq!(back.to_json(), value.to_json());
}

/// Any text as a schema: what is read is written in a form that reads the same.
pub fn schema_text(data: &[u8]) {
    let Ok(schema) = Schema::parse(&String::from_utf8_lossy(data)) else { return };
    for definition in schema.definitions() {
        let kind = if schema.function(&definition.name) == Some(definition) { "---functions---\n" } else { "" };
        let Err(errors) = Schema::parse(&format!("{kind}{definition};")) else { continue };
        // Alone, a definition may miss the types of others; nothing else may be wrong with it.
        assert!(errors.0.iter().all(|error| error.reason.contains("has no constructor")), "{definition}: {errors}");
    }
}

/// Any text as the JSON of a message to send.
pub fn json(data: &[u8]) {
    let Some(schema) = builtin::api(builtin::LAYER) else { return };
    let Ok(json) = serde_json::from_slice(data) else { return };
    if let Ok(mut object) = schema.function_from_json("messages.sendMessage", &json) {
        schema.walk(&mut object, &mut |_, _| {});
        let _ = schema.encode_function(&object, &mut Vec::new());
        let _ = Value::from(object).to_json();
    }
}
