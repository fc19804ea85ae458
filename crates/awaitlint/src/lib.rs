//! Finds the mistakes in async Rust about which rustc and clippy are silent.

mod check;
mod cli;
mod config;
pub mod corpus;
mod effects;
mod exceptions;
mod finding;
mod fix;
mod flow;
mod fuzz;
mod hash;
mod index;
mod ir;
mod lower;
mod mutants;
mod names;
mod output;
mod parallel;
mod plan;
mod project;
mod rules;
mod source;
mod types;

pub use check::{Report, check, check_texts};
pub use cli::main;
pub use config::Overrides;
pub use finding::{Finding, Fix, Grade, Level};
pub use fix::{Outcome, apply};
pub use fuzz::fuzz;
pub use mutants::{Recall, recall};
pub use output::{Format, write};
pub use plan::{Plan, plan};
pub use project::Notice;
pub use rules::Rule;
