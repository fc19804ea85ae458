//! A small shop: everything that can wait together does.

mod admin;
mod backup;
mod checkout;
mod feed;
mod files;
mod pages;
mod remote;
mod state;
mod stock;

pub use admin::{audit, close_account, digest, overview};
pub use backup::{archive, prune, restore, snapshot, verify};
pub use checkout::{Cart, cancel, pay, quote, ship};
pub use feed::{Hub, follow, timeline, trending};
pub use files::{copy_report, load_config, rotate, save_config};
pub use pages::{author_page, dashboard, names, prices, receipts, search};
pub use remote::{Error, Mirror, Remote, Shop, User};
pub use state::{Counters, Sessions};
pub use stock::{Warehouse, compare, reorder, stocktake};
