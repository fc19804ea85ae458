//! A small shop: everything that can wait together does.

mod admin;
mod backup;
mod checkout;
mod feed;
mod files;
mod pages;
mod shop;
mod state;
mod stock;

pub use admin::Admin;
pub use backup::Backup;
pub use checkout::Cart;
pub use feed::Hub;
pub use files::Files;
pub use pages::Pages;
pub use shop::{Error, Shop, User};
pub use state::{Counters, Sessions};
pub use stock::Warehouse;
