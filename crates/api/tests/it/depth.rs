//! Types that contain themselves, as deep as they are accepted: the stack of an ordinary thread must hold it.

use std::collections::{BTreeSet, VecDeque};

use quadruplex_tl::{ErrorKind, MAX_DEPTH};
use quadruplex_tl_schema::testing::Random;
use quadruplex_tl_schema::{Definition, Missing, Object, Type, Value};

use crate::generated::TYPES;
use crate::round_trip::api;

/// A quarter of what Tokio gives a worker.
const STACK: usize = 512 * 1024;

/// A constructor and the field through which the way goes on.
type Step = (&'static Definition, &'static str);

fn boxed(ty: &Type) -> Option<&str> {
    match ty {
        Type::Boxed(name) => Some(name),
        Type::Vector { item, .. } => boxed(item),
        _ => None,
    }
}

/// The shortest way from a type to itself that begins with this step.
fn cycle(ty: &str, first: Step) -> Option<Vec<Step>> {
    let field = |(definition, field): Step| definition.param(field).and_then(|param| boxed(&param.ty)).unwrap_or_default();
    let mut open = VecDeque::from([vec![first]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = open.pop_front() {
        let at = way.last().map(|step| field(*step)).unwrap_or_default();
        if at == ty {
            return Some(way);
        }
        if seen.insert(at) {
            for definition in api().constructors_of(at) {
                let steps = definition.fields().filter(|param| boxed(&param.ty).is_some()).map(|param| (definition, param.name.as_str()));
                open.extend(steps.map(|step| [way.as_slice(), &[step]].concat()));
            }
        }
    }
    None
}

/// The bytes of a value that goes round the cycle so often.
fn encoded(random: &Random<'_>, ty: &str, cycle: &[Step], rounds: usize) -> Vec<u8> {
    let innermost = api().constructors_of(ty).min_by_key(|definition| definition.params.len()).expect("has constructors");
    let mut value = Value::from(random.smallest(innermost));
    for (definition, field) in (0..rounds).flat_map(|_| cycle.iter().rev()) {
        let mut object: Object = random.smallest(definition);
        let is_vector = definition.param(field).is_some_and(|param| matches!(param.ty, Type::Vector { .. }));
        object.set((*field).to_owned(), if is_vector { Value::Vector(vec![value]) } else { value });
        value = object.into();
    }
    let mut bytes = Vec::new();
    api().encode(ty, &value, Missing::Default, &mut bytes).unwrap_or_else(|error| panic!("{ty}: {error}"));
    bytes
}

/// What one round puts before and after what it holds. The run-time codec ends before the types do, so deep bytes are put together.
fn around(random: &Random<'_>, ty: &str, cycle: &[Step]) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let [none, one, two, three] = [0, 1, 2, 3].map(|rounds| encoded(random, ty, cycle, rounds));
    let added = one.len() - none.len();
    let fits = |split: &usize| {
        let (before, after) = (&one[..*split], &one[one.len() - (added - split)..]);
        [before, &one, after].concat() == two && [before, &two, after].concat() == three && [before, &none, after].concat() == one
    };
    let split = (0..=added).step_by(4).find(fits).unwrap_or_else(|| panic!("{ty}: a round is not the same each time"));
    (one[..split].to_vec(), none, one[one.len() - (added - split)..].to_vec())
}

#[test]
fn what_contains_itself_fits_on_a_stack() {
    let random = Random::new(api());
    let mut cycles = 0;
    for (ty, trip) in TYPES {
        let first = api().constructors_of(ty).flat_map(|definition| {
            definition.fields().filter(|param| boxed(&param.ty).is_some()).map(move |param| (definition, param.name.as_str()))
        });
        for cycle in first.filter_map(|step| cycle(ty, step)) {
            cycles += 1;
            let (before, innermost, after) = around(&random, ty, &cycle);
            let (trip, depth) = (*trip, usize::from(MAX_DEPTH));
            let bytes = move |rounds: usize| [before.repeat(rounds), innermost.clone(), after.repeat(rounds)].concat();
            let through = move || {
                let refused = trip(&bytes(depth + 1)).map(drop).map_err(|error| error.kind);
                let accepted = (1..depth).rev().find(|rounds| trip(&bytes(*rounds)).is_ok());
                (refused, accepted)
            };
            let thread = std::thread::Builder::new().name((*ty).to_owned()).stack_size(STACK).spawn(through);
            let (refused, accepted) = thread.expect("a thread").join().expect("no panic");
            assert_eq!(refused, Err(ErrorKind::TooDeep), "{ty}");
            assert!(accepted.is_some_and(|rounds| rounds * cycle.len() >= depth / 2), "{ty}: {accepted:?} rounds of {}", cycle.len());
        }
    }
    assert!(cycles > 50, "{cycles} ways round");
}
