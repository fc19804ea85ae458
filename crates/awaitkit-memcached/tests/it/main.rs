//! Against a server of our own that can be faulty, and against real ones where memcached is installed.

mod fake;
mod faults;
mod input;
mod operations;
mod real;
mod round_trips;
