//! What Telegram finds in a text by itself: commands, names, hashtags, links.

use quadruplex_tl_schema::Object;

use super::state::tl::Tl;

/// Adds what can be seen in a text to the entities that came with it, where they do not overlap. Offsets are in UTF-16 units.
pub(crate) fn detect(text: &str, entities: &mut Vec<Tl>) {
    let mut offset = 0;
    for word in text.split_inclusive(char::is_whitespace) {
        let trimmed = word.trim_end();
        if let Some((name, from, length)) = entity(trimmed) {
            let offset = offset + units(&trimmed[..from]);
            let length = units(&trimmed[from..from + length]);
            if !entities.iter().any(|entity| overlaps(&entity.0, offset, length)) {
                let found = Object::new(name).with("offset", offset).with("length", length);
                let at = entities.partition_point(|entity| entity.0.int("offset").unwrap_or(0) <= offset);
                entities.insert(at, Tl(found));
            }
        }
        offset += units(word);
    }
}

fn units(text: &str) -> i32 {
    i32::try_from(text.encode_utf16().count()).unwrap_or(i32::MAX)
}

fn overlaps(entity: &Object, offset: i32, length: i32) -> bool {
    let (start, end) = (entity.int("offset").unwrap_or(0), entity.int("offset").unwrap_or(0) + entity.int("length").unwrap_or(0));
    // Text may be bold and a link at once, but nothing is found inside what names something else or is to be shown as it is.
    let exclusive = !["messageEntityBold", "messageEntityItalic", "messageEntityUnderline", "messageEntityStrike", "messageEntitySpoiler"]
        .iter()
        .any(|name| entity.is(name));
    exclusive && start < offset + length && offset < end
}

/// The entity in a word: its constructor, where it starts and how long it is, in bytes.
fn entity(word: &str) -> Option<(&'static str, usize, usize)> {
    let start = word.find(|first: char| first.is_alphanumeric() || matches!(first, '/' | '@' | '#'))?;
    let rest = &word[start..];
    let named = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let run = |text: &str, keep: &dyn Fn(char) -> bool| text.find(|char| !keep(char)).unwrap_or(text.len());
    if let Some(name) = rest.strip_prefix('/') {
        let mut length = run(name, &named);
        if length == 0 || length > 32 {
            return None;
        }
        if let Some(bot) = name[length..].strip_prefix('@') {
            length += 1 + run(bot, &named);
        }
        return Some(("messageEntityBotCommand", start, 1 + length));
    }
    if let Some(name) = rest.strip_prefix('@') {
        let length = run(name, &named);
        return (4..=32).contains(&length).then_some(("messageEntityMention", start, 1 + length));
    }
    if let Some(tag) = rest.strip_prefix('#') {
        let length = run(tag, &|char: char| char.is_alphanumeric() || char == '_');
        let letters = tag[..length].chars().any(char::is_alphabetic);
        return letters.then_some(("messageEntityHashtag", start, 1 + length));
    }
    let address = rest.trim_end_matches(['.', ',', '!', '?', ')', ';', ':', '"', '\'']);
    let link =
        ["http://", "https://", "tg://", "t.me/", "www."].iter().any(|prefix| address.len() > prefix.len() && address.starts_with(prefix));
    if link {
        return Some(("messageEntityUrl", start, address.len()));
    }
    let (local, domain) = address.split_once('@')?;
    let good =
        !local.is_empty() && domain.split_once('.').is_some_and(|(host, top)| !host.is_empty() && top.len() > 1) && !domain.contains('@');
    good.then_some(("messageEntityEmail", start, address.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, mut given: Vec<Tl>, expected: &[(&str, &str)]) {
        detect(text, &mut given);
        let units: Vec<u16> = text.encode_utf16().collect();
        let found: Vec<(String, String)> = given
            .iter()
            .map(|entity| {
                let (offset, length) = (entity.0.int("offset").unwrap() as usize, entity.0.int("length").unwrap() as usize);
                let name = entity.0.name.as_str().strip_prefix("messageEntity").unwrap().to_owned();
                (name, String::from_utf16(&units[offset..offset + length]).unwrap())
            })
            .collect();
        let found: Vec<(&str, &str)> = found.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn what_can_be_seen_is_found() {
        check("/start", vec![], &[("BotCommand", "/start")]);
        check("😀 /roll@dice_bot 6", vec![], &[("BotCommand", "/roll@dice_bot")]);
        check("hi @alice_name, and (@bobby)!", vec![], &[("Mention", "@alice_name"), ("Mention", "@bobby")]);
        check("#1 #größe", vec![], &[("Hashtag", "#größe")]);
        check("see https://telegram.org/faq.", vec![], &[("Url", "https://telegram.org/faq")]);
        check("a@b.org b@c @me 1/2 / x", vec![], &[("Email", "a@b.org")]);
        check("", vec![], &[]);
    }

    #[test]
    fn what_came_with_the_text_stays() {
        let entity = |name: &'static str| vec![Tl(Object::new(name).with("offset", 0).with("length", 9))];
        check("/in code ", entity("messageEntityCode"), &[("Code", "/in code ")]);
        check("/in bold ", entity("messageEntityBold"), &[("Bold", "/in bold "), ("BotCommand", "/in")]);
    }
}
