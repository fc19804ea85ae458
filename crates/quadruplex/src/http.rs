//! The web, by the ways that lead to Telegram.

use std::sync::Arc;

use awaitkit_http::reqwest::header::{CONTENT_DISPOSITION, CONTENT_LENGTH};
use awaitkit_http::reqwest::{IntoUrl, Response};
use awaitkit_http::{Http, Policy};
use futures_util::TryStreamExt;
use percent_encoding::percent_decode_str;
use quadruplex_net::{Proxy, awaitkit_dial::Route};
use tokio::io::AsyncRead;
use tokio_util::io::StreamReader;

use crate::client::Ways;
use crate::{Client, Error};

impl Client {
    /// The HTTP client of this account. It takes the ways of the client itself, in their order, and looks names up as it does; MTProto
    /// proxies, which carry nothing but Telegram, are left out. [`Builder::http_policy`](crate::Builder::http_policy) knows other ways.
    /// Its cookies last as long as the account's client.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> quadruplex::Result {
    /// let http = client.http()?;
    /// let answer = http.send(http.post("https://example.org/form").body("x=1")).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Http`] if no way is left.
    pub fn http(&self) -> Result<Http, Error> {
        if let Some(http) = self.inner.http.get() {
            return Ok(http.clone());
        }
        let made = self.inner.settings.ways.http()?;
        Ok(self.inner.http.get_or_init(|| made).clone())
    }

    /// The body of a GET whose status is a good one, by the [HTTP client](Self::http) of this account.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> quadruplex::Result {
    /// let page = client.file_get_contents("https://example.org/").await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Http`].
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn file_get_contents(&self, url: impl IntoUrl) -> Result<Vec<u8>, Error> {
        Ok(self.http()?.file_get_contents(url).await?.into())
    }
}

impl Ways {
    fn http(&self) -> Result<Http, Error> {
        let policy = self.http.clone().unwrap_or_else(|| {
            let routes = self.policy.routes.iter().filter_map(|route| match route {
                Route::Direct => Some(Route::Direct),
                Route::Proxy(Proxy::Tunnel(chain)) => Some(Route::Proxy(chain.clone())),
                Route::Proxy(Proxy::MtProxy(_)) => None,
            });
            Policy { routes: routes.collect(), patience: self.policy.patience }
        });
        if policy.routes.is_empty() {
            let why = "MTProto proxies carry nothing but Telegram, and this client knows no other way\n  \
                       help: say which by Builder::http_policy";
            return Err(awaitkit_http::Error::Policy(why.to_owned()).into());
        }
        Ok(Http::builder().policy(policy).names(Arc::clone(&self.network.names)).build()?)
    }
}

/// What is at a URL: its name, how long it is if the server says so, its content as it comes.
pub(crate) async fn open(client: &Client, url: &str) -> Result<(String, Option<u64>, impl AsyncRead + Send + use<>), Error> {
    let http = client.http()?;
    let response = http.send(http.get(url)).await?;
    if !response.status().is_success() {
        return Err(awaitkit_http::Error::Status { url: response.url().to_string(), status: response.status() }.into());
    }
    let (name, size) = (name(&response), size(&response));
    Ok((name, size, StreamReader::new(response.bytes_stream().map_err(std::io::Error::other))))
}

/// None if the server does not say, or says how long the packed content is.
fn size(response: &Response) -> Option<u64> {
    // Unpacking takes the header away.
    response.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The name that the server gives, else that in the URL where redirects have led.
fn name(response: &Response) -> String {
    let given = response.headers().get(CONTENT_DISPOSITION).and_then(|value| value.to_str().ok()).and_then(given_name);
    let in_url = || {
        let last = response.url().path_segments()?.next_back().filter(|last| !last.is_empty())?;
        Some(percent_decode_str(last).decode_utf8_lossy().into_owned())
    };
    given.or_else(in_url).unwrap_or_else(|| "file".to_owned())
}

/// The file name in `attachment; filename="a.txt"` or `filename*=UTF-8''a.txt` (RFC 6266), which wins.
fn given_name(disposition: &str) -> Option<String> {
    let parameter = |name: &str| {
        let values = disposition.split(';').filter_map(|part| part.trim().split_once('='));
        values.filter(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    };
    let extended = || {
        let (charset, rest) = parameter("filename*")?.split_once('\'')?;
        let (_, value) = rest.split_once('\'')?;
        charset.eq_ignore_ascii_case("utf-8").then(|| percent_decode_str(value).decode_utf8_lossy().into_owned())
    };
    let name = extended().or_else(|| Some(parameter("filename")?.trim_matches('"').to_owned()))?;
    // A name, wherever the server would like to put it.
    name.rsplit(['/', '\\']).next().filter(|name| !name.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::given_name;

    #[test]
    fn names() {
        let check = |disposition: &str, expect: Option<&str>| assert_eq!(given_name(disposition).as_deref(), expect, "{disposition}");
        check("attachment", None);
        check("attachment; filename=a.txt", Some("a.txt"));
        check("attachment; FileName = \"a b.txt\"; size=7", Some("a b.txt"));
        check("attachment; filename=\"../../etc/passwd\"", Some("passwd"));
        check("attachment; filename=\"\"", None);
        check("attachment; filename=a.txt; filename*=UTF-8''%e2%82%ac.txt", Some("€.txt"));
        check("attachment; filename=a.txt; filename*=latin1''b.txt", Some("a.txt"));
        check("attachment; filename*=UTF-8'en'", None);
    }
}
