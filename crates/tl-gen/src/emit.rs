//! The text of structs, enums and functions.

use std::fmt::Write as _;

use quadruplex_tl_schema::builtin::{self, Audience};
use quadruplex_tl_schema::{Definition, Kind, Type};

use crate::fields::{Fields, path};
use crate::model::Model;
use crate::names;

pub(crate) struct Emitter<'a> {
    pub(crate) model: &'a Model<'a>,
}

impl Emitter<'_> {
    /// The struct of a constructor with its impls; nothing for a constructor without fields, which is a variant alone.
    pub(crate) fn structure(&self, definition: &Definition) -> String {
        let Type::Boxed(ty) = &definition.result else { return String::new() };
        let is_single = self.model.is_single(ty);
        let fields = Fields { model: self.model, definition };
        if !is_single && fields.stored().next().is_none() {
            return String::new();
        }
        let name = names::camel(&definition.name);
        let mut text = self.declaration(definition, "constructor");
        let mut inherent = String::new();
        if self.model.is_built_by_users(ty) {
            inherent.push_str(&fields.constructor());
        }
        if self.is_used_bare(definition) {
            let _ = write!(inherent, "#[inline]\npub(crate) fn write(&self, out: &mut Vec<u8>) {{\n{}}}\n", fields.write());
        }
        let _ = write!(
            inherent,
            "#[inline]\npub(crate) fn read(reader: &mut tl::Reader<'_>) -> Result<Self, tl::Error> {{\n{}\n}}\n",
            used("reader", &fields.read())
        );
        let _ = write!(text, "impl {name} {{\n{inherent}}}\n");
        text.push_str(&self.writing(definition, &fields));
        if is_single {
            text.push_str(&reading(definition, self.model.is_recursive(ty)));
        }
        text.push_str(&self.showing(definition, &fields));
        text
    }

    /// The type as an enum of its constructors, or as another name for the struct of its only one.
    pub(crate) fn enumeration(&self, ty: &str) -> String {
        let constructors = self.model.constructors(ty);
        let name = names::camel(ty);
        let doc = format!("/// `{ty}`, see [Telegram's page](https://core.telegram.org/type/{ty}).\n");
        if let [only] = constructors.as_slice() {
            return format!("{doc}pub use {} as {name};\n\n", struct_path(only)).replace(&format!("{name} as {name}"), &name);
        }
        let variants: Vec<Variant> = constructors.iter().map(|constructor| self.variant(constructor, ty, &constructors)).collect();
        let has_lookups = self.model.has_lookups(ty);
        let mut text = format!("{doc}{}\npub enum {name} {{\n", self.derives(Some(ty)));
        for (variant, constructor) in variants.iter().zip(&constructors) {
            let _ = match &variant.payload {
                Some(payload) => writeln!(text, "/// `{}`\n{}({payload}),", constructor.name, variant.name),
                None => writeln!(text, "/// `{}`\n{},", constructor.name, variant.name),
            };
        }
        text.push_str("}\n");

        let arms = |with: &dyn Fn(&Variant) -> String, without: &dyn Fn(&Variant) -> String| -> String {
            let arm = |variant: &Variant| match &variant.payload {
                Some(_) => format!("Self::{}(value) => {},\n", variant.name, with(variant)),
                None => format!("Self::{} => {},\n", variant.name, without(variant)),
            };
            variants.iter().map(arm).collect()
        };
        if has_lookups {
            let encode = arms(&|_| "value.encode(peers, out)".to_owned(), &|variant| format!("0x{:08x}_u32.serialize(out)", variant.id));
            let lookups = self.enum_lookups(&variants, &constructors);
            let _ = write!(
                text,
                "impl Encode for {name} {{\n#[inline]\nfn encode(&self, peers: &Peers, out: &mut Vec<u8>) {{\nmatch self {{\n{encode}}}\n}}\n\
                 #[inline]\nfn lookups(&self, found: &mut Lookups) {{\n{lookups}}}\n}}\n"
            );
        } else {
            let serialize = arms(&|_| "value.serialize(out)".to_owned(), &|variant| format!("0x{:08x}_u32.serialize(out)", variant.id));
            let _ = write!(
                text,
                "impl tl::Serialize for {name} {{\n#[inline]\nfn serialize(&self, out: &mut Vec<u8>) {{\nmatch self {{\n{serialize}}}\n}}\n}}\n"
            );
        }
        // No `?` in the arms: each would cost stack of its own where nothing is optimised, and recursion multiplies it.
        let read: String = variants
            .iter()
            .map(|variant| match &variant.payload {
                Some(_) => format!("0x{:08x} => {}::read(reader).map(Self::from),\n", variant.id, variant.path),
                None => format!("0x{:08x} => Ok(Self::{}),\n", variant.id, variant.name),
            })
            .collect();
        let read = format!("match reader.u32({ty:?})? {{\n{read}id => Err(reader.unknown({ty:?}, id)),\n}}");
        text.push_str(&deserialize(&name, ty, &read, self.model.is_recursive(ty)));
        for variant in &variants {
            let value = match &variant.payload {
                Some(payload) if payload.starts_with("Box") => "Box::new(value)",
                Some(_) => "value",
                None => continue,
            };
            let _ = write!(
                text,
                "impl From<{}> for {name} {{\n#[inline]\nfn from(value: {}) -> Self {{ Self::{}({value}) }}\n}}\n",
                variant.path, variant.path, variant.name
            );
        }
        let object = arms(&|variant| if variant.is_boxed() { "&**value".to_owned() } else { "value".to_owned() }, &|variant| {
            format!("&Unit({:?})", variant.constructor)
        });
        let _ = write!(
            text,
            "impl Object for {name} {{\n#[inline]\nfn object(&self) -> &dyn Walk {{\nmatch self {{\n{object}}}\n}}\n}}\n{}",
            debug(&name, "self.object()")
        );
        text.push('\n');
        text
    }

    /// Collects from those constructors that hold something to be looked up.
    fn enum_lookups(&self, variants: &[Variant], constructors: &[&Definition]) -> String {
        let holding = variants.iter().zip(constructors).filter(|(_, constructor)| self.model.holds_lookups(constructor));
        let holding: Vec<&str> = holding.map(|(variant, _)| variant.name.as_str()).collect();
        if let [only] = holding.as_slice() {
            return format!("if let Self::{only}(value) = self {{ value.lookups(found); }}\n");
        }
        let arms: String = holding.iter().map(|name| format!("Self::{name}(value) => value.lookups(found),\n")).collect();
        let rest = if holding.len() < variants.len() { "_ => {}\n" } else { "" };
        format!("match self {{\n{arms}{rest}}}\n")
    }

    /// A function: a request, or the prefix of one if it wraps another.
    pub(crate) fn function(&self, definition: &Definition) -> String {
        let fields = Fields { model: self.model, definition };
        let name = names::camel(&definition.name);
        let mut text = self.declaration(definition, "method");
        let mut inherent = String::new();
        if fields.stored().next().is_some() {
            inherent.push_str(&fields.constructor());
        }
        let _ = write!(
            inherent,
            "#[inline]\npub(crate) fn read(reader: &mut tl::Reader<'_>) -> Result<Self, tl::Error> {{\n{}\n}}\n",
            used("reader", &fields.read())
        );
        let _ = write!(text, "impl {name} {{\n{inherent}}}\n");
        let answer = path(&definition.result);
        if definition.is_wrapper() {
            text.push_str(&serialize(&name, &fields));
            let _ = writeln!(text, "impl Wrapper for {name} {{}}");
        } else {
            text.push_str(&encode(&name, &fields, self.model.holds_lookups(definition)));
            let _ = write!(text, "impl Request for {name} {{\ntype Return = {answer};\n{}}}\n", self.fill_random(definition));
        }
        text.push_str(&reading(definition, false));
        text.push_str(&self.showing(definition, &fields));
        text
    }

    /// Doc, derives, fields and names.
    fn declaration(&self, definition: &Definition, page: &str) -> String {
        let name = names::camel(&definition.name);
        let fields = Fields { model: self.model, definition };
        let mut text = format!("/// `{definition}`\n");
        let _ = writeln!(text, "///\n/// [Telegram's page](https://core.telegram.org/{page}/{}){}", definition.name, remarks(definition));
        let ty = match (&definition.kind, &definition.result) {
            (Kind::Constructor, Type::Boxed(ty)) => Some(ty.as_str()),
            _ => None,
        };
        let _ = writeln!(text, "{}", self.derives(ty));
        if fields.stored().next().is_none() {
            let _ = writeln!(text, "pub struct {name};");
        } else {
            let _ = writeln!(text, "pub struct {name} {{");
            for param in fields.stored() {
                let _ = writeln!(text, "pub {}: {},", names::field(&param.name), fields.ty(param));
            }
            text.push_str("}\n");
        }
        let (id, tl_name) = (definition.id, definition.name.as_str());
        let _ = writeln!(text, "node!({name}, 0x{id:08x}, {tl_name:?});");
        text
    }

    /// What is made of numbers alone can be copied and be a key.
    fn derives(&self, ty: Option<&str>) -> &'static str {
        if ty.is_some_and(|ty| self.model.is_numbers(ty)) {
            "#[derive(Clone, Copy, PartialEq, Eq, Hash)]"
        } else {
            "#[derive(Clone, PartialEq)]"
        }
    }

    fn writing(&self, definition: &Definition, fields: &Fields<'_>) -> String {
        let name = names::camel(&definition.name);
        match &definition.result {
            Type::Boxed(ty) if self.model.has_lookups(ty) => encode(&name, fields, self.model.holds_lookups(definition)),
            _ => serialize(&name, fields),
        }
    }

    fn showing(&self, definition: &Definition, fields: &Fields<'_>) -> String {
        let name = names::camel(&definition.name);
        let walk = used("visit", &fields.walk());
        format!(
            "impl Walk for {name} {{\n#[inline]\nfn name(&self) -> &'static str {{ Self::NAME }}\n\
             #[inline]\nfn walk<'a>(&'a self, visit: &mut dyn Visit<'a>) {{\n{walk}}}\n}}\n\n"
        )
    }

    /// Fills `random_id`: a number where it is 0, as many as there are ids where it is a vector, one in each item of an album.
    fn fill_random(&self, definition: &Definition) -> String {
        let statement = match (definition.param("random_id").map(|param| &param.ty), definition.param("multi_media")) {
            (Some(Type::Long), _) => "if self.random_id == 0 {\nself.random_id = next();\n}",
            (Some(Type::Int), _) => "if self.random_id == 0 {\nself.random_id = next() as i32;\n}",
            (Some(Type::Vector { .. }), _) => "self.random_id.resize_with(self.id.len(), next);",
            (None, Some(_)) => "for item in self.multi_media.iter_mut().filter(|item| item.random_id == 0) {\nitem.random_id = next();\n}",
            _ => return String::new(),
        };
        format!("#[inline]\nfn fill_random(&mut self, next: &mut dyn FnMut() -> i64) {{\n{statement}\n}}\n")
    }

    fn is_used_bare(&self, definition: &Definition) -> bool {
        let bare = Type::Bare(definition.name.clone());
        let mut params = self.model.schema.definitions().iter().flat_map(|definition| &definition.params);
        params.any(|param| param.ty == bare || matches!(&param.ty, Type::Vector { item, .. } if **item == bare))
    }

    fn variant(&self, constructor: &Definition, ty: &str, all: &[&Definition]) -> Variant {
        let short = names::variant(&constructor.name, ty);
        let is_taken = all.iter().filter(|other| names::variant(&other.name, ty) == short).count() > 1;
        let path = struct_path(constructor);
        let fields = Fields { model: self.model, definition: constructor };
        let payload = fields.stored().next().map(|_| match self.model.is_variant_boxed(constructor) {
            true => format!("Box<{path}>"),
            false => path.clone(),
        });
        let name = if is_taken { names::camel(&constructor.name) } else { short };
        Variant { name, payload, path, id: constructor.id, constructor: constructor.name.to_string() }
    }
}

