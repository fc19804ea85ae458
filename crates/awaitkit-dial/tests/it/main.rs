//! Dialling in memory, under virtual time, among faults.

mod faults;
mod fixture;
mod links;
mod orders;
mod proxies;
mod racing;
