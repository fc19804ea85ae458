//! Every example: the tests that it carries, and the program as it is started from a shell.

// Their `main` runs in `shell`.
#![allow(dead_code, reason = "the programs are modules here")]

#[path = "../../away.rs"]
mod away;
#[path = "../../cart.rs"]
mod cart;
#[path = "../../cluster.rs"]
mod cluster;
#[path = "../../daily.rs"]
mod daily;
#[path = "../../echo.rs"]
mod echo;
#[path = "../../fleet.rs"]
mod fleet;
#[path = "../../keep.rs"]
mod keep;
#[path = "../../knobs.rs"]
mod knobs;
#[path = "../../many.rs"]
mod many;
#[path = "../../mirror.rs"]
mod mirror;
#[path = "../../moderate.rs"]
mod moderate;
#[path = "../../register.rs"]
mod register;
#[path = "../../roll.rs"]
mod roll;
#[path = "../../vote.rs"]
mod vote;

mod moving;
#[rustfmt::skip]
mod promised;
mod shell;
mod terminals;
