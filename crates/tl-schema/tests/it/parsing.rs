use quadruplex_tl_schema::{Schema, Type};

fn refused(text: &str, line: usize, reason: &str) {
    let errors = Schema::parse(text).expect_err(text);
    let found = errors.0.iter().any(|error| error.line == line && error.reason.contains(reason));
    assert!(found, "{text}: {errors}");
}

#[test]
fn lines_that_are_not_tl() {
    refused("a = A", 1, "does not end in `;`");
    refused("\na;", 2, "has no `= Type`");
    refused("a#xyz = A;", 1, "not an id");
    refused("a#1 = A;", 1, "is not the CRC32 of the definition, which is #7aae25b9");
    refused("a b = A;", 1, "not of the form name:type");
    refused("a b:int b:int = A;", 1, "twice");
    refused("a b:flags.0?int = A;", 1, "not one of the first 4 flags words before it");
    refused("a f:# g:# h:# i:# j:# b:j.0?int = A;", 1, "not one of the first 4 flags words before it");
    refused(&format!("a b:{}int{} = A;", "Vector<".repeat(9), ">".repeat(9)), 1, "more than 8 vectors");
    refused("a flags:# b:flags.32?int = A;", 1, "not a bit of 0 to 31");
    refused("a flags:# b:flags?int = A;", 1, "not of the form flags.N");
    refused("a b:true = A;", 1, "carries nothing");
    refused("a b:Set<int> = A;", 1, "is not a type");
    refused("a b:Vector<int = A;", 1, "has no `>`");
    refused("a b:!X = A;", 1, "without {X:Type}");
    refused("a = A;\na = B;", 2, "on line 1 already");
    refused("a b:B = A;", 1, "`B` has no constructor");
    refused("a b:c = A;", 1, "`c` has no constructor");
    refused("a = %A;", 1, "the bare form of a type is the name of its constructor");
    refused("a b:vector<%B> = A;", 1, "the bare form of a type is the name of its constructor");
    refused("a..b = A;", 1, "is not a name");
    refused("= A;", 1, "has no name");
}

#[test]
fn room_around_the_sign_is_no_part_of_the_id() {
    let id = |text: &str| Schema::parse(text).unwrap().definitions().first().map(|definition| definition.id);
    let ids = ["a b:int = A;", "a b:int=A;", "a b:int =A;", "a b:int= A;"].map(id);
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:x?}");
}

#[test]
fn every_malformed_line_is_told() {
    let errors = Schema::parse("a = A\n\nb ? = B;\nc = C;").expect_err("two bad lines");
    assert_eq!(errors.0.iter().map(|error| error.line).collect::<Vec<_>>(), [1, 3]);
}

#[test]
fn what_a_definition_says() {
    let schema = Schema::parse(
        "// LAYER 7\nuser id:long = User;\n---functions---\nusers.find flags:# exact:flags.1?true ids:Vector<long> = Vector<User>;",
    )
    .expect("a schema");
    assert_eq!(schema.layer(), Some(7));
    let find = schema.function("users.find").expect("the function");
    assert_eq!(find.namespace(), "users");
    assert_eq!(find.line, 4);
    assert_eq!(find.fields().count(), 2);
    assert_eq!(find.param("exact").and_then(|param| param.flag.as_ref()).map(|flag| flag.bit), Some(1));
    assert!(find.param("flags").is_none());
    assert_eq!(schema.ty("Vector<User>").as_ref(), Some(&find.result));
    assert_eq!(schema.ty("Vector<Chat>"), None);
    assert_eq!(schema.constructors_of("User").count(), 1);
    assert_eq!(schema.by_id(find.id), Some(find));
    assert_eq!(schema.suggest_function("user.find"), Some("users.find"));
    assert_eq!((schema.suggest_function("find"), schema.suggest_function("Fnd")), (Some("users.find"), Some("users.find")));
    let of_api = |name| quadruplex_tl_schema::builtin::nearest_api(230).suggest_function(name);
    assert_eq!((of_api("sendMessage"), of_api("getfile")), (Some("messages.sendMessage"), Some("upload.getFile")));
    assert_eq!(find.result, Type::Vector { bare: false, item: Box::new(Type::Boxed("User".into())) });
    assert_eq!(find.to_string(), format!("users.find#{:x} flags:# exact:flags.1?true ids:Vector<long> = Vector<User>", find.id));
}
