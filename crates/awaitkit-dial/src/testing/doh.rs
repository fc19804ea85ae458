//! A resolver of DNS over HTTPS, for tests: in memory or on a real port, with a certificate of its own.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::TlsServer;
use crate::Stream;

type Answer = dyn Fn(&[u8]) -> http::Response<Vec<u8>> + Send + Sync;

/// A resolver that answers as a test says. Cheap to clone; clones count together.
#[derive(Clone)]
pub struct Resolver {
    server: TlsServer,
    answer: Arc<Answer>,
    asked: Arc<AtomicUsize>,
}

impl Resolver {
    /// A resolver of this name, and how it answers a question.
    ///
    /// # Errors
    /// The name can stand in no certificate.
    pub fn new(name: &str, answer: impl Fn(&[u8]) -> http::Response<Vec<u8>> + Send + Sync + 'static) -> io::Result<Self> {
        Ok(Self { server: TlsServer::new(&[name], &["h2"])?, answer: Arc::new(answer), asked: Arc::default() })
    }

    /// One that knows one v4 address for every name, for so many seconds.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn knowing(name: &str, address: [u8; 4], ttl: u8) -> io::Result<Self> {
        Self::new(name, move |question| Self::dns(Self::record(question, ttl, address)))
    }

    /// An answer with this message.
    pub fn dns(message: Vec<u8>) -> http::Response<Vec<u8>> {
        let mut response = http::Response::new(message);
        response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/dns-message"));
        response
    }

    /// What is asked, with the header of an answer and a record behind it if v4 addresses are asked for.
    pub fn record(question: &[u8], ttl: u8, address: [u8; 4]) -> Vec<u8> {
        let mut message = question.to_vec();
        (message[2], message[3]) = (0x81, 0x80);
        if question[question.len() - 3] == 1 {
            message[7] = 1;
            message.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, ttl, 0, 4]);
            message.extend(address);
        }
        message
    }

    /// Its certificate.
    pub fn certificate(&self) -> CertificateDer<'static> {
        self.server.certificate()
    }

    /// The same as a PEM file has it.
    pub fn pem(&self) -> String {
        self.server.pem()
    }

    /// How many questions have come.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// Serves one connection.
    ///
    /// # Errors
    /// The client breaks the protocol, or the connection.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection.
    pub async fn serve(&self, stream: impl Stream + 'static) -> io::Result<()> {
        let stream = self.server.accept(stream).await?;
        let mut connection = h2::server::handshake(stream).await.map_err(io::Error::other)?;
        while let Some(request) = connection.accept().await {
            let (request, mut respond) = request.map_err(io::Error::other)?;
            let this = self.clone();
            tokio::spawn(async move {
                let is_question = request.method() == http::Method::POST && request.uri().path() == "/dns-query";
                let mut body = request.into_body();
                let mut question = Vec::new();
                while let Some(Ok(chunk)) = body.data().await {
                    question.extend_from_slice(&chunk);
                }
                this.asked.fetch_add(1, Ordering::Relaxed);
                let answer =
                    if is_question { (this.answer)(&question) } else { http::Response::new(b"there are no questions here".to_vec()) };
                let (head, body) = answer.into_parts();
                if let Ok(mut stream) = respond.send_response(http::Response::from_parts(head, ()), false) {
                    let _ = stream.send_data(Bytes::from(body), true);
                }
            });
        }
        Ok(())
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").field("asked", &self.asked).finish_non_exhaustive()
    }
}
