//! What the generator has to know of a schema before it writes: who reaches whom, what recurses, what is large.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use quadruplex_tl_schema::{Definition, Kind, Param, Schema, Type};

/// Types whose place in a request takes a name or an id that is looked up.
const POSITIONS: [&str; 3] = ["InputPeer", "InputUser", "InputChannel"];

/// A variant with a payload above this is boxed, so that a rare large constructor does not make every value of the type large.
const LARGE_VARIANT: usize = 48;
/// A field holding a single-constructor type above this is boxed.
const LARGE_FIELD: usize = 128;

pub(crate) struct Model<'a> {
    pub(crate) schema: &'a Schema,
    /// Types that some answer can contain.
    answers: BTreeSet<&'a str>,
    /// Types that some request can contain.
    requests: BTreeSet<&'a str>,
    /// Types that contain a position to be looked up, somewhere.
    lookups: BTreeSet<&'a str>,
    /// Whether positions in requests take `Arg`s.
    /// For each type in a cycle, the number of the cycle; by any field, and by fields outside vectors alone.
    cycles: HashMap<&'a str, usize>,
    tight_cycles: HashMap<&'a str, usize>,
    sizes: HashMap<&'a str, usize>,
}

impl<'a> Model<'a> {
    pub(crate) fn new(schema: &'a Schema) -> Self {
        let functions = || schema.definitions().iter().filter(|definition| definition.kind == Kind::Function);
        let answers = reachable(schema, functions().map(|function| &function.result));
        let requests = reachable(schema, functions().flat_map(|function| function.params.iter().map(|param| &param.ty)));
        let mut model = Self {
            schema,
            answers,
            requests,
            lookups: BTreeSet::new(),
            cycles: cycles(schema, true),
            tight_cycles: cycles(schema, false),
            sizes: HashMap::new(),
        };
        model.find_lookups();
        for ty in schema.types() {
            model.measure(ty);
        }
        model
    }

    /// The constructors of a type.
    pub(crate) fn constructors(&self, ty: &str) -> Vec<&'a Definition> {
        self.schema.constructors_of(ty).collect()
    }

    /// Whether the type has one constructor, and so is a struct rather than an enum.
    pub(crate) fn is_single(&self, ty: &str) -> bool {
        self.schema.constructors_of(ty).nth(1).is_none()
    }

    /// Whether values of this type hold something to be looked up, so that they are encoded with a table of peers.
    pub(crate) fn has_lookups(&self, ty: &str) -> bool {
        self.lookups.contains(ty)
    }

    /// Whether a function or constructor holds something to be looked up.
    pub(crate) fn holds_lookups(&self, definition: &Definition) -> bool {
        definition
            .params
            .iter()
            .any(|param| self.is_lookup(definition, &param.ty) || boxed(&param.ty).is_some_and(|ty| self.has_lookups(ty)))
    }

    /// Whether a parameter of this type in this place is a position to be looked up.
    pub(crate) fn is_lookup(&self, within: &Definition, ty: &Type) -> bool {
        let is_request_only = match (&within.kind, &within.result) {
            (Kind::Function, _) => true,
            (Kind::Constructor, Type::Boxed(ty)) => self.lookups.contains(ty.as_str()),
            _ => false,
        };
        is_request_only && boxed(ty).is_some_and(|ty| POSITIONS.contains(&ty))
    }

    /// Whether users build values of this type: it can be in a request.
    pub(crate) fn is_built_by_users(&self, ty: &str) -> bool {
        self.requests.contains(ty)
    }

    /// Whether all constructors of the type hold whole numbers and flags only.
    pub(crate) fn is_numbers(&self, ty: &str) -> bool {
        let mut params = self.schema.constructors_of(ty).flat_map(|constructor| &constructor.params);
        params.all(|param| matches!(param.ty, Type::Int | Type::Long | Type::True | Type::Bool | Type::Flags))
    }

    /// Whether the type can contain itself.
    pub(crate) fn is_recursive(&self, ty: &str) -> bool {
        self.cycles.contains_key(ty)
    }

    /// Whether a field holds its value in a box: it would contain itself, or be large.
    pub(crate) fn is_field_boxed(&self, within: &Definition, ty: &Type) -> bool {
        let (Type::Boxed(field), Type::Boxed(own)) = (ty, &within.result) else { return false };
        if within.kind == Kind::Function {
            return false;
        }
        let recursive = self.tight_cycles.get(field.as_str()).is_some_and(|cycle| self.tight_cycles.get(own.as_str()) == Some(cycle));
        recursive || self.is_single(field) && self.sizes.get(field.as_str()).is_some_and(|size| *size > LARGE_FIELD)
    }

    /// Whether a variant holds its struct in a box.
    pub(crate) fn is_variant_boxed(&self, constructor: &Definition) -> bool {
        self.struct_size(constructor) > LARGE_VARIANT
    }

    /// Looks for request-only types that hold a position, directly or through another such type.
    fn find_lookups(&mut self) {
        let request_only: Vec<&'a str> = self.requests.difference(&self.answers).copied().filter(|ty| !POSITIONS.contains(ty)).collect();
        loop {
            let before = self.lookups.len();
            for &ty in &request_only {
                let mut fields = self.schema.constructors_of(ty).flat_map(|constructor| &constructor.params);
                if fields.any(|param| boxed(&param.ty).is_some_and(|ty| POSITIONS.contains(&ty) || self.lookups.contains(ty))) {
                    self.lookups.insert(ty);
                }
            }
            if self.lookups.len() == before {
                return;
            }
        }
    }

    /// Estimates the size of a type in memory. Cycles are cut by boxes, so this ends.
    fn measure(&mut self, ty: &'a str) -> usize {
        if let Some(size) = self.sizes.get(ty) {
            return *size;
        }
        let constructors = self.constructors(ty);
        for constructor in &constructors {
            for param in &constructor.params {
                if let Type::Boxed(name) = &param.ty
                    && !self.is_recursive_field(ty, name)
                {
                    self.measure(name);
                }
            }
        }
        let payloads = constructors.iter().map(|constructor| match self.struct_size(constructor) {
            size if constructors.len() > 1 && size > LARGE_VARIANT => 8,
            size => size,
        });
        let size = payloads.max().unwrap_or(0) + if constructors.len() > 1 { 8 } else { 0 };
        self.sizes.insert(ty, size);
        size
    }

    fn is_recursive_field(&self, own: &str, field: &str) -> bool {
        self.tight_cycles.get(field).is_some_and(|cycle| self.tight_cycles.get(own) == Some(cycle))
    }

    fn struct_size(&self, definition: &Definition) -> usize {
        definition.fields().map(|param| self.field_size(definition, param)).sum::<usize>().next_multiple_of(4)
    }

    fn field_size(&self, within: &Definition, param: &Param) -> usize {
        let (size, has_niche) = match &param.ty {
            Type::True | Type::Bool => (1, true),
            Type::Flags | Type::Query => (0, true),
            Type::Int => (4, false),
            Type::Long | Type::Double => (8, false),
            Type::Int128 => (16, false),
            Type::Int256 => (32, false),
            Type::String | Type::Bytes | Type::Vector { .. } => (24, true),
            ty if self.is_field_boxed(within, ty) => (8, true),
            Type::Boxed(name) => (self.sizes.get(name.as_str()).copied().unwrap_or(8), true),
            Type::Bare(_) => (8, true),
        };
        if param.flag.is_some() && !has_niche { size * 2 } else { size }
    }
}

