//! Markup in both dialects.

mod html;
mod lenient;
mod markdown;
mod properties;
