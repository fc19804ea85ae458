/// The candidate that differs least from `name`, if one is near enough to be meant. Of a name without a namespace, that of the candidate may be
/// what was forgotten.
pub(crate) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.len() / 3).clamp(1, 6);
    let apart = |other: &str| {
        let is_possible = other.len().abs_diff(name.len()) <= limit;
        is_possible.then(|| distance(name, other)).filter(|distance| *distance <= limit)
    };
    let without_namespace = |candidate: &'a str| match candidate.split_once('.') {
        Some((_, rest)) if !name.contains('.') => apart(rest).map(|distance| distance + 1),
        _ => None,
    };
    candidates
        .filter_map(|candidate| Some((apart(candidate).into_iter().chain(without_namespace(candidate)).min()?, candidate)))
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance over bytes, case ignored.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(!x.eq_ignore_ascii_case(&y));
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn what_was_meant() {
        let check = |name, expect| assert_eq!(nearest(name, ["message", "peer", "reply_to", "random_id"].into_iter()), expect, "{name}");
        check("mesage", Some("message"));
        check("Message", Some("message"));
        check("replyto", Some("reply_to"));
        check("per", Some("peer"));
        check("elephant", None);
        check("", None);
    }
}
