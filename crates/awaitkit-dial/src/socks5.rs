//! SOCKS5 (RFC 1928) with user and password (RFC 1929).

use std::io::{self, ErrorKind};
use std::net::IpAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{BoxStream, Credentials, Host, Target};

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NONE_ACCEPTABLE: u8 = 0xff;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// Asks a proxy for a stream to the target. Exactly the proxy's answers are read.
pub(crate) async fn open(mut stream: BoxStream, credentials: Option<&Credentials>, target: &Target) -> io::Result<BoxStream> {
    match greet(&mut stream, credentials, target).await {
        Ok(()) => Ok(stream),
        Err(error) => Err(match error.kind() {
            ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => {
                io::Error::new(error.kind(), "the proxy closed the connection in the middle of its answer")
            }
            _ => error,
        }),
    }
}

async fn greet(stream: &mut BoxStream, credentials: Option<&Credentials>, target: &Target) -> io::Result<()> {
    let methods: &[u8] = match credentials {
        Some(_) => &[VERSION, 2, NO_AUTHENTICATION, USER_AND_PASSWORD],
        None => &[VERSION, 1, NO_AUTHENTICATION],
    };
    stream.write_all(methods).await?;
    let [version, method] = read(stream).await?;
    if version != VERSION {
        return Err(no_socks(version));
    }
    match (method, credentials) {
        (NO_AUTHENTICATION, _) => {}
        (USER_AND_PASSWORD, Some(credentials)) => authenticate(stream, credentials).await?,
        (NONE_ACCEPTABLE, None) => return Err(denied("the proxy wants a user and a password")),
        (NONE_ACCEPTABLE, Some(_)) => return Err(denied("the proxy takes neither a password nor strangers")),
        _ => return Err(invalid(format!("the proxy chose authentication {method}, which was not offered"))),
    }
    stream.write_all(&request(target)?).await?;
    let [version, reply, _, kind] = read(stream).await?;
    if version != VERSION {
        return Err(no_socks(version));
    }
    if reply != 0 {
        return Err(refusal(reply, target));
    }
    // The address that the proxy connects from is of no use, but has to be read.
    let length = match kind {
        IPV4 => 4,
        IPV6 => 16,
        NAME => read::<1>(stream).await.map(|[length]| usize::from(length))?,
        _ => return Err(invalid(format!("the proxy answered with an address of kind {kind}, which there is not"))),
    };
    let mut address = [0; 255 + 2];
    stream.read_exact(&mut address[..length + 2]).await?;
    Ok(())
}

async fn authenticate(stream: &mut BoxStream, Credentials { user, password }: &Credentials) -> io::Result<()> {
    let mut message = vec![1];
    for text in [user, password] {
        let length = u8::try_from(text.len()).map_err(|_| invalid("user and password have 255 bytes at most for SOCKS5".to_owned()))?;
        message.push(length);
        message.extend_from_slice(text.as_bytes());
    }
    stream.write_all(&message).await?;
    match read(stream).await? {
        [_, 0] => Ok(()),
        [_, _] => Err(denied("the proxy refuses this user and password")),
    }
}

fn request(target: &Target) -> io::Result<Vec<u8>> {
    let mut message = vec![VERSION, CONNECT, 0];
    match &target.host {
        Host::Ip(IpAddr::V4(ip)) => {
            message.push(IPV4);
            message.extend_from_slice(&ip.octets());
        }
        Host::Ip(IpAddr::V6(ip)) => {
            message.push(IPV6);
            message.extend_from_slice(&ip.octets());
        }
        Host::Name(name) => {
            let length = u8::try_from(name.len()).map_err(|_| invalid(format!("{name} is too long for SOCKS5")))?;
            message.extend_from_slice(&[NAME, length]);
            message.extend_from_slice(name.as_bytes());
        }
    }
    message.extend_from_slice(&target.port.to_be_bytes());
    Ok(message)
}

async fn read<const N: usize>(stream: &mut BoxStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await.map(|_| bytes)
}

fn no_socks(first: u8) -> io::Error {
    let what = match first {
        b'H' => "it seems to speak HTTP".to_owned(),
        0 | 4 => "it seems to speak SOCKS4".to_owned(),
        _ => format!("its answer began with {first:#04x}"),
    };
    invalid(format!("the proxy does not speak SOCKS5: {what}"))
}

fn refusal(reply: u8, target: &Target) -> io::Error {
    use ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable, Other, PermissionDenied, TimedOut, Unsupported};
    let (kind, why) = match reply {
        1 => (Other, "general failure"),
        2 => (PermissionDenied, "its rules do not allow it"),
        3 => (NetworkUnreachable, "the network is unreachable"),
        4 => (HostUnreachable, "the host is unreachable"),
        5 => (ConnectionRefused, "the connection was refused"),
        6 => (TimedOut, "the time to live has run out"),
        7 => (Unsupported, "it does not know how to connect"),
        8 => (Unsupported, "it does not know this kind of address"),
        _ => (Other, "for a reason that SOCKS5 does not name"),
    };
    io::Error::new(kind, format!("the proxy cannot connect to {target}: {why} (reply {reply})"))
}

fn denied(why: &str) -> io::Error {
    io::Error::new(ErrorKind::PermissionDenied, why)
}

fn invalid(why: String) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why)
}