struct Variant {
    name: String,
    /// The type it holds, boxed or not.
    payload: Option<String>,
    path: String,
    id: u32,
    constructor: String,
}

impl Variant {
    fn is_boxed(&self) -> bool {
        self.payload.as_ref().is_some_and(|payload| payload.starts_with("Box"))
    }
}

fn struct_path(definition: &Definition) -> String {
    path(&Type::Bare(definition.name.clone()))
}

/// Who may call a function and what it is known to answer.
fn remarks(definition: &Definition) -> String {
    let mut text = match builtin::audience(&definition.name) {
        Audience::All => String::new(),
        Audience::User => " · for users only".to_owned(),
        Audience::Bot => " · for bots only".to_owned(),
    };
    let errors: Vec<String> =
        builtin::errors().of_function(&definition.name).map(|error| format!("`{}` {}", error.name, error.code)).collect();
    if !errors.is_empty() {
        let _ = write!(text, "\n///\n/// Errors: {}", errors.join(", "));
    }
    text
}

fn serialize(name: &str, fields: &Fields<'_>) -> String {
    format!(
        "impl tl::Serialize for {name} {{\n#[inline]\nfn serialize(&self, out: &mut Vec<u8>) {{\nSelf::ID.serialize(out);\n{}}}\n}}\n",
        fields.write()
    )
}

