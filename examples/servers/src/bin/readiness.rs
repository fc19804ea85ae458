//! `readiness(fd, interest, timeout)`: a socket of somebody else's, which blocks nobody while it has nothing to say.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use awaitkit::{Interest, join, readiness, sleep};
use server_examples::Result;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    // As a C library might have made them.
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut client = TcpStream::connect(listener.local_addr()?)?;
    let (mut server, _) = listener.accept()?;
    server.set_nonblocking(true)?;

    assert_eq!(readiness(&server, Interest::READABLE, Duration::from_millis(5)).await?, None, "nothing to read yet");
    let (read, written) = join!(read_all(&mut server), async {
        for part in ["four ", "messages ", "at ", "once"] {
            sleep(Duration::from_millis(5)).await;
            client.write_all(part.as_bytes())?;
        }
        drop(client);
        Ok::<_, std::io::Error>(())
    });
    written?;
    let (text, waits) = read?;
    println!("readiness: {text:?} read, {waits} times waited");
    assert_eq!(text, "four messages at once");
    assert!((2..=5).contains(&waits), "waited for what comes, never tried in vain over and over");
    Ok(())
}

/// Reads to the end: waits until there is something, then takes all there is.
async fn read_all(socket: &mut TcpStream) -> Result<(String, usize)> {
    let (mut bytes, mut waits) = (Vec::new(), 0);
    loop {
        readiness(&*socket, Interest::READABLE, Duration::from_secs(5)).await?.ok_or("nothing came")?;
        waits += 1;
        match socket.read_to_end(&mut bytes) {
            Ok(_) => return Ok((String::from_utf8(bytes)?, waits)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
    }
}
