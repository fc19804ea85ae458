//! Generated types and functions of the Telegram API.
