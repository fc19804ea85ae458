//! The admin interface of the sandbox, over one connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::Value;

pub(crate) struct Admin {
    address: String,
    stream: BufReader<TcpStream>,
}

impl Admin {
    pub(crate) fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("the admin interface listens");
        stream.set_nodelay(true).expect("a socket of TCP");
        Self { address: address.to_owned(), stream: BufReader::new(stream) }
    }

    /// Another connection.
    pub(crate) fn again(&self) -> Self {
        Self::connect(&self.address)
    }

    pub(crate) fn get(&mut self, path: &str) -> Value {
        self.ask("GET", path, "")
    }

    pub(crate) fn post(&mut self, path: &str, body: &Value) -> Value {
        self.ask("POST", path, &body.to_string())
    }

    fn ask(&mut self, method: &str, path: &str, body: &str) -> Value {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: sandbox\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).expect("it is heard");
        let mut line = || {
            let mut line = String::new();
            self.stream.read_line(&mut line).expect("it answers");
            line.trim_end().to_ascii_lowercase()
        };
        let status = line();
        let mut len = 0;
        loop {
            let header = line();
            match header.split_once(": ") {
                Some(("content-length", value)) => len = value.parse().expect("a length"),
                Some(_) => {}
                None => break,
            }
        }
        let mut answer = vec![0; len];
        self.stream.read_exact(&mut answer).expect("it answers");
        assert!(status.contains(" 200 "), "{method} {path}: {status} {}", String::from_utf8_lossy(&answer));
        serde_json::from_slice(&answer).expect("JSON")
    }
}
