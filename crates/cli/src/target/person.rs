use quadruplex::api::functions::account;
use quadruplex::{Client, SignIn};

use crate::failure::Failure;

/// Signs a person of the sandbox in, who is made if there is none of that name.
///
/// People have numbers of the kind that Telegram's test servers know: the code is the number of the data centre, five times, so
/// that it need not be read from the sandbox, which may run elsewhere.
pub(super) async fn sign_in(client: &Client, name: &str) -> Result<(), Failure> {
    let code = client.request_code(&phone(name)).await?;
    if let SignIn::SignUpNeeded = client.sign_in(&code, "11111").await? {
        client.sign_up(&code, &first_name(name), "").await?;
        if let Some(username) = username(name) {
            client.call(account::UpdateUsername::new(username)).await?;
        }
    }
    Ok(())
}

/// The number of a person: always the same for the same name.
pub(super) fn phone(name: &str) -> String {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("999661{:04}", hash % 10_000)
}

/// The public name of a person: Telegram's have five characters at least.
pub(super) fn username(name: &str) -> Option<&str> {
    let good = name.len() >= 5 && name.starts_with(|first: char| first.is_ascii_alphabetic()) && !name.contains('-');
    good.then_some(name)
}

/// The name that others see.
pub(super) fn first_name(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_have_numbers_of_their_own() {
        let numbers = ["me", "alice", "bobby", "carol"].map(phone);
        for (at, number) in numbers.iter().enumerate() {
            assert!(number.len() == 10 && number.starts_with("999661"), "{number}");
            assert!(!numbers[..at].contains(number), "{numbers:?}");
        }
        assert_eq!(phone("alice"), numbers[1]);
        assert_eq!((username("bobby"), username("bob"), username("my-name"), username("1alice")), (Some("bobby"), None, None, None));
        assert_eq!(first_name("alice"), "Alice");
    }
}
