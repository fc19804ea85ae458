use std::collections::HashSet;
use std::hash::Hash;
use std::mem;

use crate::Errors;

/// What a combinator makes of the results. Sealed: the implementations are the ones of this crate.
pub trait Gather<Item, Out>: Memory {
    /// What one finished future contributes.
    type Piece;
    /// What everything together becomes.
    type Output;

    /// So many items are expected, and perhaps more.
    #[doc(hidden)]
    fn expect(&mut self, _items: usize) {}
    #[doc(hidden)]
    fn admit(&mut self, item: &Item) -> Option<Self::Tag>;
    #[doc(hidden)]
    fn piece(tag: Self::Tag, output: Out) -> Option<Self::Piece>;
    /// `Err` ends the whole at once.
    #[doc(hidden)]
    fn keep(&mut self, index: usize, piece: Self::Piece) -> Result<(), Self::Output>;
    #[doc(hidden)]
    fn finish(&mut self) -> Self::Output;
}

/// What a [`Gather`] remembers of an item while its future runs.
///
/// It stands apart because it must not name the item: else the bound would tie lifetimes that the compiler erases when it asks
/// whether the future of a borrowing call is `Send`.
pub trait Memory: sealed::Sealed {
    /// A copy of the item, or nothing.
    type Tag;
}

mod sealed {
    pub trait Sealed {}
}

/// Every value, in input order: `map_concurrent`, `join_all`.
#[derive(Debug)]
pub struct Values<T>(Slots<T>);

impl<T> Values<T> {
    pub(super) fn new() -> Self {
        Self(Slots(Vec::new()))
    }
}

impl<T> sealed::Sealed for Values<T> {}

impl<T> Memory for Values<T> {
    type Tag = ();
}

impl<Item, T> Gather<Item, T> for Values<T> {
    type Piece = T;
    type Output = Vec<T>;

    fn expect(&mut self, items: usize) {
        self.0.0.reserve(items);
    }

    fn admit(&mut self, _: &Item) -> Option<()> {
        Some(())
    }

    fn piece((): (), output: T) -> Option<T> {
        Some(output)
    }

    fn keep(&mut self, index: usize, piece: T) -> Result<(), Vec<T>> {
        self.0.put(index, piece);
        Ok(())
    }

    fn finish(&mut self) -> Vec<T> {
        self.0.take()
    }
}

/// The items for which the predicate is true, in input order: `filter_concurrent`.
#[derive(Debug)]
pub struct Kept<Item>(Slots<Item>);

impl<Item> Kept<Item> {
    pub(super) fn new() -> Self {
        Self(Slots(Vec::new()))
    }
}

impl<Item> sealed::Sealed for Kept<Item> {}

impl<Item> Memory for Kept<Item> {
    type Tag = Item;
}

impl<Item: Clone> Gather<Item, bool> for Kept<Item> {
    type Piece = Item;
    type Output = Vec<Item>;

    fn admit(&mut self, item: &Item) -> Option<Item> {
        Some(item.clone())
    }

    fn piece(item: Item, keep: bool) -> Option<Item> {
        keep.then_some(item)
    }

    fn keep(&mut self, index: usize, item: Item) -> Result<(), Vec<Item>> {
        self.0.put(index, item);
        Ok(())
    }

    fn finish(&mut self) -> Vec<Item> {
        self.0.take()
    }
}

/// The items for which the predicate is true and those for which it is false, each in input order: `partition_concurrent`.
#[derive(Debug)]
pub struct Split<Item>(Slots<(bool, Item)>);

impl<Item> Split<Item> {
    pub(super) fn new() -> Self {
        Self(Slots(Vec::new()))
    }
}

impl<Item> sealed::Sealed for Split<Item> {}

impl<Item> Memory for Split<Item> {
    type Tag = Item;
}

impl<Item: Clone> Gather<Item, bool> for Split<Item> {
    type Piece = (bool, Item);
    type Output = (Vec<Item>, Vec<Item>);

    fn admit(&mut self, item: &Item) -> Option<Item> {
        Some(item.clone())
    }

    fn piece(item: Item, side: bool) -> Option<(bool, Item)> {
        Some((side, item))
    }

    fn keep(&mut self, index: usize, piece: (bool, Item)) -> Result<(), Self::Output> {
        self.0.put(index, piece);
        Ok(())
    }

    fn finish(&mut self) -> Self::Output {
        let mut sides = (Vec::new(), Vec::new());
        for (side, item) in self.0.take() {
            if side { &mut sides.0 } else { &mut sides.1 }.push(item);
        }
        sides
    }
}

/// Nothing, only that all have run: `for_each_concurrent`.
#[derive(Debug)]
pub struct Unit(());

impl Unit {
    pub(super) fn new() -> Self {
        Self(())
    }
}

impl sealed::Sealed for Unit {}

impl Memory for Unit {
    type Tag = ();
}

impl<Item> Gather<Item, ()> for Unit {
    type Piece = ();
    type Output = ();