fn encode(name: &str, fields: &Fields<'_>, holds_lookups: bool) -> String {
    let body = fields.write();
    let peers = if holds_lookups { "peers: &Peers" } else { "_: &Peers" };
    let lookups = match holds_lookups {
        true => format!("#[inline]\nfn lookups(&self, found: &mut Lookups) {{\n{}}}\n", fields.lookups()),
        false => String::new(),
    };
    format!(
        "impl Encode for {name} {{\n#[inline]\nfn encode(&self, {peers}, out: &mut Vec<u8>) {{\nSelf::ID.serialize(out);\n{body}}}\n{lookups}}}\n"
    )
}

/// Reads the id, then the fields.
fn reading(definition: &Definition, is_recursive: bool) -> String {
    let (name, tl_name) = (names::camel(&definition.name), definition.name.as_str());
    let body =
        format!("match reader.u32({tl_name:?})? {{\nSelf::ID => Self::read(reader),\nid => Err(reader.unknown({tl_name:?}, id)),\n}}");
    deserialize(&name, tl_name, &body, is_recursive)
}

fn deserialize(name: &str, tl_name: &str, body: &str, is_recursive: bool) -> String {
    let body = match is_recursive {
        true => format!("reader.nested({tl_name:?}, |reader| {{\n{body}\n}})"),
        false => body.to_owned(),
    };
    format!(
        "impl tl::Deserialize for {name} {{\n#[inline]\nfn deserialize(reader: &mut tl::Reader<'_>) -> Result<Self, tl::Error> {{\n{body}\n}}\n}}\n"
    )
}

fn debug(name: &str, walk: &str) -> String {
    format!(
        "impl fmt::Debug for {name} {{\n#[inline]\nfn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {{ debug({walk}, f) }}\n}}\n"
    )
}

/// The body, after a statement that uses a parameter which an empty body leaves unused.
fn used(parameter: &str, body: &str) -> String {
    match body.contains(parameter) {
        true => body.to_owned(),
        false => format!("let _ = {parameter};\n{body}"),
    }
}
