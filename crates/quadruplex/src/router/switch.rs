use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Switches handlers off and on while the program runs; see [`Router::plugin`](super::Router::plugin). Clones are the same switch.
///
/// ```
/// use quadruplex::prelude::*;
///
/// let greetings = Switch::on("greetings");
/// greetings.set(false);
/// assert!(!greetings.clone().is_on());
/// ```
#[derive(Clone, Debug)]
pub struct Switch {
    name: Arc<str>,
    is_on: Arc<AtomicBool>,
}

impl Switch {
    /// A switch that is on.
    pub fn on(name: &str) -> Self {
        Self { name: name.into(), is_on: Arc::new(AtomicBool::new(true)) }
    }

    /// A switch that is off.
    pub fn off(name: &str) -> Self {
        let switch = Self::on(name);
        switch.set(false);
        switch
    }

    /// What it switches.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is on.
    pub fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    /// Switches. Handlers that run go on.
    pub fn set(&self, is_on: bool) {
        self.is_on.store(is_on, Ordering::Relaxed);
    }
}
