//! The parts of a struct: how each field is typed, written, read, walked and built.

use std::fmt::Write as _;

use quadruplex_tl_schema::{Definition, Flag, Param, Type};

use crate::model::{Model, boxed};
use crate::names;

/// The struct of one constructor or function.
pub(crate) struct Fields<'a> {
    pub(crate) model: &'a Model<'a>,
    pub(crate) definition: &'a Definition,
}

/// Whether a field takes part in the wire at all: flags words are made, and what a wrapper wraps follows it.
fn is_stored(param: &Param) -> bool {
    !matches!(param.ty, Type::Flags | Type::Query)
}

impl<'a> Fields<'a> {
    /// The fields as declared.
    pub(crate) fn stored(&self) -> impl Iterator<Item = &'a Param> + use<'a> {
        self.definition.params.iter().filter(|param| is_stored(param))
    }

    /// The type of a field.
    pub(crate) fn ty(&self, param: &Param) -> String {
        let ty = self.plain(&param.ty);
        match (&param.flag, &param.ty) {
            (_, Type::True) => ty,
            (Some(_), _) => format!("Option<{ty}>"),
            (None, _) => ty,
        }
    }

    /// A type in the place of a field, with its `Box` or `Arg`.
    fn plain(&self, ty: &Type) -> String {
        match ty {
            ty if self.model.is_field_boxed(self.definition, ty) => format!("Box<{}>", path(ty)),
            ty => self.unboxed(ty),
        }
    }

    /// A type with its `Arg`. The items of a vector need no box.
    fn unboxed(&self, ty: &Type) -> String {
        match ty {
            Type::Vector { item, .. } => format!("Vec<{}>", self.unboxed(item)),
            ty if self.model.is_lookup(self.definition, ty) => format!("Arg<{}>", path(ty)),
            ty => path(ty),
        }
    }

    /// The statements that write all fields to `out`.
    pub(crate) fn write(&self) -> String {
        let mut text = String::new();
        for param in &self.definition.params {
            let field = names::field(&param.name);
            let _ = match (&param.ty, &param.flag) {
                (Type::Flags, _) => write!(text, "let {field} = {};\n{field}.serialize(out);\n", self.word(param)),
                (Type::True | Type::Query, _) => Ok(()),
                (ty, None) => writeln!(text, "{}", self.write_one(ty, &format!("self.{field}"))),
                (ty, Some(flag)) if self.shares(param) => {
                    let (is_set, one) = (is_set(flag), self.write_one(ty, "value"));
                    match self.default(ty) {
                        None => writeln!(text, "if let (true, Some(value)) = ({is_set}, &self.{field}) {{ {one} }}"),
                        Some(default) => writeln!(
                            text,
                            "if {is_set} {{\nmatch &self.{field} {{\nSome(value) => {{ {one} }}\nNone => {{ {default} }}\n}}\n}}"
                        ),
                    }
                }
                (ty, Some(_)) => writeln!(text, "if let Some(value) = &self.{field} {{ {} }}", self.write_one(ty, "value")),
            };
        }
        text
    }

    fn write_one(&self, ty: &Type, value: &str) -> String {
        match ty {
            Type::Vector { bare: true, item } => {
                let item = match **item {
                    Type::Bare(_) => "item.write(out)",
                    _ => "item.serialize(out)",
                };
                format!("({value}.len() as u32).serialize(out);\nfor item in &{value} {{ {item}; }}")
            }
            ty if self.is_encoded(ty) => format!("{value}.encode(peers, out);"),
            _ => format!("{value}.serialize(out);"),
        }
    }

    /// Whether a value of this type is encoded with the table of peers.
    fn is_encoded(&self, ty: &Type) -> bool {
        self.model.is_lookup(self.definition, ty) || boxed(ty).is_some_and(|ty| self.model.has_lookups(ty))
    }

    /// The expression of a word of flags.
    fn word(&self, word: &Param) -> String {
        let mut seen: Vec<u8> = Vec::new();
        let mut terms = Vec::new();
        for flag in self.definition.params.iter().filter_map(|param| param.flag.as_ref()).filter(|flag| flag.word == word.name) {
            if !seen.contains(&flag.bit) {
                seen.push(flag.bit);
                terms.push(format!("u32::from({}) << {}", self.is_there(flag), flag.bit));
            }
        }
        if terms.is_empty() { "0_u32".to_owned() } else { terms.join(" | ") }
    }

