use std::sync::OnceLock;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, TryStreamExt};
use reqwest::{IntoUrl, Response};

use crate::{Error, Http};

/// The body of a GET, by a client that all of the program shares; it goes directly.
///
/// # Errors
///
/// As of [`Http::file_get_contents`].
///
/// # Cancel safety
///
/// Cancel safe.
pub async fn file_get_contents(url: impl IntoUrl) -> Result<Bytes, Error> {
    static SHARED: OnceLock<Http> = OnceLock::new();
    let http = match SHARED.get() {
        Some(http) => http,
        None => {
            let made = Http::new()?;
            SHARED.get_or_init(|| made)
        }
    };
    http.file_get_contents(url).await
}

impl Http {
    /// The body of a GET, however large it is.
    ///
    /// # Errors
    ///
    /// [`Error::Status`] if the answer is not a good one; otherwise as of [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn file_get_contents(&self, url: impl IntoUrl) -> Result<Bytes, Error> {
        Ok(self.good(url).await?.bytes().await?)
    }

    /// The body of a GET that has at most so many bytes.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] as soon as it is known, so that no more is read or kept; otherwise as of
    /// [`file_get_contents`](Self::file_get_contents).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn file_get_contents_up_to(&self, url: impl IntoUrl, limit: u64) -> Result<Bytes, Error> {
        let response = self.good(url).await?;
        let too_large = || Error::TooLarge { url: response.url().to_string(), limit };
        if response.content_length().is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        let url = response.url().to_string();
        let mut body = BytesMut::new();
        let mut parts = response.bytes_stream();
        while let Some(part) = parts.try_next().await? {
            if (body.len() + part.len()) as u64 > limit {
                return Err(Error::TooLarge { url, limit });
            }
            body.extend_from_slice(&part);
        }
        Ok(body.freeze())
    }

    /// The body of a GET as it comes. Who takes it slowly slows the server down; who drops it ends the transfer.
    ///
    /// # Errors
    ///
    /// As of [`file_get_contents`](Self::file_get_contents); later an item, the last one, if the connection breaks.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn stream<U: IntoUrl>(&self, url: U) -> Result<impl Stream<Item = Result<Bytes, Error>> + use<U>, Error> {
        Ok(self.good(url).await?.bytes_stream().map(|part| part.map_err(Error::from)))
    }

    async fn good(&self, url: impl IntoUrl) -> Result<Response, Error> {
        let response = self.send(self.get(url)).await?;
        match response.status() {
            status if status.is_success() => Ok(response),
            status => Err(Error::Status { url: response.url().to_string(), status }),
        }
    }
}
