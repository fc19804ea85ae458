//! Dialling in memory, under virtual time, among faults.

mod doh;
mod faults;
mod fixture;
mod links;
mod orders;
mod proxies;
mod racing;
mod real;