    /// Whether a bit is to be set. If a field under it has no default, it decides; else any field does.
    fn is_there(&self, flag: &Flag) -> String {
        let all: Vec<&Param> = self.sharing(flag).collect();
        let decisive: Vec<&Param> =
            all.iter().copied().filter(|param| param.ty != Type::True && self.default(&param.ty).is_none()).collect();
        let (these, operator) = if decisive.is_empty() || all.len() == 1 { (all, " || ") } else { (decisive, " && ") };
        let terms: Vec<String> = these
            .iter()
            .map(|param| match param.ty {
                Type::True => format!("self.{}", names::field(&param.name)),
                _ => format!("self.{}.is_some()", names::field(&param.name)),
            })
            .collect();
        terms.join(operator)
    }

    fn sharing(&self, flag: &Flag) -> impl Iterator<Item = &'a Param> {
        self.definition.params.iter().filter(move |param| param.flag.as_ref() == Some(flag))
    }

    /// Whether another field hangs on the same bit.
    fn shares(&self, param: &Param) -> bool {
        param.flag.as_ref().is_some_and(|flag| self.sharing(flag).nth(1).is_some())
    }

    /// The statement that writes a value of this type that says nothing, where there is one.
    fn default(&self, ty: &Type) -> Option<String> {
        Some(match ty {
            Type::Int | Type::String | Type::Bytes | Type::Vector { bare: true, .. } => "0_u32.serialize(out);".to_owned(),
            Type::Bool => "false.serialize(out);".to_owned(),
            Type::Long | Type::Double => "0_i64.serialize(out);".to_owned(),
            Type::Int128 => "[0; 16].serialize(out);".to_owned(),
            Type::Int256 => "[0; 32].serialize(out);".to_owned(),
            Type::Vector { bare: false, .. } => "tl::VECTOR.serialize(out); 0_u32.serialize(out);".to_owned(),
            Type::Boxed(name) => {
                let all = || self.model.schema.constructors_of(name);
                let empty = all().find(|d| d.params.is_empty()).or_else(|| all().find(|d| d.fields().all(|param| param.flag.is_some())))?;
                let words = empty.params.iter().filter(|param| param.ty == Type::Flags).count();
                format!("0x{:08x}_u32.serialize(out);{}", empty.id, " 0_u32.serialize(out);".repeat(words))
            }
            Type::True | Type::Flags | Type::Query | Type::Bare(_) => return None,
        })
    }

    /// The statements that read all fields from `reader` and end in the struct.
    pub(crate) fn read(&self) -> String {
        let params = &self.definition.params;
        let last_word = params.iter().rposition(|param| param.ty == Type::Flags);
        let (mut text, mut literal) = (String::new(), String::new());
        for (at, param) in params.iter().enumerate().filter(|(_, param)| param.ty != Type::Query) {
            let field = names::field(&param.name);
            let value = match (&param.ty, &param.flag) {
                (Type::Flags, _) => {
                    let is_used = params.iter().any(|other| other.flag.as_ref().is_some_and(|flag| flag.word == param.name));
                    let name = if is_used { &field } else { "_" };
                    let _ = writeln!(text, "let {name} = reader.u32({:?})?;", self.definition.name.as_str());
                    continue;
                }
                (Type::True, Some(flag)) => is_set(flag),
                (Type::Vector { bare: true, item }, None) => {
                    let item = match &**item {
                        Type::Bare(_) => format!("{}::read(reader)?", path(item)),
                        _ => "tl::Deserialize::deserialize(reader)?".to_owned(),
                    };
                    let _ = writeln!(text, "let len = reader.bare_vector_len(4, {:?})?;", self.definition.name.as_str());
                    let _ = writeln!(text, "let mut {field} = Vec::new();\nfor _ in 0..len {{ {field}.push({item}); }}");
                    let _ = write!(literal, "{field}, ");
                    continue;
                }
                (_, Some(flag)) => format!("optional(reader, {})?", is_set(flag)),
                (_, None) => "tl::Deserialize::deserialize(reader)?".to_owned(),
            };
            let on_the_wire = param.ty != Type::True;
            let bare_follows = params[at..].iter().any(|param| matches!(param.ty, Type::Vector { bare: true, .. }));
            if on_the_wire && (last_word.is_some_and(|word| at < word) || bare_follows) {
                let _ = writeln!(text, "let {field} = {value};");
                let _ = write!(literal, "{field}, ");
            } else {
                let _ = write!(literal, "{field}: {value}, ");
            }
        }
        format!("{text}Ok(Self {{ {literal}}})")
    }

    /// The statements that show all fields to `visit`.
    pub(crate) fn walk(&self) -> String {
        let mut text = String::new();
        for param in self.stored() {
            let field = names::field(&param.name);
            let _ = match param.ty {
                Type::True => writeln!(text, "visit.flag({:?}, self.{field});", param.name.as_str()),
                _ => writeln!(text, "visit.field({:?}, self.{field}.field());", param.name.as_str()),
            };
        }
        text
    }

    /// The statements that collect what has to be looked up.
    pub(crate) fn lookups(&self) -> String {
        let mut text = String::new();
        for param in self.stored().filter(|param| self.is_encoded(&param.ty)) {
            let field = names::field(&param.name);
            let _ = match param.flag {
                None => writeln!(text, "self.{field}.lookups(found);"),
                Some(_) => writeln!(text, "if let Some(value) = &self.{field} {{ value.lookups(found); }}"),
            };
        }
        text
    }

    /// `new`, with everything required but random ids.
    pub(crate) fn constructor(&self) -> String {
        let (mut arguments, mut literal) = (Vec::new(), String::new());
        for param in self.stored() {
            let field = names::field(&param.name);
            let value = match (&param.ty, &param.flag) {
                (Type::True, _) => "false".to_owned(),
                (_, Some(_)) => "None".to_owned(),
                (Type::Int | Type::Long, None) if param.name == "random_id" => "0".to_owned(),
                (Type::Vector { .. }, None) if param.name == "random_id" => "Vec::new()".to_owned(),
                (ty, None) => {
                    let (argument, value) = self.argument(ty, &field);
                    arguments.push(format!("{field}: {argument}"));
                    value
                }
            };
            let _ = match value == field {
                true => write!(literal, "{field}, "),
                false => write!(literal, "{field}: {value}, "),
            };
        }
        let arguments = arguments.join(", ");
        format!("/// With what is required.\n#[inline]\npub fn new({arguments}) -> Self {{\nSelf {{ {literal}}}\n}}\n")
    }

    /// How `new` takes a field, and what it makes of it.
    fn argument(&self, ty: &Type, field: &str) -> (String, String) {
        let owned = self.plain(ty);
        match ty {
            Type::Vector { item, .. } => match self.unboxed(item) {
                item if matches!(item.as_str(), "i32" | "i64" | "f64") => {
                    (format!("impl IntoIterator<Item = {item}>"), format!("{field}.into_iter().collect()"))
                }
                item => (format!("impl IntoIterator<Item = impl Into<{item}>>"), format!("{field}.into_iter().map(Into::into).collect()")),
            },
            Type::String | Type::Bytes => (format!("impl Into<{owned}>"), format!("{field}.into()")),
            Type::Boxed(_) if self.model.is_field_boxed(self.definition, ty) => {
                (format!("impl Into<{}>", path(ty)), format!("Box::new({field}.into())"))
            }
            Type::Boxed(_) => (format!("impl Into<{owned}>"), format!("{field}.into()")),
            _ => (owned, field.to_owned()),
        }
    }
}

/// A type by its path, without boxes.
pub(crate) fn path(ty: &Type) -> String {
    let module = |module: &str, name: &str| match name.split_once('.') {
        Some((namespace, _)) => format!("{module}::{namespace}::{}", names::camel(name)),
        None => format!("{module}::{}", names::camel(name)),
    };
    match ty {
        Type::True | Type::Bool => "bool".to_owned(),
        Type::Flags => "u32".to_owned(),
        Type::Int => "i32".to_owned(),
        Type::Long => "i64".to_owned(),
        Type::Double => "f64".to_owned(),
        Type::Int128 => "[u8; 16]".to_owned(),
        Type::Int256 => "[u8; 32]".to_owned(),
        Type::String => "String".to_owned(),
        Type::Bytes => "Vec<u8>".to_owned(),
        Type::Vector { item, .. } => format!("Vec<{}>", path(item)),
        Type::Boxed(name) => module("enums", name),
        Type::Bare(name) => module("types", name),
        Type::Query => "()".to_owned(),
    }
}

fn is_set(flag: &Flag) -> String {
    format!("{} & (1 << {}) != 0", flag.word, flag.bit)
}
