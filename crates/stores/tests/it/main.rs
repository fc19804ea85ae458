//! Every backend that is built in and there: files always, databases where the environment names a server (see `.ci/servers`).

mod contract;
mod copies;
mod crash;
mod encryption;
mod faults;
mod locks;
mod sessions;
mod support;
