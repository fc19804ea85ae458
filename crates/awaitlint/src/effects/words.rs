//! What a name promises: the class of a function by the whole words of its name.

use super::Effect;
use crate::names::Known;

/// What a call of this name inside a body says about the function around it.
///
/// Waiting, connecting and sleeping have their order inside the body; outside it only what is written or taken counts.
pub(super) fn class_inside(name: &str) -> Effect {
    let first = name.split('_').find(|word| !Known::Prefix.has(word)).unwrap_or(name);
    match class(name) {
        Effect::Write if Known::Carrier.has(first) => Effect::Unknown,
        Effect::Ordered if !matches!(first, "recv" | "receive" | "next" | "accept" | "commit" | "begin" | "advance" | "step") => {
            Effect::Unknown
        }
        class => class,
    }
}

/// The class of a function that is called `name`.
pub(super) fn class(name: &str) -> Effect {
    let words: Vec<&str> = name.split('_').filter(|word| !word.is_empty()).collect();
    let skip = words.iter().take_while(|word| Known::Prefix.has(word)).count();
    let words = if skip < words.len() { &words[skip..] } else { &words[..] };
    let Some(first) = words.first() else { return Effect::Unknown };
    // `get_or_create`, `fetch_and_store`, `read_next`
    let joined = words.windows(2).filter(|pair| matches!(pair[0], "or" | "and" | "then")).map(|pair| word(pair[1]));
    let ordered = words[1..].iter().any(|word| Known::OrderedLater.has(word));
    // `queue_declare`
    let behind = (word(first) == Effect::Unknown).then(|| words.last().map_or(Effect::Unknown, |last| last_word(last)));
    let class = joined.chain([word(first)]).chain(behind).max().unwrap_or(Effect::Unknown);
    match class {
        Effect::Read | Effect::Unknown if ordered => Effect::Ordered,
        class => class,
    }
}

/// A verb behind its object; most names end with a noun that may be a verb, too.
fn last_word(word: &str) -> Effect {
    if matches!(word, "bind" | "create" | "declare" | "delete" | "insert" | "remove" | "send" | "write") {
        Effect::Write
    } else {
        Effect::Unknown
    }
}

fn word(word: &str) -> Effect {
    if Known::Ordered.has(word) {
        Effect::Ordered
    } else if Known::Write.has(word) {
        Effect::Write
    } else if Known::Read.has(word) {
        Effect::Read
    } else {
        Effect::Unknown
    }
}

/// A failure of this function is meant to stop what follows: `check_login`, `get_user_from_jwt`.
pub(crate) fn is_gate(name: &str) -> bool {
    name.split('_').any(|word| Known::Gate.has(word))
}

/// A question that is often answered on the spot: `is_local`, `has_key`.
pub(crate) fn is_question(name: &str) -> bool {
    matches!(name.split('_').next(), Some("is" | "has" | "have" | "can" | "contains" | "exists"))
}

/// The function runs at the start or the end of something by its verb: `init_logging`, `main`.
pub(crate) fn starts_up(name: &str) -> bool {
    name.split('_').find(|word| !Known::Prefix.has(word)).is_some_and(|first| Known::Startup.has(first))
}

/// It does so by its verb or by what it is about: `load_settings`.
pub(crate) fn is_startup(name: &str) -> bool {
    let about = |word: &str| {
        matches!(word, "backup" | "config" | "reset" | "settings" | "setup" | "startup" | "shutdown" | "teardown" | "migrate" | "migration")
    };
    starts_up(name) || name.split('_').any(about) || name.contains("shut_down")
}

/// The text is an SQL statement that changes something.
pub(crate) fn sql_changes(text: &str) -> bool {
    sql(text).is_some_and(|effect| effect >= Effect::Write)
}

/// The class of an SQL statement.
pub(super) fn sql(text: &str) -> Option<Effect> {
    let first = text.split_whitespace().next()?.to_ascii_uppercase();
    let upper = text.to_ascii_uppercase();
    match first.as_str() {
        "SELECT" | "SHOW" | "EXPLAIN" | "DESCRIBE" | "VALUES" | "WITH"
            if !upper.contains("FOR UPDATE") && !upper.contains("INSERT ") && !upper.contains("DELETE ") =>
        {
            Some(Effect::Read)
        }
        "SELECT" | "WITH" | "INSERT" | "UPDATE" | "DELETE" | "CREATE" | "ALTER" | "DROP" | "REPLACE" | "MERGE" | "TRUNCATE" | "GRANT"
        | "SET" | "PRAGMA" | "COPY" | "CALL" => Some(Effect::Write),
        "BEGIN" | "START" | "COMMIT" | "ROLLBACK" | "SAVEPOINT" | "LOCK" => Some(Effect::Ordered),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expect: Effect) {
        assert_eq!(class(name), expect, "{name}");
    }

    #[test]
    fn whole_words_decide() {
        check("get_user", Effect::Read);
        check("fetch_updates", Effect::Read);
        check("try_load", Effect::Read);
        check("get_or_create_user", Effect::Write);
        check("fetch_and_store", Effect::Write);
        check("update_user", Effect::Write);
        check("setup_routes", Effect::Write);
        check("settings", Effect::Unknown);
        check("read_next", Effect::Ordered);
        check("queue_declare", Effect::Write);
        check("recv", Effect::Ordered);
        check("try", Effect::Unknown);
        check("", Effect::Unknown);
    }

    #[test]
    fn sql_statements() {
        assert_eq!(sql("select * from a"), Some(Effect::Read));
        assert_eq!(sql("SELECT 1 FROM a FOR UPDATE"), Some(Effect::Write));
        assert_eq!(sql(" insert into a values (1) returning id"), Some(Effect::Write));
        assert_eq!(sql("hello"), None);
    }
}
