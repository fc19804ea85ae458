//! The Telegram (MTProto) framework: bots and user accounts.
