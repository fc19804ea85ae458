//! What a name promises: the class of a function by the whole words of its name.

use super::Effect;

/// Words that say nothing of themselves; the word after them counts.
const PREFIXES: &[&str] =
    &["try", "maybe", "do", "async", "inner", "internal", "raw", "impl", "just", "safe", "safely", "must", "force", "unchecked", "my"];

const READS: &[&str] = &[
    "account",
    "accounts",
    "balance",
    "blockhash",
    "calculate",
    "can",
    "compute",
    "contains",
    "count",
    "decode",
    "describe",
    "detect",
    "download",
    "dump",
    "estimate",
    "exist",
    "exists",
    "fetch",
    "find",
    "get",
    "has",
    "have",
    "head",
    "height",
    "info",
    "inspect",
    "is",
    "len",
    "list",
    "load",
    "locate",
    "look",
    "lookup",
    "measure",
    "metadata",
    "parse",
    "peek",
    "price",
    "probe",
    "query",
    "read",
    "recall",
    "resolve",
    "retrieve",
    "scan",
    "search",
    "select",
    "show",
    "size",
    "stat",
    "stats",
    "status",
    "suggest",
    "version",
    "view",
];

const WRITES: &[&str] = &[
    "abort",
    "ack",
    "acknowledge",
    "activate",
    "add",
    "allocate",
    "announce",
    "answer",
    "append",
    "apply",
    "approve",
    "archive",
    "assign",
    "attach",
    "backup",
    "ban",
    "block",
    "bootstrap",
    "broadcast",
    "bulk",
    "burn",
    "cancel",
    "change",
    "charge",
    "claim",
    "clean",
    "cleanup",
    "clear",
    "clone",
    "collect",
    "compact",
    "configure",
    "consume",
    "copy",
    "create",
    "deactivate",
    "decrement",
    "decr",
    "delete",
    "deliver",
    "deploy",
    "deposit",
    "deregister",
    "destroy",
    "detach",
    "disable",
    "discard",
    "dispatch",
    "distribute",
    "drop",
    "edit",
    "emit",
    "enable",
    "enqueue",
    "ensure",
    "erase",
    "evict",
    "exec",
    "execute",
    "expire",
    "feed",
    "fill",
    "fire",
    "force",
    "forget",
    "forward",
    "free",
    "grant",
    "handle",
    "import",
    "increment",
    "incr",
    "index",
    "ingest",
    "inject",
    "insert",
    "install",
    "invalidate",
    "invite",
    "issue",
    "kick",
    "kill",
    "launch",
    "leave",
    "link",
    "log",
    "make",
    "mark",
    "merge",
    "migrate",
    "mint",
    "modify",
    "mount",
    "move",
    "mutate",
    "nack",
    "notify",
    "offer",
    "on",
    "order",
    "overwrite",
    "pack",
    "patch",
    "pay",
    "perform",
    "persist",
    "pin",
    "populate",
    "post",
    "process",
    "propagate",
    "propose",
    "provision",
    "prune",
    "publish",
    "pull",
    "purge",
    "push",
    "put",
    "react",
    "rebuild",
    "record",
    "refresh",
    "register",
    "reject",
    "release",
    "reload",
    "remove",
    "rename",
    "renew",
    "repair",
    "replace",
    "replicate",
    "reply",
    "report",
    "reserve",
    "reset",
    "resize",
    "resolve_conflict",
    "respond",
    "restore",
    "revoke",
    "rollout",
    "rotate",
    "route",
    "run",
    "save",
    "schedule",
    "seed",
    "send",
    "set",
    "setup",
    "share",
    "shift",
    "sign",
    "store",
    "stream",
    "submit",
    "subscribe",
    "swap",
    "sync",
    "synchronize",
    "tag",
    "terminate",
    "toggle",
    "touch",
    "track",
    "transfer",
    "trigger",
    "trim",
    "truncate",
    "unassign",
    "unban",
    "undo",
    "uninstall",
    "unlink",
    "unmount",
    "unregister",
    "unsubscribe",
    "update",
    "upgrade",
    "upload",
    "upsert",
    "vote",
    "warm",
    "withdraw",
    "write",
];

const ORDERED: &[&str] = &[
    "accept",
    "acquire",
    "advance",
    "ask",
    "authenticate",
    "authorize",
    "await",
    "backoff",
    "barrier",
    "begin",
    "bind",
    "build",
    "click",
    "close",
    "commit",
    "complete",
    "confirm",
    "connect",
    "consume",
    "debounce",
    "delay",
    "disconnect",
    "drain",
    "end",
    "enter",
    "exit",
    "finalize",
    "finish",
    "flush",
    "goto",
    "greet",
    "handshake",
    "init",
    "initialize",
    "join",
    "listen",
    "lock",
    "login",
    "logout",
    "navigate",
    "negotiate",
    "new",
    "next",
    "open",
    "park",
    "pause",
    "play",
    "poll",
    "prepare",
    "press",
    "print",
    "prompt",
    "receive",
    "reconnect",
    "recv",
    "render",
    "restart",
    "resume",
    "retry",
    "rollback",
    "savepoint",
    "seek",
    "select_next",
    "serve",
    "shutdown",
    "sleep",
    "skip",
    "spawn",
    "start",
    "step",
    "stop",
    "suspend",
    "throttle",
    "tick",
    "timeout",
    "transaction",
    "turn",
    "type",
    "unlock",
    "wait",
    "watch",
    "wipe",
    "yield",
];

/// Words of those who only carry what somebody else asks for: as the body of a function they say nothing of it.
const CARRIERS: &[&str] = &[
    "call", "dispatch", "exec", "execute", "fire", "handle", "invoke", "issue", "make", "perform", "post", "process", "request", "rpc",
    "run", "send", "submit",
];

/// What a call of this name inside a body says about the function around it.
///
/// Waiting, connecting and sleeping have their order inside the body; outside it only what is written or taken counts.
pub(super) fn class_inside(name: &str) -> Effect {
    let first = name.split('_').find(|word| !PREFIXES.contains(word)).unwrap_or(name);
    match class(name) {
        Effect::Write if CARRIERS.contains(&first) => Effect::Unknown,
        Effect::Ordered if !matches!(first, "recv" | "receive" | "next" | "accept" | "commit" | "begin" | "advance" | "step") => {
            Effect::Unknown
        }
        class => class,
    }
}

/// The class of a function that is called `name`.
pub(super) fn class(name: &str) -> Effect {
    let words: Vec<&str> = name.split('_').filter(|word| !word.is_empty()).collect();
    let skip = words.iter().take_while(|word| PREFIXES.contains(word)).count();
    let words = if skip < words.len() { &words[skip..] } else { &words[..] };
    let Some(first) = words.first() else { return Effect::Unknown };
    // `get_or_create`, `fetch_and_store`, `read_next`
    let joined = words.windows(2).filter(|pair| matches!(pair[0], "or" | "and" | "then")).map(|pair| word(pair[1]));
    let ordered = words[1..].iter().any(|word| matches!(*word, "next" | "lock" | "stream"));
    let class = joined.chain([word(first)]).max().unwrap_or(Effect::Unknown);
    match class {
        Effect::Read | Effect::Unknown if ordered => Effect::Ordered,
        class => class,
    }
}

fn word(word: &str) -> Effect {
    if ORDERED.contains(&word) {
        Effect::Ordered
    } else if WRITES.contains(&word) {
        Effect::Write
    } else if READS.contains(&word) {
        Effect::Read
    } else {
        Effect::Unknown
    }
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
