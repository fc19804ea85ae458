use std::sync::atomic::{AtomicUsize, Ordering};

use quadruplex_api::enums;

use super::{CAPTION_LENGTH, MESSAGE_LENGTH};

/// How long texts may be, as the server has said last.
#[derive(Debug)]
pub(crate) struct TextLimits {
    message: AtomicUsize,
    caption: AtomicUsize,
}

impl TextLimits {
    pub(crate) fn learn(&self, config: &enums::Config) {
        for (limit, told) in [(&self.message, config.message_length_max), (&self.caption, config.caption_length_max)] {
            if let Some(told) = usize::try_from(told).ok().filter(|told| *told > 0) {
                limit.store(told, Ordering::Relaxed);
            }
        }
    }

    pub(crate) fn message(&self) -> usize {
        self.message.load(Ordering::Relaxed)
    }

    pub(crate) fn caption(&self) -> usize {
        self.caption.load(Ordering::Relaxed)
    }
}

impl Default for TextLimits {
    fn default() -> Self {
        Self { message: AtomicUsize::new(MESSAGE_LENGTH), caption: AtomicUsize::new(CAPTION_LENGTH) }
    }
}
