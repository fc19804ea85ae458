use quadruplex_tl::Reader;
use quadruplex_tl_schema::builtin::{self, Audience};
use quadruplex_tl_schema::testing::{Random, Rng};
use quadruplex_tl_schema::{Kind, Missing, Schema, Type, Value};

/// A random value of everything goes through bytes and JSON.
fn round_trip(schema: &Schema, seeds: u64) {
    let random = Random::new(schema);
    for definition in schema.definitions() {
        for seed in 0..seeds {
            let mut rng = Rng::new(seed << 32 | u64::from(definition.id));
            let object = random.object(definition, &mut rng);
            let mut bytes = Vec::new();
            match definition.kind {
                Kind::Function => {
                    schema.encode_function(&object, &mut bytes).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
                    assert_eq!(schema.decode_function(&mut Reader::new(&bytes)).as_ref(), Ok(&object), "seed {seed}");
                    assert_eq!(schema.function_from_json(&definition.name, &object.to_json()).as_ref(), Ok(&object), "seed {seed}");
                    if let Some(answer) = schema.answer_type(&object) {
                        answer_round_trip(schema, answer, &random, &mut rng);
                    }
                }
                Kind::Constructor => {
                    let value = match definition.result {
                        Type::Boxed(_) => Value::from(object),
                        _ => Value::Bool(definition.name == "boolTrue"),
                    };
                    let ty = &definition.result;
                    schema.encode_type(ty, &value, Missing::Error, &mut bytes).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
                    assert_eq!(schema.decode_type(ty, &mut Reader::new(&bytes)).as_ref(), Ok(&value), "seed {seed}");
                    assert_eq!(schema.value_from_json(ty, &value.to_json()).as_ref(), Ok(&value), "seed {seed}");
                }
            }
            assert_eq!(bytes[..4], definition.id.to_le_bytes(), "{}", definition.name);
        }
    }
}

fn answer_round_trip(schema: &Schema, ty: &Type, random: &Random<'_>, rng: &mut Rng) {
    let value = random.value(ty, rng);
    let mut bytes = Vec::new();
    schema.encode_type(ty, &value, Missing::Error, &mut bytes).expect("what was generated fits");
    let mut reader = Reader::new(&bytes);
    assert_eq!(schema.decode_type(ty, &mut reader), Ok(value));
    reader.finish().expect("everything is read");
}

#[test]
fn everything_of_layer_230() {
    round_trip(builtin::api(230).expect("is built in"), 4);
}

#[test]
fn everything_of_older_layers() {
    for &layer in &builtin::LAYERS[1..] {
        let schema = builtin::api(layer).expect("is built in");
        assert_eq!(schema.layer(), Some(layer));
        round_trip(schema, 1);
    }
}

#[test]
fn everything_of_mtproto() {
    round_trip(builtin::mtproto(), 8);
}

#[test]
fn the_layer_nearest_to_one_that_is_not_there() {
    let check = |layer, expect| assert_eq!(builtin::nearest_api(layer).layer(), Some(expect), "{layer}");
    check(230, 230);
    check(300, 230);
    check(229, 229);
    check(228, 228);
    check(226, 227);
    check(1, 227);
    assert!(builtin::api(226).is_none());
}

#[test]
fn errors_and_who_may_call() {
    let codes = |name: &str| builtin::errors().named(name).map(|error| error.code).collect::<Vec<_>>();
    assert_eq!(codes("FLOOD_WAIT_37"), [420]);
    assert_eq!(codes("FLOOD_WAIT_X"), [420]);
    assert!(codes("FLOOD_WAIT_").is_empty());
    assert!(codes("FLOOD_WAIT_3a").is_empty());
    assert_eq!(codes("FILE_PART_12_MISSING"), [400]);
    assert_eq!(codes("PHONE_NUMBER_INVALID"), [400, 406]);
    assert!(builtin::errors().of_function("messages.sendMessage").any(|error| error.name == "MESSAGE_EMPTY"));
    assert_eq!(builtin::audience("messages.getDialogs"), Audience::User);
    assert_eq!(builtin::audience("messages.setBotCallbackAnswer"), Audience::Bot);
    assert_eq!(builtin::audience("messages.sendMessage"), Audience::All);
}

/// One value, written for each layer, is read as that layer.
#[test]
fn one_answer_for_many_layers() {
    let user = Value::from(quadruplex_tl_schema::Object::new("user").with("id", 5).with("first_name", "Lena").with("not_in_any_layer", 1));
    let bytes = builtin::LAYERS.map(|layer| {
        let schema = builtin::api(layer).expect("is built in");
        let mut bytes = Vec::new();
        schema.encode("User", &user, Missing::Default, &mut bytes).expect("unknown fields are dropped");
        let read = schema.decode("User", &mut Reader::new(&bytes)).expect("its own layer");
        assert_eq!(read.as_object().and_then(|user| user.long("id")), Some(5));
        bytes
    });
    assert_ne!(bytes.first().map(|user| &user[..4]), bytes.last().map(|user| &user[..4]), "`user` changed its id from 227 to 230");
}
