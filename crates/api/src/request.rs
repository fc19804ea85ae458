use std::fmt;

use quadruplex_tl::{Deserialize, Identifiable, Serialize};

use crate::arg::{Lookup, Peers};
use crate::walk::{Field, Object, Value, Visit, Walk};

/// What has to be looked up before a request can be encoded.
pub type Lookups = Vec<Lookup>;

/// A function or a type that only requests contain: written with a table of the peers that were looked up, never changed by it.
pub trait Encode {
    /// Appends the TL form. Whatever `peers` does not hold becomes the empty peer, user or channel, which Telegram refuses.
    fn encode(&self, peers: &Peers, out: &mut Vec<u8>);

    /// Adds what has to be looked up, in the order of the fields.
    fn lookups(&self, found: &mut Lookups) {
        let _ = found;
    }
}

/// A function of the API that can be called.
pub trait Request: Encode + Identifiable + Object + Walk + Send + Sync + 'static {
    /// The type of the answer.
    type Return: Deserialize + Value + fmt::Debug + Send + 'static;

    /// Fills in the random ids that are 0, or missing, by which Telegram knows a repeated request.
    fn fill_random(&mut self, next: &mut dyn FnMut() -> i64) {
        let _ = next;
    }
}

/// A function around another, `invokeWithTakeout` and its like. It serialises without the query, which follows it.
pub trait Wrapper: Serialize + Identifiable + Object + Walk + Send + Sync + 'static {}

/// A request inside a wrapper. It has the name and the answer of the request.
///
/// ```
/// use quadruplex_api::{Encode, Peers, Wrapped, functions};
///
/// let contacts = functions::contacts::GetContacts::new(0);
/// let wrapped = Wrapped { wrapper: functions::InvokeWithTakeout::new(9), request: contacts };
/// let mut bytes = Vec::new();
/// wrapped.encode(&Peers::new(), &mut bytes);
/// assert_eq!(bytes.len(), 4 + 8 + 4 + 8);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Wrapped<W, R> {
    /// What goes around.
    pub wrapper: W,
    /// What is asked.
    pub request: R,
}

impl<W: Wrapper, R: Request> Encode for Wrapped<W, R> {
    fn encode(&self, peers: &Peers, out: &mut Vec<u8>) {
        self.wrapper.serialize(out);
        self.request.encode(peers, out);
    }

    fn lookups(&self, found: &mut Lookups) {
        self.request.lookups(found);
    }
}

impl<W: Wrapper, R: Request> Identifiable for Wrapped<W, R> {
    const ID: u32 = R::ID;
    const NAME: &'static str = R::NAME;
}

impl<W: Wrapper, R: Request> Object for Wrapped<W, R> {
    fn object(&self) -> &dyn Walk {
        self
    }
}

impl<W: Wrapper, R: Request> Walk for Wrapped<W, R> {
    fn name(&self) -> &'static str {
        self.wrapper.name()
    }

    fn walk<'a>(&'a self, visit: &mut dyn Visit<'a>) {
        self.wrapper.walk(visit);
        visit.field("query", Field::Object(&self.request));
    }
}

impl<W: Wrapper, R: Request> Request for Wrapped<W, R> {
    type Return = R::Return;

    fn fill_random(&mut self, next: &mut dyn FnMut() -> i64) {
        self.request.fill_random(next);
    }
}

impl<T: Encode> Encode for Vec<T> {
    #[inline]
    fn encode(&self, peers: &Peers, out: &mut Vec<u8>) {
        quadruplex_tl::VECTOR.serialize(out);
        (self.len() as u32).serialize(out);
        for item in self {
            item.encode(peers, out);
        }
    }

    #[inline]
    fn lookups(&self, found: &mut Lookups) {
        for item in self {
            item.lookups(found);
        }
    }
}

impl<T: Encode> Encode for Box<T> {
    #[inline]
    fn encode(&self, peers: &Peers, out: &mut Vec<u8>) {
        (**self).encode(peers, out);
    }

    #[inline]
    fn lookups(&self, found: &mut Lookups) {
        (**self).lookups(found);
    }
}
