use std::any::{Any, TypeId};
use std::collections::HashMap;

/// One value of each type, for handlers that ask for it.
#[derive(Clone, Default)]
pub(crate) struct States(HashMap<TypeId, std::sync::Arc<dyn Any + Send + Sync>>);

impl States {
    pub(crate) fn set<T: Clone + Send + Sync + 'static>(&mut self, value: T) {
        self.0.insert(TypeId::of::<T>(), std::sync::Arc::new(value));
    }

    pub(crate) fn get<T: 'static>(&self) -> Option<&T> {
        self.0.get(&TypeId::of::<T>())?.downcast_ref()
    }

    pub(crate) fn of<T: Clone + 'static>(&self) -> Option<T> {
        self.get().cloned()
    }

    pub(crate) fn has(&self, id: TypeId) -> bool {
        self.0.contains_key(&id)
    }

    /// Takes over what is not here.
    pub(crate) fn inherit(&mut self, others: &Self) {
        for (id, value) in &others.0 {
            self.0.entry(*id).or_insert_with(|| value.clone());
        }
    }
}
