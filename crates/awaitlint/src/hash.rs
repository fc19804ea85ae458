//! Maps and sets with a fast hash: their keys are the names and places of one program, and most of the time goes into looking them up.

pub(crate) use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};
