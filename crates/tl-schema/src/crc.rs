//! Ids of definitions: <https://core.telegram.org/mtproto/TL>, "Combinators and their names".

/// Definitions of the MTProto schema whose published id is not their CRC32. They are sent by no server in the way of a session.
pub(crate) const UNLIKE_THEIR_CRC: [(&str, u32); 3] =
    [("ipPortSecret", 0x3798_2646), ("accessPointRule", 0x4679_b65f), ("help.configSimple", 0x5a59_2a6c)];

/// The CRC32 of a definition in its canonical form: without id, semicolon, braces and flag-only fields, `bytes` as `string`,
/// `<` as a space, `>` as nothing.
pub(crate) fn id(definition: &str) -> u32 {
    let mut tokens = definition.split_whitespace();
    let mut canonical = String::with_capacity(definition.len());
    canonical.push_str(tokens.next().and_then(|name| name.split('#').next()).unwrap_or_default());
    for token in tokens.filter(|token| !token.ends_with("?true")) {
        canonical.push(' ');
        // Only a parameter of type `bytes` itself: `Vector<bytes>` keeps its word.
        let token = match token.strip_suffix("bytes") {
            Some(name) if name.ends_with([':', '?']) => &format!("{name}string"),
            _ => token,
        };
        canonical.extend(token.chars().filter_map(|c| match c {
            '<' => Some(' '),
            '>' | '{' | '}' => None,
            other => Some(other),
        }));
    }
    crc32fast::hash(canonical.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::id;

    #[test]
    fn ids_that_telegram_published() {
        let check = |expect, line| assert_eq!(id(line), expect, "{line}");
        check(0xbc79_9737, "boolFalse = Bool");
        check(0x0516_2463, "resPQ#05162463 nonce:int128 server_nonce:int128 pq:bytes server_public_key_fingerprints:Vector<long> = ResPQ");
        check(0xda9b_0d0d, "invokeWithLayer {X:Type} layer:int query:!X = X");
        check(0x276d_3ec6, "msg_detailed_info msg_id:long answer_msg_id:long bytes:int status:int = MsgDetailedInfo");
        check(0x10ea_6184, "messages.sendVote peer:InputPeer msg_id:int options:Vector<bytes> = Updates");
        check(0x1cb5_c415, "vector#1cb5c415 {t:Type} # [ t ] = Vector t");
    }
}
