use std::collections::HashMap;
use std::fmt;

use crate::parse::{self, ParseErrors};
use crate::suggest::nearest;
use crate::value::Name;

/// A TL schema: every constructor and function of one layer, by name and by id.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    pub(crate) layer: Option<u32>,
    pub(crate) definitions: Vec<Definition>,
    pub(crate) by_id: HashMap<u32, usize>,
    pub(crate) constructors: HashMap<Name, usize>,
    pub(crate) functions: HashMap<Name, usize>,
    pub(crate) types: HashMap<Name, Vec<usize>>,
    /// The id of a constructor that may stand where another type is wanted, and which constructor of that type is meant by it.
    pub(crate) stand_ins: Vec<(u32, usize)>,
}

/// One line of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The name with its namespace.
    pub name: Name,
    /// The CRC32 that stands before it on the wire.
    pub id: u32,
    /// Whether it is a constructor or a function.
    pub kind: Kind,
    /// The parameters in the order of the wire, flags words included.
    pub params: Vec<Param>,
    /// The type it constructs, or the type of the answer.
    pub result: Type,
    /// The line it stands on.
    pub line: usize,
}

/// What a definition defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A constructor of a type.
    Constructor,
    /// A function, which a client calls.
    Function,
}

/// A parameter of a constructor or function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// The flag that tells whether it is there; `None` if it always is.
    pub flag: Option<Flag>,
}

/// A bit of a flags word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// The parameter that holds the word: `flags`, `flags2`.
    pub word: Name,
    /// Which of the words that is, from 0.
    pub slot: u8,
    /// Which bit.
    pub bit: u8,
}

/// The type of a parameter or of a result.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// `#`: a word of flags.
    Flags,
    /// `true`: nothing on the wire, the flag is the value.
    True,
    /// `Bool`
    Bool,
    /// `int`
    Int,
    /// `long`
    Long,
    /// `double`
    Double,
    /// `int128`
    Int128,
    /// `int256`
    Int256,
    /// `string`
    String,
    /// `bytes`
    Bytes,
    /// `Vector<…>`, or `vector<…>` without an id of its own if bare.
    Vector {
        /// Whether the id of the vector is left out.
        bare: bool,
        /// What it holds.
        item: Box<Type>,
    },
    /// A type with constructors: `Message`.
    Boxed(Name),
    /// One constructor without its id: `future_salt`.
    Bare(Name),
    /// `!X`: any function; and `X`, the type of its answer.
    Query,
}

impl Schema {
    /// Reads the text of a `.tl` file.
    ///
    /// # Errors
    /// All lines that are not TL, whose id is not the CRC32 of the definition, or that name what does not exist.
    pub fn parse(text: &str) -> Result<Self, ParseErrors> {
        parse::schema(text)
    }

