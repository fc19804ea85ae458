//! The connection task against a server end that does what each test says, over pipes in memory and under virtual time.

mod dialling;
mod fixture;
mod losses;
mod refusals;
mod traffic;
