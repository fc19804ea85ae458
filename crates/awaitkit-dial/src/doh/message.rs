//! The messages of DNS (RFC 1035), as far as addresses of names need them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

const HEADER: usize = 12;
const INTERNET: u16 = 1;
/// A pointer to a name elsewhere in the message.
const POINTER: u8 = 0xc0;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum Kind {
    V4 = 1,
    V6 = 28,
}

/// What a server says of a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) addresses: Vec<IpAddr>,
    /// How long all of it holds.
    pub(super) ttl: Duration,
}

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There is no such name.
    NoName,
    /// The server failed, with this code.
    Failed(u8),
    /// It is no answer to the question.
    Malformed,
}

/// A question with id 0, so that caches between here and the server know it again (RFC 8484). The name has no dot at its end, and labels
/// as [`Host`](crate::Host) allows them.
pub(super) fn question(name: &str, kind: Kind) -> Vec<u8> {
    // Recursion desired, one question.
    let mut out = vec![0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        out.push(label.len() as u8);
        out.extend(label.as_bytes());
    }
    out.push(0);
    out.extend((kind as u16).to_be_bytes());
    out.extend(INTERNET.to_be_bytes());
    out
}

/// Reads the answer to a question.
pub(super) fn answer(question: &[u8], message: &[u8]) -> Result<Answer, Refusal> {
    read(question, message).unwrap_or(Err(Refusal::Malformed))
}

fn read(question: &[u8], message: &[u8]) -> Option<Result<Answer, Refusal>> {
    let word = |at: usize| Some(u16::from_be_bytes(*message.get(at..)?.first_chunk()?));
    let (flags, answers) = (word(2)?, word(6)?);
    let asked = question.get(HEADER..)?;
    let repeated = message.get(HEADER..HEADER + asked.len())?;
    if flags >> 15 != 1 || word(4)? != 1 || !repeated.eq_ignore_ascii_case(asked) {
        return None;
    }
    match flags as u8 & 15 {
        0 => {}
        3 => return Some(Err(Refusal::NoName)),
        code => return Some(Err(Refusal::Failed(code))),
    }
    let mut at = HEADER + asked.len();
    let (mut addresses, mut ttl) = (Vec::new(), None);
    for _ in 0..answers {
        at = skip_name(message, at)?;
        let (kind, class) = (word(at)?, word(at + 2)?);
        let holds = u32::from_be_bytes(*message.get(at + 4..)?.first_chunk()?);
        let data = message.get(at + 10..)?.get(..usize::from(word(at + 8)?))?;
        at += 10 + data.len();
        // Other names on the way (CNAME) count for how long it holds.
        ttl = Some(ttl.map_or(holds, |shortest: u32| shortest.min(holds)));
        match (kind, class) {
            (1, INTERNET) => addresses.push(Ipv4Addr::from(<[u8; 4]>::try_from(data).ok()?).into()),
            (28, INTERNET) => addresses.push(Ipv6Addr::from(<[u8; 16]>::try_from(data).ok()?).into()),
            _ => {}
        }
    }
    // The highest bit would make it negative, which means nothing (RFC 2181).
    let ttl = ttl.filter(|ttl| *ttl >> 31 == 0).unwrap_or_default();
    Some(Ok(Answer { addresses, ttl: Duration::from_secs(ttl.into()) }))
}

/// Where a name ends. What it is does not matter: the answers to a question are answers to that question.
fn skip_name(message: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *message.get(at)? {
            0 => return Some(at + 1),
            length if length & POINTER == POINTER => return Some(at + 2),
            length if length & POINTER == 0 => at += 1 + usize::from(length),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The answer for www.example.com in RFC 8484, section 4.2.2: one AAAA record that holds for 3,709 seconds.
    const PUBLISHED: &str = "000081800001000100000000037777770765 78616d706c6503636f6d00001c0001\
                             c00c001c000100000e7d001020010db8abcd00120001000200030004";

    fn hex(text: &str) -> Vec<u8> {
        data_encoding::HEXLOWER.decode(text.replace([' ', '\n'], "").as_bytes()).unwrap()
    }

    #[test]
    fn the_published_answer() {
        let (question, message) = (question("www.example.com", Kind::V6), hex(PUBLISHED));
        let expect = Answer { addresses: vec!["2001:db8:abcd:12:1:2:3:4".parse().unwrap()], ttl: Duration::from_secs(3709) };
        assert_eq!(answer(&question, &message), Ok(expect));
        for length in 0..message.len() {
            assert_eq!(answer(&question, &message[..length]), Err(Refusal::Malformed), "{length}");
        }
        assert_eq!(answer(&super::question("www.example.org", Kind::V6), &message), Err(Refusal::Malformed), "another question");
        let code = |code: u8| [&message[..3], &[0x80 | code], &message[4..]].concat();
        assert_eq!(answer(&question, &code(3)), Err(Refusal::NoName));
        assert_eq!(answer(&question, &code(2)), Err(Refusal::Failed(2)));
    }

    #[test]
    fn the_published_question() {
        // RFC 8484, section 4.1.1.
        let expect = hex("00000100000100000000000003777777076578616d706c6503636f6d0000010001");
        assert_eq!(question("www.example.com", Kind::V4), expect);
    }

    proptest! {
        #[test]
        fn no_message_is_too_strange(tail: Vec<u8>, count: u16) {
            let question = question("a", Kind::V4);
            drop(answer(&question, &tail));
            let mut message = [&question[..], &tail].concat();
            (message[2], message[3]) = (0x80, 0);
            message[6..8].copy_from_slice(&count.to_be_bytes());
            drop(answer(&question, &message));
        }
    }
}
