//! The fuzz bodies, for a moment and with seeds.

use std::fs;
use std::path::PathBuf;

use quadruplex_tl_schema::testing::{Random, Rng};
use quadruplex_tl_schema::{Kind, Missing, builtin, fuzzing};

/// What was written well, then damaged a little.
fn damaged(rng: &mut Rng, mut bytes: Vec<u8>, body: fn(&[u8])) {
    body(&bytes);
    for _ in 0..4 {
        let at = rng.below(bytes.len());
        bytes[at] = rng.u64() as u8;
        body(&bytes);
        body(&bytes[..at]);
    }
}

/// A function of every name in every layer, many updates, calls as JSON: no chance finds their ids.
#[test]
#[ignore = "writes what a fuzzer begins with, see fuzz/README.md"]
fn seeds() {
    let place = PathBuf::from(std::env::var_os("FUZZ_SEEDS").expect("FUZZ_SEEDS names a directory"));
    let write = |target: &str, name: String, bytes: &[u8]| {
        let place = place.join(target);
        fs::create_dir_all(&place).and_then(|()| fs::write(place.join(name), bytes)).expect("it can be written");
    };
    let mut rng = Rng::new(9);
    for (pick, layer) in builtin::LAYERS.into_iter().enumerate() {
        let api = builtin::api(layer).expect("is built in");
        let random = Random::new(api);
        for definition in api.definitions().iter().filter(|definition| definition.kind == Kind::Function) {
            let mut bytes = vec![pick as u8];
            api.encode_function(&random.object(definition, &mut rng), &mut bytes).expect("what was generated fits");
            write("schema_function", format!("{layer}-{}", definition.name), &bytes);
        }
    }
    let api = builtin::api(builtin::LAYER).expect("is built in");
    let (random, ty) = (Random::new(api), api.ty("Updates").expect("is there"));
    let send = api.function("messages.sendMessage").expect("is there");
    for n in 0..500 {
        let mut bytes = Vec::new();
        api.encode_type(&ty, &random.value(&ty, &mut rng), Missing::Error, &mut bytes).expect("what was generated fits");
        write("schema_updates", n.to_string(), &bytes);
        write("schema_json", n.to_string(), random.object(send, &mut rng).to_json().to_string().as_bytes());
    }
}

#[test]
fn functions() {
    let api = builtin::api(230).expect("is built in");
    let (random, mut rng) = (Random::new(api), Rng::new(3));
    for definition in api.definitions().iter().filter(|definition| definition.kind == Kind::Function) {
        let mut bytes = vec![0];
        api.encode_function(&random.object(definition, &mut rng), &mut bytes).expect("what was generated fits");
        damaged(&mut rng, bytes, fuzzing::function);
    }
}

#[test]
fn updates() {
    let api = builtin::api(230).expect("is built in");
    let (random, mut rng) = (Random::new(api), Rng::new(5));
    let ty = api.ty("Updates").expect("is there");
    for _ in 0..200 {
        let mut bytes = Vec::new();
        api.encode_type(&ty, &random.value(&ty, &mut rng), Missing::Error, &mut bytes).expect("what was generated fits");
        damaged(&mut rng, bytes, fuzzing::updates);
    }
}

#[test]
fn texts() {
    let mut rng = Rng::new(7);
    for text in [
        "// LAYER 1\na flags:# b:flags.0?true c:Vector<bytes> = A;\n---functions---\nf {X:Type} a:A q:!X = X;\n",
        "vector {t:Type} # [ t ] = Vector t;",
        // Found by a fuzzer.
        "M=#;\n",
    ] {
        damaged(&mut rng, text.as_bytes().to_vec(), fuzzing::schema_text);
    }
    let json = br#"{"peer":{"_":"inputPeerUser","user_id":5,"access_hash":"7"},"message":"hi","random_id":1,"entities":[]}"#;
    for _ in 0..200 {
        damaged(&mut rng, json.to_vec(), fuzzing::json);
    }
}
