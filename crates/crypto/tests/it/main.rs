//! The public interface against vectors of others, and its properties.

mod auth_key;
mod ctr;
mod dh;
mod ige;
mod message;
mod pq;
mod rsa;
mod srp;
mod vectors;
