use std::fmt;

use crate::crc::{self, UNLIKE_THEIR_CRC};
use crate::model::{Definition, Flag, Kind, Param, Schema, Type};
use crate::value::Name;

/// Every line that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseErrors(pub Vec<ParseError>);

/// A line that could not be used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// The primitives. A schema may list them; there is nothing to be read from their lines.
const BUILT_IN: [&str; 8] = ["int", "long", "double", "string", "vector", "int128", "int256", "true"];

/// How many words of flags a definition may have. Telegram's have at most two.
pub(crate) const MAX_WORDS: usize = 4;

/// How deep vectors of vectors may be.
const MAX_VECTORS: usize = 8;

pub(crate) fn schema(text: &str) -> Result<Schema, ParseErrors> {
    let mut schema = Schema::default();
    let mut kind = Kind::Constructor;
    let mut errors = Vec::new();
    for (line, raw) in (1..).zip(text.lines()) {
        let result = match raw.trim() {
            "" => Ok(()),
            "---types---" => {
                kind = Kind::Constructor;
                Ok(())
            }
            "---functions---" => {
                kind = Kind::Function;
                Ok(())
            }
            comment if comment.starts_with("//") => {
                if let Some(layer) = comment.strip_prefix("// LAYER ") {
                    schema.layer = layer.trim().parse().ok();
                }
                Ok(())
            }
            text => match definition(text, kind, line) {
                Ok(Some(definition)) => schema.insert(definition),
                Ok(None) => Ok(()),
                Err(reason) => Err(reason),
            },
        };
        if let Err(reason) = result {
            errors.push(ParseError { line, reason });
        }
    }
    schema.check_names(&mut errors);
    if errors.is_empty() { Ok(schema) } else { Err(ParseErrors(errors)) }
}

/// One definition; `None` for a built-in.
fn definition(text: &str, kind: Kind, line: usize) -> Result<Option<Definition>, String> {
    let text = text.strip_suffix(';').ok_or("does not end in `;`")?.trim_end();
    let (head, result) = text.rsplit_once('=').ok_or("has no `= Type`")?;
    let mut tokens = head.split_whitespace();
    let (name, given) = combinator(tokens.next().ok_or("has no name")?)?;
    // Whether or not there is room around the sign in the text.
    let computed = crc::id(&format!("{head} = {}", result.trim()));
    let id = given.unwrap_or(computed);
    if id != computed && !UNLIKE_THEIR_CRC.contains(&(name, id)) {
        return Err(format!("#{id:x} is not the CRC32 of the definition, which is #{computed:x}"));
    }
    if BUILT_IN.contains(&name) {
        return Ok(None);
    }
    let mut params: Vec<Param> = Vec::new();
    let mut generic = None;
    for token in tokens {
        if let Some(variable) = token.strip_prefix('{') {
            generic = Some(variable.strip_suffix(":Type}").ok_or_else(|| format!("`{token}` is not of the form {{X:Type}}"))?);
            continue;
        }
        let param = param(token, &params, generic)?;
        if params.iter().any(|before| before.name == param.name) {
            return Err(format!("`{}` is a parameter twice", param.name));
        }
        params.push(param);
    }
    let result = result.trim();
    let result = if generic == Some(result) { Type::Query } else { ty(result)? };
    Ok(Some(Definition { name: name.to_owned().into(), id, kind, params, result, line }))
}

/// `name#id`, the id optional.
fn combinator(token: &str) -> Result<(&str, Option<u32>), String> {
    let (name, id) = match token.split_once('#') {
        Some((name, id)) => (name, Some(u32::from_str_radix(id, 16).map_err(|_| format!("`#{id}` is not an id of up to 8 hex digits"))?)),
        None => (token, None),
    };
    identifier(name)?;
    Ok((name, id))
}