    /// Takes, when it reads, the constructor `given` where one of the type of `meant` has to stand, and reads it as `meant`. The two must
    /// have the same parameters, or nothing changes; nor does writing. A server that forgives its clients something reads so.
    ///
    /// ```
    /// use quadruplex_tl::Reader;
    /// use quadruplex_tl_schema::Schema;
    ///
    /// let schema = Schema::parse("cat id:int = Cat;\ndog id:int = Dog;")?;
    /// let dog = [&schema.constructor("dog").unwrap().id.to_le_bytes()[..], &[7, 0, 0, 0]].concat();
    /// assert!(schema.decode("Cat", &mut Reader::new(&dog)).is_err());
    ///
    /// let schema = schema.with_stand_in("dog", "cat");
    /// let read = schema.decode("Cat", &mut Reader::new(&dog))?;
    /// assert!(read.as_object().is_some_and(|cat| cat.is("cat") && cat.int("id") == Some(7)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_stand_in(mut self, given: &str, meant: &str) -> Self {
        if let (Some(from), Some(&to)) = (self.constructor(given), self.constructors.get(meant))
            && from.params == self.definitions[to].params
        {
            self.stand_ins.push((from.id, to));
        }
        self
    }

    /// The layer, if the text has a line `// LAYER n`.
    pub fn layer(&self) -> Option<u32> {
        self.layer
    }

    /// Everything in the order of the text.
    pub fn definitions(&self) -> &[Definition] {
        &self.definitions
    }

    /// A constructor by name.
    pub fn constructor(&self, name: &str) -> Option<&Definition> {
        self.constructors.get(name).map(|&at| &self.definitions[at])
    }

    /// A function by name.
    pub fn function(&self, name: &str) -> Option<&Definition> {
        self.functions.get(name).map(|&at| &self.definitions[at])
    }

    /// A constructor or function by id.
    pub fn by_id(&self, id: u32) -> Option<&Definition> {
        self.by_id.get(&id).map(|&at| &self.definitions[at])
    }

    /// The constructors of a type, in the order of the text; nothing if there is no such type.
    pub fn constructors_of(&self, name: &str) -> impl Iterator<Item = &Definition> {
        self.types.get(name).into_iter().flatten().map(|&at| &self.definitions[at])
    }

    /// The names of all types with constructors, sorted.
    pub fn types(&self) -> Vec<&Name> {
        let mut names: Vec<_> = self.types.keys().collect();
        names.sort();
        names
    }

    /// The type that a text such as `Vector<Message>` names, if everything in it exists here.
    pub fn ty(&self, text: &str) -> Option<Type> {
        let ty = parse::ty(text).ok()?;
        self.knows(&ty).then_some(ty)
    }

    /// The function whose name is nearest to a misspelt one. If only its namespace was forgotten and several have it, that of the largest.
    pub fn suggest_function(&self, name: &str) -> Option<&str> {
        let names = || self.functions.keys().map(Name::as_str);
        let size = |space: &str| names().filter(|known| known.split_once('.').is_some_and(|(other, _)| other == space)).count();
        let forgotten = names().filter_map(|known| {
            let (space, rest) = known.split_once('.')?;
            rest.eq_ignore_ascii_case(name).then(|| (size(space), known))
        });
        forgotten.max().map(|(_, known)| known).or_else(|| nearest(name, names()))
    }

    /// The constructor whose name is nearest to a misspelt one.
    pub fn suggest_constructor(&self, name: &str) -> Option<&str> {
        nearest(name, self.constructors.keys().map(Name::as_str))
    }

    pub(crate) fn knows(&self, ty: &Type) -> bool {
        match ty {
            Type::Boxed(name) => self.types.contains_key(name),
            Type::Bare(name) => self.constructors.contains_key(name),
            Type::Vector { item, .. } => self.knows(item),
            _ => true,
        }
    }
}

impl Definition {
    /// A parameter by name; flags words do not count.
    pub fn param(&self, name: &str) -> Option<&Param> {
        self.params.iter().find(|param| param.name == name && param.ty != Type::Flags)
    }

    /// Whether this function wraps another: `invokeWithLayer` and its like.
    pub fn is_wrapper(&self) -> bool {
        self.params.iter().any(|param| param.ty == Type::Query)
    }

    /// The namespace, empty for none: `messages` of `messages.sendMessage`.
    pub fn namespace(&self) -> &str {
        self.name.split_once('.').map_or("", |(namespace, _)| namespace)
    }

    /// The parameters that are fields: all but the flags words.
    pub fn fields(&self) -> impl Iterator<Item = &Param> {
        self.params.iter().filter(|param| param.ty != Type::Flags)
    }
}

/// The line of the schema, without the semicolon.
impl fmt::Display for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{:x}", self.name, self.id)?;
        if self.is_wrapper() {
            f.write_str(" {X:Type}")?;
        }
        for param in &self.params {
            write!(f, " {param}")?;
        }
        match &self.result {
            Type::Query => f.write_str(" = X"),
            result => write!(f, " = {result}"),
        }
    }
}

impl fmt::Display for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.name)?;
        if let Some(Flag { word, bit, .. }) = &self.flag {
            write!(f, "{word}.{bit}?")?;
        }
        write!(f, "{}", self.ty)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flags => "#",
            Self::True => "true",
            Self::Bool => "Bool",
            Self::Int => "int",
            Self::Long => "long",
            Self::Double => "double",
            Self::Int128 => "int128",
            Self::Int256 => "int256",
            Self::String => "string",
            Self::Bytes => "bytes",
            Self::Query => "!X",
            Self::Boxed(name) | Self::Bare(name) => name,
            Self::Vector { bare: false, item } => return write!(f, "Vector<{item}>"),
            Self::Vector { bare: true, item } => return write!(f, "vector<{item}>"),
        })
    }
}
