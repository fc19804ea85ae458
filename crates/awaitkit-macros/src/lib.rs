//! The attribute macros of awaitkit.
