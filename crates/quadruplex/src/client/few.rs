/// A table of few things, such as data centres: looked through from its start, which is faster than to hash and takes less room.
pub(crate) struct Few<K, T>(Vec<(K, T)>);

impl<K: Copy + PartialEq, T> Few<K, T> {
    pub(crate) fn get(&self, key: K) -> Option<&T> {
        self.0.iter().find_map(|(known, value)| (*known == key).then_some(value))
    }

    /// What is there for a key, made if there is nothing.
    pub(crate) fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> T) -> &T {
        let place = self.0.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
            self.0.reserve_exact(1);
            self.0.push((key, make()));
            self.0.len() - 1
        });
        &self.0[place].1
    }

    /// Puts something in; what was there before.
    pub(crate) fn insert(&mut self, key: K, value: T) -> Option<T> {
        let before = self.remove(key);
        self.0.reserve_exact(1);
        self.0.push((key, value));
        before
    }

    pub(crate) fn remove(&mut self, key: K) -> Option<T> {
        let place = self.0.iter().position(|(known, _)| *known == key)?;
        Some(self.0.swap_remove(place).1)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, &T)> {
        self.0.iter().map(|(key, value)| (*key, value))
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|(_, value)| value)
    }

    /// Takes everything out.
    pub(crate) fn take(&mut self) -> Vec<T> {
        std::mem::take(&mut self.0).into_iter().map(|(_, value)| value).collect()
    }
}

impl<K, T> Default for Few<K, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_one_thing_a_key() {
        let mut few = Few::default();
        assert_eq!((few.insert(2, 'a'), few.insert(4, 'b'), few.insert(2, 'c')), (None, None, Some('a')));
        assert_eq!((few.get(2), few.get(4), few.get(5)), (Some(&'c'), Some(&'b'), None));
        assert_eq!((*few.get_or_insert_with(4, || 'x'), *few.get_or_insert_with(5, || 'd')), ('b', 'd'));
        assert_eq!((few.remove(4), few.remove(4)), (Some('b'), None));
        let mut left: Vec<_> = few.iter().map(|(key, value)| (key, *value)).collect();
        left.sort_unstable();
        assert_eq!(left, [(2, 'c'), (5, 'd')]);
        assert_eq!(few.values().count(), 2);
        assert_eq!((few.take().len(), few.take().len()), (2, 0));
    }
}