/// The boxed type inside vectors.
pub(crate) fn boxed(ty: &Type) -> Option<&str> {
    match ty {
        Type::Boxed(name) => Some(name),
        Type::Vector { item, .. } => boxed(item),
        _ => None,
    }
}

/// Everything that values of these types can contain.
fn reachable<'a>(schema: &'a Schema, from: impl Iterator<Item = &'a Type>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&str> = from.filter_map(boxed).collect();
    while let Some(ty) = open.pop() {
        if found.insert(ty) {
            open.extend(schema.constructors_of(ty).flat_map(|constructor| constructor.params.iter().filter_map(|param| boxed(&param.ty))));
        }
    }
    found
}

/// The strongly connected components with a cycle, by type. Small enough a graph for the plain definition: two types are in one
/// component when each reaches the other.
fn cycles(schema: &Schema, through_vectors: bool) -> HashMap<&str, usize> {
    let edges: BTreeMap<&str, BTreeSet<&str>> = schema
        .types()
        .into_iter()
        .map(|ty| {
            let params = schema.constructors_of(ty).flat_map(|constructor| &constructor.params);
            let is_edge = |param: &&Param| through_vectors || matches!(param.ty, Type::Boxed(_));
            (ty.as_str(), params.filter(is_edge).filter_map(|param| boxed(&param.ty)).collect())
        })
        .collect();
    let reach: BTreeMap<&str, BTreeSet<&str>> = edges.keys().map(|ty| (*ty, closure(&edges, ty))).collect();
    let mut cycles = HashMap::new();
    for (number, (ty, reached)) in reach.iter().enumerate().filter(|(_, (ty, reached))| reached.contains(*ty)) {
        let first = reached.iter().filter(|other| reach[*other].contains(ty)).min();
        let number = first.and_then(|first| cycles.get(*first).copied()).unwrap_or(number);
        cycles.insert(*ty, number);
    }
    cycles
}

fn closure<'a>(edges: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&str> = edges[from].iter().copied().collect();
    while let Some(ty) = open.pop() {
        if found.insert(ty) {
            open.extend(edges.get(ty).into_iter().flatten());
        }
    }
    found
}
