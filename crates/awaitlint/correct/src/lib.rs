//! A small shop: everything that can wait together does.

mod files;
mod pages;
mod remote;
mod state;

pub use files::{copy_report, load_config, rotate, save_config};
pub use pages::{author_page, dashboard, names, prices, receipts, search};
pub use remote::{Error, Remote, Shop, User};
pub use state::{Counters, Sessions};
