//! Random values, for tests of whatever reads or writes TL.

use std::collections::HashMap;

use crate::model::{Definition, Flag, Param, Schema, Type};
use crate::parse::MAX_WORDS;
use crate::value::{Name, Object, Value};

/// A small deterministic generator (SplitMix64), so that a failing seed can be named.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// A generator whose numbers depend on `seed` alone.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.u64() % end as u64) as usize
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.u64() as u8)
    }
}

/// A random value of the type `ty`.
pub fn random_value(schema: &Schema, ty: &Type, rng: &mut Rng) -> Value {
    Random::new(schema).value(ty, rng)
}

/// Makes random values. Knows how deep each type must at least be, so that the values end.
#[derive(Debug)]
pub struct Random<'a> {
    schema: &'a Schema,
    heights: HashMap<&'a Name, u32>,
}

/// Below this depth every choice is the shallowest.
const DEEP: u32 = 5;

impl<'a> Random<'a> {
    /// Measures the types of the schema.
    pub fn new(schema: &'a Schema) -> Self {
        let mut random = Self { schema, heights: HashMap::new() };
        loop {
            let mut changed = false;
            for definition in schema.definitions() {
                let Type::Boxed(name) = &definition.result else { continue };
                let height = random.height_of(definition);
                let known = random.heights.get(name).copied().unwrap_or(u32::MAX);
                if height < known && definition.constructs(name) {
                    random.heights.insert(name, height);
                    changed = true;
                }
            }
            if !changed {
                return random;
            }
        }
    }

    /// A random value of the type `ty`.
    pub fn value(&self, ty: &Type, rng: &mut Rng) -> Value {
        self.value_at(ty, rng, 0)
    }

    /// A random object of one constructor or function.
    pub fn object(&self, definition: &Definition, rng: &mut Rng) -> Object {
        self.object_at(definition, rng, 0)
    }

    /// An object of one constructor with as little in it as there can be.
    pub fn smallest(&self, definition: &Definition) -> Object {
        self.object_at(definition, &mut Rng::new(0), DEEP + 1)
    }

    fn value_at(&self, ty: &Type, rng: &mut Rng, depth: u32) -> Value {
        match ty {
            Type::Flags | Type::Int => Value::Int(rng.u64() as i32),
            Type::True => Value::Bool(true),
            Type::Bool => Value::Bool(rng.below(2) == 0),
            Type::Long => Value::Long(rng.u64() as i64),
            Type::Double => Value::Double((rng.u64() as i64 as f64) / 1024.0),
            Type::Int128 => Value::Int128(rng.bytes()),
            Type::Int256 => Value::Int256(rng.bytes()),
            Type::String => Value::String((0..rng.below(9)).map(|_| ['a', 'Z', '0', ' ', '"', 'ß', '→', '🎲'][rng.below(8)]).collect()),
            Type::Bytes => Value::Bytes((0..[3, 20, 300][rng.below(3)]).map(|_| rng.u64() as u8).collect()),
            Type::Vector { item, .. } if depth > DEEP && matches!(**item, Type::Boxed(_)) => Value::Vector(Vec::new()),
            Type::Vector { item, .. } => (0..rng.below(3)).map(|_| self.value_at(item, rng, depth + 1)).collect(),
            Type::Boxed(name) => {
                let all: Vec<_> = self.schema.constructors_of(name).collect();
                let one = match depth > DEEP {
                    true => all.iter().min_by_key(|definition| self.height_of(definition)),
                    false => all.get(rng.below(all.len().max(1))),
                };
                match one {
                    Some(definition) => Value::Object(self.object_at(definition, rng, depth)),
                    None => Value::Vector(Vec::new()),
                }
            }
            Type::Bare(name) => match self.schema.constructor(name) {
                Some(definition) => Value::Object(self.object_at(definition, rng, depth)),
                None => Value::Vector(Vec::new()),
            },
            Type::Query => {
                let plain = |definition: &&Definition| !definition.is_wrapper();
                let all: Vec<_> = self.schema.functions.values().map(|&at| &self.schema.definitions[at]).filter(plain).collect();
                let by_name = all.iter().min_by_key(|definition| definition.id);
                by_name.map_or(Value::Vector(Vec::new()), |definition| Value::Object(self.object_at(definition, rng, depth)))
            }
        }
    }

    fn object_at(&self, definition: &Definition, rng: &mut Rng, depth: u32) -> Object {
        let mut object = Object::new(definition.name.clone());
        // Fields that share a bit come and go together.
        let words = [(); MAX_WORDS].map(|()| rng.u64()).map(|word| if depth > DEEP { 0 } else { word });
        for param in definition.fields() {
            let is_there = |flag: &Flag| words[usize::from(flag.slot)] & (1 << flag.bit) != 0;
            if param.flag.as_ref().is_none_or(is_there) {
                object.fields.push((param.name.clone(), self.value_at(&param.ty, rng, depth + 1)));
            }
        }
        object
    }

    /// How deep an object of this constructor is at least.
    fn height_of(&self, definition: &Definition) -> u32 {
        let required = |param: &&Param| param.flag.is_none();
        let heights = definition.params.iter().filter(required).map(|param| match &param.ty {
            Type::Boxed(name) => self.heights.get(name).map_or(u32::MAX, |height| height.saturating_add(1)),
            _ => 1,
        });
        heights.max().unwrap_or(0)
    }
}
