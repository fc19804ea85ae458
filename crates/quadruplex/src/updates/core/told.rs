//! What is told of an update that is given up.

use quadruplex_store::{Lane, PeerId};

pub(super) fn dead(number: u64, lane: Lane, attempts: u32, error: &str) -> String {
    let chat = match lane {
        Lane::Peer(PeerId::User(id)) => format!("user {id}"),
        Lane::Peer(PeerId::Chat(id)) => format!("group {id}"),
        Lane::Peer(PeerId::Channel(id)) => format!("channel {id}"),
        _ => "the account".to_owned(),
    };
    let one = error.strip_prefix("handler `").filter(|rest| !rest.contains("; handler `"));
    let named = one.and_then(|rest| rest.split_once("`: "));
    let (who, cause) = named.map_or(("handlers".to_owned(), error), |(name, cause)| (format!("handler `{name}`"), cause));
    let times = if attempts == 1 { "once".to_owned() } else { format!("{attempts} times") };
    format!(
        "{who} failed {times} on update {number} ({chat}); moved to dead letters\n  cause: {cause}\n  quadruplex dead list | retry {number}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_up_is_told_with_its_cause() {
        let check = |lane, attempts, error, expect| assert_eq!(dead(88213, lane, attempts, error), expect);
        check(
            Lane::Peer(PeerId::User(7)),
            3,
            "handler `shop::checkout`: connection refused (127.0.0.1:5432)",
            "handler `shop::checkout` failed 3 times on update 88213 (user 7); moved to dead letters\n  \
             cause: connection refused (127.0.0.1:5432)\n  quadruplex dead list | retry 88213",
        );
        check(
            Lane::Account,
            1,
            "the journal is full",
            "handlers failed once on update 88213 (the account); moved to dead letters\n  \
             cause: the journal is full\n  quadruplex dead list | retry 88213",
        );
    }
}