/// `name:type` or `name:flags.0?type`.
fn param(token: &str, before: &[Param], generic: Option<&str>) -> Result<Param, String> {
    let (name, rest) = token.split_once(':').ok_or_else(|| format!("`{token}` is not of the form name:type"))?;
    identifier(name)?;
    let (flag, text) = match rest.split_once('?') {
        None => (None, rest),
        Some((flag, text)) => {
            let (word, bit) = flag.split_once('.').ok_or_else(|| format!("`{flag}` is not of the form flags.N"))?;
            let bit = bit.parse().ok().filter(|bit| *bit < 32).ok_or_else(|| format!("`{flag}` is not a bit of 0 to 31"))?;
            let mut words = before.iter().filter(|param| param.ty == Type::Flags);
            let slot = words.position(|param| param.name == word).filter(|slot| *slot < MAX_WORDS);
            let slot = slot
                .ok_or_else(|| format!("`{name}` depends on `{word}`, which is not one of the first {MAX_WORDS} flags words before it"))?;
            (Some(Flag { word: word.to_owned().into(), slot: slot as u8, bit }), text)
        }
    };
    let ty = match text.strip_prefix('!') {
        Some(variable) if generic == Some(variable) => Type::Query,
        Some(variable) => return Err(format!("`!{variable}` is used without {{{variable}:Type}}")),
        None => ty(text)?,
    };
    if flag.is_none() && ty == Type::True {
        return Err(format!("`{name}:true` carries nothing without a flag"));
    }
    Ok(Param { name: name.to_owned().into(), ty, flag })
}

/// The text of a type. Whether it exists is for the schema to say.
pub(crate) fn ty(text: &str) -> Result<Type, String> {
    if text.matches('<').count() > MAX_VECTORS {
        return Err(format!("is a vector of more than {MAX_VECTORS} vectors"));
    }
    let item = |text: &str| text.strip_suffix('>').ok_or_else(|| format!("`{text}` has no `>`")).and_then(ty).map(Box::new);
    Ok(match text {
        "#" => Type::Flags,
        "true" => Type::True,
        "Bool" => Type::Bool,
        "int" => Type::Int,
        "long" => Type::Long,
        "double" => Type::Double,
        "int128" => Type::Int128,
        "int256" => Type::Int256,
        "string" => Type::String,
        "bytes" => Type::Bytes,
        _ => match text.split_once('<') {
            Some(("Vector", rest)) => Type::Vector { bare: false, item: item(rest)? },
            Some(("vector", rest)) => Type::Vector { bare: true, item: item(rest)? },
            Some((name, _)) => return Err(format!("`{name}<…>` is not a type")),
            None => {
                if text.starts_with('%') {
                    return Err(format!("`{text}`: the bare form of a type is the name of its constructor"));
                }
                identifier(text)?;
                let last = text.rsplit('.').next().unwrap_or(text);
                let name = Name::from(text.to_owned());
                if last.starts_with(|c: char| c.is_ascii_uppercase()) { Type::Boxed(name) } else { Type::Bare(name) }
            }
        },
    })
}

/// Letters, digits and underscores, with at most one namespace.
fn identifier(text: &str) -> Result<(), String> {
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let good = match text.split_once('.') {
        Some((namespace, name)) => part(namespace) && part(name),
        None => part(text),
    };
    if good { Ok(()) } else { Err(format!("`{text}` is not a name")) }
}

impl Schema {
    fn insert(&mut self, definition: Definition) -> Result<(), String> {
        let at = self.definitions.len();
        let named = match definition.kind {
            Kind::Constructor => &mut self.constructors,
            Kind::Function => &mut self.functions,
        };
        if let Some(&other) = named.get(&definition.name) {
            return Err(format!("`{}` is on line {} already", definition.name, self.definitions[other].line));
        }
        if let Some(other) = self.by_id.insert(definition.id, at) {
            let other = &self.definitions[other];
            return Err(format!("#{:x} is the id of `{}` on line {}", definition.id, other.name, other.line));
        }
        named.insert(definition.name.clone(), at);
        if let (Kind::Constructor, Type::Boxed(name)) = (definition.kind, &definition.result) {
            self.types.entry(name.clone()).or_default().push(at);
        }
        self.definitions.push(definition);
        Ok(())
    }

    /// Every type that is used must have a constructor.
    fn check_names(&self, errors: &mut Vec<ParseError>) {
        for definition in &self.definitions {
            for ty in definition.params.iter().map(|param| &param.ty).chain([&definition.result]) {
                if !self.knows(ty) {
                    errors.push(ParseError { line: definition.line, reason: format!("`{ty}` has no constructor") });
                }
            }
        }
    }
}

impl fmt::Display for ParseErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.0.iter().enumerate() {
            write!(f, "{}{error}", if at == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

impl std::error::Error for ParseErrors {}
impl std::error::Error for ParseError {}
