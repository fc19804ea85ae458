//! The server's end of TLS, with a certificate of its own, for tests.

use std::fmt;
use std::io;
use std::sync::Arc;

use data_encoding::BASE64;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use crate::{BoxStream, Stream, Tls};

/// A server that speaks TLS. Cheap to clone.
#[derive(Clone)]
pub struct TlsServer {
    certificate: CertificateDer<'static>,
    acceptor: TlsAcceptor,
}

impl TlsServer {
    /// A server of these names that speaks these protocols (ALPN).
    ///
    /// # Errors
    /// A name can stand in no certificate.
    pub fn new(names: &[&str], protocols: &[&str]) -> io::Result<Self> {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).map_err(io::Error::other)?;
        let certificate = cert.der().clone();
        let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der()).into();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions();
        let config = config.map_err(io::Error::other)?.with_no_client_auth();
        let mut config = config.with_single_cert(vec![certificate.clone()], key).map_err(io::Error::other)?;
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Ok(Self { certificate, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }

    /// Its certificate.
    pub fn certificate(&self) -> CertificateDer<'static> {
        self.certificate.clone()
    }

    /// The same as a PEM file has it.
    pub fn pem(&self) -> String {
        let lines = BASE64.encode(&self.certificate).into_bytes();
        let lines: Vec<_> = lines.chunks(64).map(String::from_utf8_lossy).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }

    /// A client that trusts this server and no other.
    ///
    /// # Errors
    /// None that a certificate of one's own has.
    pub fn trusted(&self) -> io::Result<Tls> {
        Tls::trusting([self.certificate()])
    }

    /// Shakes hands with a client.
    ///
    /// # Errors
    /// The client does not speak TLS, or does not trust the certificate.
    ///
    /// # Cancel safety
    /// Dropping the future closes the stream.
    pub async fn accept(&self, stream: impl Stream + 'static) -> io::Result<BoxStream> {
        Ok(Box::new(self.acceptor.accept(stream).await?))
    }
}

impl fmt::Debug for TlsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsServer")
    }
}
