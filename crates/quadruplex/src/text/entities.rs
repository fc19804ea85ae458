//! Entities of the API, and what markup says of them.

use quadruplex_api::{enums, types};
use quadruplex_markup::{Span, Style};

/// Links with this prefix and an id mention a user.
const MENTION: &str = "tg://user?id=";

macro_rules! on_any {
    ($entity:expr, $inner:ident => $does:expr) => {{
        use enums::MessageEntity::*;
        match $entity {
            Unknown($inner) => $does,
            Mention($inner) => $does,
            Hashtag($inner) => $does,
            BotCommand($inner) => $does,
            Url($inner) => $does,
            Email($inner) => $does,
            Bold($inner) => $does,
            Italic($inner) => $does,
            Code($inner) => $does,
            Pre($inner) => $does,
            TextUrl($inner) => $does,
            MentionName($inner) => $does,
            InputMessageEntityMentionName($inner) => $does,
            Phone($inner) => $does,
            Cashtag($inner) => $does,
            Underline($inner) => $does,
            Strike($inner) => $does,
            BankCard($inner) => $does,
            Spoiler($inner) => $does,
            CustomEmoji($inner) => $does,
            Blockquote($inner) => $does,
            FormattedDate($inner) => $does,
            DiffInsert($inner) => $does,
            DiffReplace($inner) => $does,
            DiffDelete($inner) => $does,
            TonAddress($inner) => $does,
        }
    }};
}

/// Where an entity begins and ends, in UTF-16 code units; what is negative counts as 0.
pub(super) fn range(entity: &enums::MessageEntity) -> (usize, usize) {
    let (offset, length) = on_any!(entity, entity => (entity.offset, entity.length));
    let offset = usize::try_from(offset).unwrap_or(0);
    (offset, offset + usize::try_from(length).unwrap_or(0))
}

pub(super) fn set_range(entity: &mut enums::MessageEntity, start: usize, end: usize) {
    let (start, end) = (int(start), int(end));
    on_any!(entity, entity => (entity.offset, entity.length) = (start, end - start));
}

/// Whether it is one thing, so that a long text is not cut inside it.
pub(super) fn is_whole(entity: &enums::MessageEntity) -> bool {
    use enums::MessageEntity::{Blockquote, Bold, DiffDelete, DiffInsert, DiffReplace, Italic, Pre, Spoiler, Strike, Underline, Unknown};
    !matches!(
        entity,
        Blockquote(_)
            | Bold(_)
            | DiffDelete(_)
            | DiffInsert(_)
            | DiffReplace(_)
            | Italic(_)
            | Pre(_)
            | Spoiler(_)
            | Strike(_)
            | Underline(_)
            | Unknown(_)
    )
}

fn int(units: usize) -> i32 {
    i32::try_from(units).unwrap_or(i32::MAX)
}

/// The entity that says the same; `None` if there is none, as for an emoji whose id is no number.
pub(super) fn of_span(span: Span) -> Option<enums::MessageEntity> {
    let (offset, length) = (int(span.offset), int(span.length));
    Some(match span.style {
        Style::Bold => types::MessageEntityBold::new(offset, length).into(),
        Style::Italic => types::MessageEntityItalic::new(offset, length).into(),
        Style::Underline => types::MessageEntityUnderline::new(offset, length).into(),
        Style::Strike => types::MessageEntityStrike::new(offset, length).into(),
        Style::Spoiler => types::MessageEntitySpoiler::new(offset, length).into(),
        Style::Quote { collapsed } => {
            types::MessageEntityBlockquote { collapsed, ..types::MessageEntityBlockquote::new(offset, length) }.into()
        }
        Style::Code => types::MessageEntityCode::new(offset, length).into(),
        Style::Pre { language } => types::MessageEntityPre::new(offset, length, language).into(),
        Style::Link { url } => match url.strip_prefix(MENTION).and_then(|id| id.parse().ok()) {
            Some(user_id) => types::MessageEntityMentionName::new(offset, length, user_id).into(),
            None => types::MessageEntityTextUrl::new(offset, length, url).into(),
        },
        Style::Emoji { id } => types::MessageEntityCustomEmoji::new(offset, length, id.parse().ok()?).into(),
        Style::Time { unix, format } => types::MessageEntityFormattedDate {
            relative: format.contains('r'),
            day_of_week: format.contains('w'),
            short_date: format.contains('d'),
            long_date: format.contains('D'),
            short_time: format.contains('t'),
            long_time: format.contains('T'),
            ..types::MessageEntityFormattedDate::new(offset, length, unix.parse().ok()?)
        }
        .into(),
    })
}

/// What markup says of an entity; `None` if nothing has to be said, because Telegram finds it by itself.
pub(super) fn to_span(entity: &enums::MessageEntity) -> Option<Span> {
    use enums::MessageEntity;
    let style = match entity {
        MessageEntity::Bold(_) => Style::Bold,
        MessageEntity::Italic(_) => Style::Italic,
        MessageEntity::Underline(_) => Style::Underline,
        MessageEntity::Strike(_) => Style::Strike,
        MessageEntity::Spoiler(_) => Style::Spoiler,
        MessageEntity::Blockquote(quote) => Style::Quote { collapsed: quote.collapsed },
        MessageEntity::Code(_) => Style::Code,
        MessageEntity::Pre(code) => Style::Pre { language: code.language.clone() },
        MessageEntity::TextUrl(link) => Style::Link { url: link.url.clone() },
        MessageEntity::MentionName(mention) => Style::Link { url: format!("{MENTION}{}", mention.user_id) },
        MessageEntity::InputMessageEntityMentionName(mention) => match &mention.user_id {
            enums::InputUser::InputUser(user) => Style::Link { url: format!("{MENTION}{}", user.user_id) },
            enums::InputUser::FromMessage(user) => Style::Link { url: format!("{MENTION}{}", user.user_id) },
            enums::InputUser::Empty | enums::InputUser::UserSelf => return None,
        },
        MessageEntity::CustomEmoji(emoji) => Style::Emoji { id: emoji.document_id.to_string() },
        MessageEntity::FormattedDate(date) => {
            let shown = [
                (date.relative, 'r'),
                (date.day_of_week, 'w'),
                (date.short_date, 'd'),
                (date.long_date, 'D'),
                (date.short_time, 't'),
                (date.long_time, 'T'),
            ];
            let format = shown.into_iter().filter_map(|(is_shown, letter)| is_shown.then_some(letter)).collect();
            Style::Time { unix: date.date.to_string(), format }
        }
        _ => return None,
    };
    let (start, end) = range(entity);
    Some(Span { offset: start, length: end - start, style })
}
