use quadruplex_tl::{ErrorKind, Reader};
use quadruplex_tl_schema::builtin;
use quadruplex_tl_schema::testing::{Random, Rng};
use quadruplex_tl_schema::{Kind, Missing, Object, Schema, Value};

fn api() -> &'static Schema {
    builtin::api(230).expect("is built in")
}

fn encoded(function: &Object) -> Vec<u8> {
    let mut bytes = Vec::new();
    api().encode_function(function, &mut bytes).expect("a function of this layer");
    bytes
}

fn refused(function: Object, expect: &str) {
    let error = api().encode_function(&function, &mut Vec::new()).expect_err(expect);
    assert_eq!(error.to_string(), expect);
}

#[test]
fn what_cannot_be_encoded() {
    let send = || Object::new("messages.sendMessage").with("peer", Object::new("inputPeerSelf"));
    refused(send(), "messages.sendMessage.message: is missing; it is of type string");
    refused(
        Object::new("messages.sendMesage"),
        "there is no function `messages.sendMesage` in layer 230; did you mean `messages.sendMessage`?",
    );
    refused(send().with("mesage", "hi"), "messages.sendMessage: has no field `mesage`; did you mean `message`?");
    refused(send().with("message", 5), "messages.sendMessage.message: wants string, not an int");
    refused(
        send().with("peer", Object::new("inputPeerMe")),
        "messages.sendMessage.peer: there is no constructor of InputPeer `inputPeerMe` in layer 230; did you mean `inputPeerSelf`?",
    );
    refused(
        send().with("peer", Object::new("inputUserSelf")),
        "messages.sendMessage.peer: `inputUserSelf` is a InputUser, not a InputPeer",
    );
    let entities = vec![Object::new("messageEntityBold").with("offset", 0).with("length", i64::MAX)];
    refused(
        send().with("message", "hi").with("random_id", 1).with("entities", entities),
        "messages.sendMessage.entities[0].messageEntityBold.length: 9223372036854775807 does not fit into an int",
    );
}

#[test]
fn fields_that_share_a_bit_go_together() {
    let media = Object::new("inputMediaPoll").with("poll", Value::Bool(true)).with("solution", "because");
    let mut bytes = Vec::new();
    let error = api().encode("InputMedia", &media.into(), Missing::Error, &mut bytes).expect_err("the poll is not one");
    assert_eq!(error.to_string(), "inputMediaPoll.poll: wants Poll, not a Bool");

    let found = api().definitions().iter().find(|d| d.name == "inputMediaPoll").expect("is there");
    let mut media = Random::new(api()).object(found, &mut Rng::new(1));
    media.set("solution", "because");
    media.remove("solution_entities");
    let error = api().encode("InputMedia", &media.clone().into(), Missing::Error, &mut Vec::new()).expect_err("half of a pair");
    assert_eq!(error.to_string(), "inputMediaPoll.solution_entities: is missing; it is of type Vector<MessageEntity>");
    bytes.clear();
    api().encode("InputMedia", &media.into(), Missing::Default, &mut bytes).expect("the other half is made");
    let mut reader = Reader::new(&bytes);
    let read = api().decode("InputMedia", &mut reader).expect("what was written");
    reader.finish().expect("everything");
    assert_eq!(read.as_object().and_then(|media| media.vector("solution_entities")), Some([].as_slice()));
}

#[test]
fn defaults_of_every_type() {
    let schema = Schema::parse(
        "empty = E;\nfull n:int = E;\nopt flags:# n:flags.0?int = O;\nneedy n:int = N;\n\
         all b:Bool i:int l:long d:double s:string y:bytes v:Vector<int> w:vector<int> x:int128 z:int256 e:E o:O = All;\nbad n:N = Bad;",
    )
    .expect("a schema");
    let mut bytes = Vec::new();
    schema.encode("All", &Object::new("all").into(), Missing::Default, &mut bytes).expect("all have defaults");
    let mut reader = Reader::new(&bytes);
    let all = schema.decode("All", &mut reader).expect("what was written");
    reader.finish().expect("everything");
    let all = all.as_object().expect("an object").clone();
    assert_eq!(all.object("e"), Some(&Object::new("empty")));
    assert_eq!(all.object("o"), Some(&Object::new("opt")));
    assert_eq!(all.string("s"), Some(""));
    let error = schema.encode("Bad", &Object::new("bad").into(), Missing::Default, &mut bytes).expect_err("no constructor is empty");
    assert_eq!(error.to_string(), "bad.n: is missing; it is of type N");
}

