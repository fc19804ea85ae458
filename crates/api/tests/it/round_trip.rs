//! A random value of every type and function: bytes by the schema, read by the type, written again, and both as JSON.

use quadruplex_api::{Encode, Peers, to_json};
use quadruplex_tl::{Deserialize, Error, Reader, Serialize};
use quadruplex_tl_schema::testing::{Random, Rng};
use quadruplex_tl_schema::{Kind, Missing, Schema, Type, Value, builtin};

use crate::generated::{FUNCTIONS, TYPES};

/// Bytes through a type: bytes again, and JSON.
pub(crate) type Trip = fn(&[u8]) -> Result<(Vec<u8>, serde_json::Value), Error>;

pub(crate) fn serialized<T: Deserialize + Serialize + quadruplex_api::Value>(bytes: &[u8]) -> Result<(Vec<u8>, serde_json::Value), Error> {
    let value = T::from_bytes(bytes)?;
    Ok((value.to_bytes(), to_json(&value)))
}

pub(crate) fn encoded<T: Deserialize + Encode + quadruplex_api::Value>(bytes: &[u8]) -> Result<(Vec<u8>, serde_json::Value), Error> {
    let value = T::from_bytes(bytes)?;
    let mut out = Vec::new();
    value.encode(&Peers::new(), &mut out);
    Ok((out, to_json(&value)))
}

pub(crate) fn api() -> &'static Schema {
    builtin::api(quadruplex_api::LAYER as u32).expect("the layer of the generated types is built in")
}

/// How often each constructor is tried.
const SEEDS: u64 = 4;

fn check(name: &str, trip: Trip, bytes: &[u8], json: &serde_json::Value) {
    let (again, shown) = trip(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(again, bytes, "{name}");
    assert_eq!(&shown, json, "{name}");
    for end in (0..bytes.len()).step_by(4) {
        assert!(trip(&bytes[..end]).is_err(), "{name} cut at {end}");
    }
    assert!(trip(&[bytes, &[0; 4]].concat()).is_err(), "{name} with four bytes too many");
}

#[test]
fn every_constructor() {
    let random = Random::new(api());
    assert_eq!(TYPES.len(), api().types().len());
    for (name, trip) in TYPES {
        for constructor in api().constructors_of(name) {
            for seed in 0..SEEDS {
                let mut rng = Rng::new(seed << 32 | u64::from(constructor.id));
                let value = Value::from(random.object(constructor, &mut rng));
                let mut bytes = Vec::new();
                api().encode(name, &value, Missing::Error, &mut bytes).expect("what was generated fits");
                check(&constructor.name, *trip, &bytes, &value.to_json());
            }
        }
    }
}

#[test]
fn every_function() {
    let random = Random::new(api());
    assert_eq!(FUNCTIONS.len(), api().definitions().iter().filter(|definition| definition.kind == Kind::Function).count());
    for (name, trip) in FUNCTIONS {
        let function = api().function(name).expect("is in the schema");
        for seed in 0..SEEDS {
            let mut object = random.object(function, &mut Rng::new(seed << 32 | u64::from(function.id)));
            let query = function.params.iter().find(|param| param.ty == Type::Query).and_then(|param| object.remove(&param.name));
            let mut bytes = Vec::new();
            match query {
                None => api().encode_function(&object, &mut bytes).expect("what was generated fits"),
                Some(query) => {
                    // A wrapper is written without the query that follows it.
                    let mut after = Vec::new();
                    api().encode_function(query.as_object().expect("a function"), &mut after).expect("fits");
                    api().encode_function(&object.clone().with("query", query), &mut bytes).expect("fits");
                    bytes.truncate(bytes.len() - after.len());
                }
            }
            check(name, *trip, &bytes, &object.to_json());
        }
    }
}

/// The body of a fuzz target: two bytes choose a type, the rest is read as it, by the type and by the schema. Both accept the same and
/// see the same in it.
pub(crate) fn any_type(data: &[u8]) {
    let Some(([low, high], bytes)) = data.split_first_chunk() else { return };
    let (name, trip) = TYPES[usize::from(u16::from_le_bytes([*low, *high])) % TYPES.len()];
    let mut reader = Reader::new(bytes);
    let by_schema = api().decode(name, &mut reader).ok().filter(|_| reader.finish().is_ok());
    match (trip(bytes), by_schema) {
        (Ok((_, json)), Some(value)) => assert_eq!(json, value.to_json(), "{name}"),
        (Err(_), None) => {}
        (by_type, by_schema) => panic!("{name}: the type says {by_type:?}, the schema {by_schema:?}"),
    }
}

#[test]
fn damaged_bytes() {
    let random = Random::new(api());
    let mut rng = Rng::new(11);
    for (at, (name, _)) in TYPES.iter().enumerate() {
        let ty = api().ty(name).expect("is in the schema");
        let mut data = (at as u16).to_le_bytes().to_vec();
        api().encode_type(&ty, &random.value(&ty, &mut rng), Missing::Error, &mut data).expect("what was generated fits");
        for _ in 0..16 {
            let bit = rng.below((data.len() - 2) * 8);
            data[2 + bit / 8] ^= 1 << (bit % 8);
            any_type(&data);
        }
    }
}

/// A value of every constructor: no chance finds their ids.
#[test]
#[ignore = "writes what a fuzzer begins with, see fuzz/README.md"]
fn seeds() {
    let place = std::path::PathBuf::from(std::env::var_os("FUZZ_SEEDS").expect("FUZZ_SEEDS names a directory")).join("api_type");
    std::fs::create_dir_all(&place).expect("it can be made");
    let random = Random::new(api());
    for (at, (name, _)) in TYPES.iter().enumerate() {
        for constructor in api().constructors_of(name) {
            let value = Value::from(random.object(constructor, &mut Rng::new(u64::from(constructor.id))));
            let mut data = (at as u16).to_le_bytes().to_vec();
            api().encode(name, &value, Missing::Error, &mut data).expect("what was generated fits");
            std::fs::write(place.join(&*constructor.name), data).expect("it can be written");
        }
    }
}
