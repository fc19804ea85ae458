//! Names of TL as names of Rust.

/// `messages.sendMessage` → `SendMessage`, `server_DH_params_ok` → `ServerDhParamsOk`: without the namespace, acronyms as words.
pub(crate) fn camel(name: &str) -> String {
    let name = name.rsplit('.').next().unwrap_or(name);
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len());
    for (at, &c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| chars[before]);
        let inside_acronym = before.is_some_and(|c| c.is_ascii_uppercase()) && chars.get(at + 1).is_none_or(|c| !c.is_ascii_lowercase());
        match c {
            '_' => {}
            c if before.is_none_or(|before| before == '_') => out.push(c.to_ascii_uppercase()),
            c if inside_acronym => out.push(c.to_ascii_lowercase()),
            c => out.push(c),
        }
    }
    out
}

/// The name of a field: lower case, and not a word of the language.
pub(crate) fn field(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "self" => "is_self".to_owned(),
        "abstract" | "as" | "async" | "await" | "become" | "box" | "break" | "const" | "continue" | "do" | "dyn" | "else" | "enum"
        | "extern" | "final" | "fn" | "for" | "gen" | "if" | "impl" | "in" | "let" | "loop" | "macro" | "match" | "mod" | "move"
        | "mut" | "override" | "priv" | "pub" | "ref" | "return" | "static" | "struct" | "trait" | "try" | "type" | "typeof" | "unsafe"
        | "unsized" | "use" | "virtual" | "where" | "while" | "yield" => format!("r#{name}"),
        _ => name,
    }
}

/// The name of a constructor as a variant of its type: `inputPeerUser` of `InputPeer` is `User`.
pub(crate) fn variant(constructor: &str, ty: &str) -> String {
    let (whole, ty) = (camel(constructor), camel(ty));
    match whole.strip_prefix(&ty) {
        Some("Self") => format!("{}Self", last_word(&ty)),
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_uppercase()) => rest.to_owned(),
        _ => whole,
    }
}

/// `Peer` of `InputPeer`.
fn last_word(camel: &str) -> &str {
    camel.rfind(|c: char| c.is_ascii_uppercase()).map_or(camel, |at| &camel[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(camel("messages.sendMessage"), "SendMessage");
        assert_eq!(camel("account.getAccountTTL"), "GetAccountTtl");
        assert_eq!(camel("JSONValue"), "JsonValue");
        assert_eq!(camel("dataJSON"), "DataJson");
        assert_eq!(camel("server_DH_params_ok"), "ServerDhParamsOk");
        assert_eq!(camel("p_q_inner_data_dc"), "PQInnerDataDc");
        assert_eq!(camel("resPQ"), "ResPq");
        assert_eq!(variant("inputPeerUser", "InputPeer"), "User");
        assert_eq!(variant("inputPeerSelf", "InputPeer"), "PeerSelf");
        assert_eq!(variant("user", "User"), "User");
        assert_eq!(variant("updateShort", "Updates"), "UpdateShort");
        assert_eq!(variant("messages.messagesSlice", "messages.Messages"), "Slice");
        assert_eq!(field("self"), "is_self");
        assert_eq!(field("type"), "r#type");
        assert_eq!(field("srp_B"), "srp_b");
    }
}