#[test]
fn false_flags_are_absent() {
    let send = |silent| {
        let message =
            Object::new("messages.sendMessage").with("peer", Object::new("inputPeerSelf")).with("message", "").with("random_id", 1);
        encoded(&message.with_some("silent", silent))
    };
    assert_eq!(send(Some(false)), send(None));
    assert_ne!(send(Some(true)), send(None));
}

#[test]
fn the_query_inside_wrappers() {
    let query = Object::new("help.getConfig");
    let init = ["device_model", "system_version", "app_version", "system_lang_code", "lang_pack", "lang_code"]
        .into_iter()
        .fold(Object::new("initConnection").with("api_id", 1), |init, field| init.with(field, "x"));
    let wrapped = Object::new("invokeWithLayer").with("layer", 227).with("query", init.with("query", query.clone()));
    let bytes = encoded(&wrapped);
    assert_eq!(api().decode_function(&mut Reader::new(&bytes)).as_ref(), Ok(&wrapped));
    assert_eq!(api().answer_type(&wrapped).map(ToString::to_string).as_deref(), Some("Config"));

    let mut reader = Reader::new(&bytes);
    let mut heads = Vec::new();
    loop {
        let head = api().decode_head(&mut reader).expect("a function");
        let is_wrapper = api().function(&head.name).expect("is there").is_wrapper();
        heads.push(head.name);
        if !is_wrapper {
            break;
        }
    }
    assert_eq!(heads, ["invokeWithLayer", "initConnection", "help.getConfig"]);
}

#[test]
fn errors_name_the_place() {
    let mut bytes = encoded(&Object::new("messages.getMessages").with("id", vec![Object::new("inputMessageID").with("id", 5)]));
    let at = bytes.len() - 8;
    bytes[at] ^= 1;
    let error = api().decode_function(&mut Reader::new(&bytes)).expect_err("an unknown constructor");
    assert_eq!(error.to_string(), "messages.getMessages.id[0] at byte 12: unknown constructor 0xa676a323");
    assert!(matches!(error.kind, ErrorKind::UnknownConstructor(_)));
}

#[test]
fn deep_nesting_and_long_vectors_end() {
    let deep = (0..70).fold(Object::new("help.getConfig"), |query, _| Object::new("invokeWithoutUpdates").with("query", query));
    let error = api().encode_function(&deep, &mut Vec::new()).expect_err("too deep to write");
    assert!(error.to_string().ends_with("is nested too deeply"), "{error}");

    let wrapper = api().function("invokeWithoutUpdates").expect("is there").id.to_le_bytes();
    let bytes: Vec<u8> = std::iter::repeat_n(wrapper, 100_000).flatten().collect();
    assert_eq!(api().decode_function(&mut Reader::new(&bytes)).map_err(|error| error.kind), Err(ErrorKind::TooDeep));

    let mut bytes = encoded(&Object::new("users.getUsers").with("id", Vec::<Value>::new()));
    bytes[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(api().decode_function(&mut Reader::new(&bytes)).map_err(|error| error.kind), Err(ErrorKind::VectorTooLong(u32::MAX)));
}

/// Every prefix of every function is refused, and no flipped bit makes the reader panic or read past the end.
#[test]
fn damaged_bytes_are_errors() {
    let random = Random::new(api());
    let mut rng = Rng::new(7);
    for definition in api().definitions().iter().filter(|definition| definition.kind == Kind::Function) {
        let mut bytes = encoded(&random.object(definition, &mut rng));
        for end in (0..bytes.len()).step_by(4) {
            assert!(api().decode_function(&mut Reader::new(&bytes[..end])).is_err(), "{} cut at {end}", definition.name);
        }
        for _ in 0..8 {
            let bit = rng.below(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            let mut reader = Reader::new(&bytes);
            let _ = api().decode_function(&mut reader);
            assert!(reader.offset() <= bytes.len());
        }
    }
}