    fn admit(&mut self, _: &Item) -> Option<()> {
        Some(())
    }

    fn piece((): (), (): ()) -> Option<()> {
        Some(())
    }

    fn keep(&mut self, _: usize, (): ()) -> Result<(), ()> {
        Ok(())
    }

    fn finish(&mut self) {}
}

/// Every different key once, with its value, in the order of first appearance: `map_keys_concurrent`.
#[derive(Debug)]
pub struct Keyed<K, V> {
    seen: HashSet<K>,
    pairs: Slots<(K, V)>,
}

impl<K, V> Keyed<K, V> {
    pub(super) fn new() -> Self {
        Self { seen: HashSet::new(), pairs: Slots(Vec::new()) }
    }
}

impl<K, V> sealed::Sealed for Keyed<K, V> {}

impl<K, V> Memory for Keyed<K, V> {
    type Tag = K;
}

impl<K: Clone + Eq + Hash, V> Gather<K, V> for Keyed<K, V> {
    type Piece = (K, V);
    type Output = Vec<(K, V)>;

    fn admit(&mut self, key: &K) -> Option<K> {
        self.seen.insert(key.clone()).then(|| key.clone())
    }

    fn piece(key: K, value: V) -> Option<(K, V)> {
        Some((key, value))
    }

    fn keep(&mut self, index: usize, pair: (K, V)) -> Result<(), Self::Output> {
        self.pairs.put(index, pair);
        Ok(())
    }

    fn finish(&mut self) -> Vec<(K, V)> {
        self.seen = HashSet::new();
        self.pairs.take()
    }
}

/// `G` over results, ended by the first error: the `try_` forms.
#[derive(Debug)]
pub struct Try<G>(pub(super) G);

impl<G> sealed::Sealed for Try<G> {}

impl<G: Memory> Memory for Try<G> {
    type Tag = G::Tag;
}

impl<Item, T, E, G: Gather<Item, T>> Gather<Item, Result<T, E>> for Try<G> {
    type Piece = Result<G::Piece, E>;
    type Output = Result<G::Output, E>;

    fn expect(&mut self, items: usize) {
        self.0.expect(items);
    }

    fn admit(&mut self, item: &Item) -> Option<G::Tag> {
        self.0.admit(item)
    }

    fn piece(tag: G::Tag, output: Result<T, E>) -> Option<Self::Piece> {
        match output {
            Ok(value) => G::piece(tag, value).map(Ok),
            Err(e) => Some(Err(e)),
        }
    }

    fn keep(&mut self, index: usize, piece: Self::Piece) -> Result<(), Self::Output> {
        self.0.keep(index, piece.map_err(Err)?).map_err(Ok)
    }

    fn finish(&mut self) -> Self::Output {
        Ok(self.0.finish())
    }
}

/// `G` over results, all of them run, every error kept: the `try_…_all` forms.
#[derive(Debug)]
pub struct TryAll<G, E> {
    gather: G,
    errors: Vec<(usize, E)>,
}

impl<G, E> TryAll<G, E> {
    pub(super) fn new(gather: G) -> Self {
        Self { gather, errors: Vec::new() }
    }
}

impl<G, E> sealed::Sealed for TryAll<G, E> {}

impl<G: Memory, E> Memory for TryAll<G, E> {
    type Tag = G::Tag;
}

impl<Item, T, E, G: Gather<Item, T>> Gather<Item, Result<T, E>> for TryAll<G, E> {
    type Piece = Result<G::Piece, E>;
    type Output = Result<G::Output, Errors<E>>;

    fn expect(&mut self, items: usize) {
        self.gather.expect(items);
    }

    fn admit(&mut self, item: &Item) -> Option<G::Tag> {
        self.gather.admit(item)
    }

    fn piece(tag: G::Tag, output: Result<T, E>) -> Option<Self::Piece> {
        <Try<G> as Gather<Item, Result<T, E>>>::piece(tag, output)
    }

    fn keep(&mut self, index: usize, piece: Self::Piece) -> Result<(), Self::Output> {
        match piece {
            Ok(piece) => self.gather.keep(index, piece).map_err(Ok),
            Err(e) => {
                self.errors.push((index, e));
                Ok(())
            }
        }
    }

    fn finish(&mut self) -> Self::Output {
        let output = self.gather.finish();
        if self.errors.is_empty() { Ok(output) } else { Err(Errors::new(mem::take(&mut self.errors))) }
    }
}

/// Values that arrive in any order and leave in the order of their index.
#[derive(Debug)]
struct Slots<T>(Vec<Option<T>>);

impl<T> Slots<T> {
    fn put(&mut self, index: usize, value: T) {
        if index >= self.0.len() {
            self.0.resize_with(index, || None);
            self.0.push(Some(value));
        } else {
            self.0[index] = Some(value);
        }
    }

    #[expect(clippy::filter_map_identity, reason = "unlike `flatten` it collects in place")]
    fn take(&mut self) -> Vec<T> {
        mem::take(&mut self.0).into_iter().filter_map(|value| value).collect()
    }
}
