use std::fmt;
use std::io;
use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use crate::{BoxStream, Host};

/// TLS over a stream, by rustls with ring. Cheap to clone.
#[derive(Clone)]
pub struct Tls(Arc<ClientConfig>);

impl Tls {
    /// Trusts the authorities that Mozilla trusts.
    pub fn new() -> Self {
        Self::of(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() })
    }

    /// Trusts these certificates and no other.
    ///
    /// # Errors
    /// One cannot be read.
    pub fn trusting(certificates: impl IntoIterator<Item = CertificateDer<'static>>) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        certificates.into_iter().try_for_each(|certificate| roots.add(certificate).map_err(io::Error::other))?;
        Ok(Self::of(roots))
    }

    /// Trusts the certificates in a PEM file and no other.
    ///
    /// # Errors
    /// There is none, or one cannot be read.
    pub fn trusting_pem(text: &[u8]) -> io::Result<Self> {
        let invalid = |why: &dyn fmt::Display| io::Error::new(io::ErrorKind::InvalidData, why.to_string());
        let certificates = CertificateDer::pem_slice_iter(text).collect::<Result<Vec<_>, _>>().map_err(|error| invalid(&error))?;
        if certificates.is_empty() {
            return Err(invalid(&"there is no certificate in it (-----BEGIN CERTIFICATE-----)"));
        }
        Self::trusting(certificates)
    }

    fn of(roots: RootCertStore) -> Self {
        let provider = Arc::new(crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.expect("ring knows the cipher suites of both versions");
        Self(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
    }

    /// Offers a protocol to the server.
    #[must_use]
    pub fn alpn(self, protocol: &str) -> Self {
        let mut config = ClientConfig::clone(&self.0);
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        Self(Arc::new(config))
    }

    /// Shakes hands with a server of this name.
    ///
    /// # Errors
    /// The server does not speak TLS, or has no certificate for this name by anybody who is trusted.
    ///
    /// # Cancel safety
    /// Dropping the future closes the stream.
    pub async fn wrap(&self, stream: BoxStream, host: &Host) -> io::Result<BoxStream> {
        let name = match host {
            Host::Ip(ip) => ServerName::IpAddress((*ip).into()),
            Host::Name(name) => ServerName::try_from(name.clone()).map_err(io::Error::other)?,
        };
        let connected = TlsConnector::from(self.0.clone()).connect(name, stream).await;
        Ok(Box::new(connected.map_err(|error| io::Error::new(error.kind(), format!("TLS: {error}")))?))
    }
}

impl Default for Tls {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}
