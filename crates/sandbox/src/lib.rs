//! The sandbox: an offline Telegram that speaks MTProto.
