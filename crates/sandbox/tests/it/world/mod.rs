//! The model, called directly: every request and answer goes through the schemas of layers 227 to 230.

mod account;
mod auth;
mod buttons;
mod chats;
mod drafts;
mod edit;
mod faults;
mod fixture;
mod inline;
mod invites;
mod messages;
mod photos;
mod polls;
mod random;
mod reactions;
mod replay;
mod restart;
mod rights;
mod scheduled;
mod small;
mod updates;
mod upload;
