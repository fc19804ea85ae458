//! Small proxies, for tests: in memory or on a real port.

use std::io;
use std::net::IpAddr;

use data_encoding::BASE64;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};

use crate::{Credentials, Host, Network, Stream, Target, Wanted};

/// Serves one client of a SOCKS5 proxy that reaches out over `network`.
///
/// # Errors
/// The client breaks the protocol, or either side the connection.
///
/// # Cancel safety
/// Dropping the future closes both sides.
pub async fn serve_socks5(mut client: impl Stream, credentials: Option<&Credentials>, network: &Network) -> io::Result<()> {
    let [_, count] = read(&mut client).await?;
    let mut methods = vec![0; usize::from(count)];
    client.read_exact(&mut methods).await?;
    let method = if credentials.is_some() { 2 } else { 0 };
    if !methods.contains(&method) {
        return client.write_all(&[5, 0xff]).await;
    }
    client.write_all(&[5, method]).await?;
    if let Some(Credentials { user, password }) = credentials {
        let [_] = read(&mut client).await?;
        let said = (text(&mut client).await?, text(&mut client).await?);
        let good = said == (user.clone(), password.clone());
        client.write_all(&[1, u8::from(!good)]).await?;
        if !good {
            return Ok(());
        }
    }
    let [_, _, _, kind] = read(&mut client).await?;
    let host = match kind {
        1 => Host::Ip(IpAddr::from(read::<4>(&mut client).await?)),
        4 => Host::Ip(IpAddr::from(read::<16>(&mut client).await?)),
        _ => text(&mut client).await?.parse().map_err(io::Error::other)?,
    };
    let target = Target { host, port: u16::from_be_bytes(read(&mut client).await?) };
    match network.open(None, Wanted::Target(&target)).await {
        Ok(mut server) => {
            client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
            copy_bidirectional(&mut client, &mut server).await.map(drop)
        }
        Err(_) => client.write_all(&[5, 5, 0, 1, 0, 0, 0, 0, 0, 0]).await,
    }
}

/// Serves one client of an HTTP proxy that knows CONNECT and reaches out over `network`.
///
/// # Errors
/// The client breaks the protocol, or either side the connection.
///
/// # Cancel safety
/// Dropping the future closes both sides.
pub async fn serve_http_proxy(mut client: impl Stream, credentials: Option<&Credentials>, network: &Network) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(read::<1>(&mut client).await?[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let token = credentials.map(|Credentials { user, password }| BASE64.encode(format!("{user}:{password}").as_bytes()));
    if token.is_some_and(|token| !head.contains(&format!("\r\nProxy-Authorization: Basic {token}\r\n"))) {
        return client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await;
    }
    let Some(target) = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()).and_then(|text| text.parse().ok()) else {
        return client.write_all(b"HTTP/1.1 405 Method Not Allowed\r\n\r\n").await;
    };
    match network.open(None, Wanted::Target(&target)).await {
        Ok(mut server) => {
            client.write_all(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n").await?;
            copy_bidirectional(&mut client, &mut server).await.map(drop)
        }
        Err(_) => client.write_all(b"HTTP/1.1 502 Bad Gateway\r\n\r\n").await,
    }
}

async fn read<const N: usize>(stream: &mut impl Stream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await.map(|_| bytes)
}

async fn text(stream: &mut impl Stream) -> io::Result<String> {
    let [length] = read(stream).await?;
    let mut bytes = vec![0; usize::from(length)];
    stream.read_exact(&mut bytes).await?;
    String::from_utf8(bytes).map_err(io::Error::other)
}
