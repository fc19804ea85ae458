use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use quadruplex_net::BoxFuture;

use crate::app::{Arguments, Variables, local};
use crate::{Client, Error};

/// An account that [`Accounts`](super::Accounts) is to run, and how its client is made: anew for each start.
///
/// ```
/// use quadruplex::prelude::*;
/// use quadruplex::store::Redb;
///
/// let shop = Account::stored("shop.redb");
/// assert_eq!(&**shop.name(), "shop");
///
/// let news = Account::new("news", || async {
///     let store = Redb::open("news.redb", 3 * SECOND).await?;
///     Client::builder(12345, "hash").flood_wait(MINUTE).connect(store).await
/// });
/// # let _ = news;
/// ```
#[derive(Clone)]
pub struct Account {
    name: Arc<str>,
    open: Arc<dyn Fn() -> BoxFuture<'static, Result<Client, Error>> + Send + Sync>,
}

impl Account {
    /// An account with a name of your choice, by which it is found and told of. `open` makes its client, which has to be signed in by then;
    /// it is called for each start.
    pub fn new<F, Fut>(name: impl Into<Arc<str>>, open: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Client, Error>> + Send + 'static,
    {
        Self { name: name.into(), open: Arc::new(move || Box::pin(open())) }
    }

    /// The account whose session is in this file, and is named after it. `API_ID` and `API_HASH` are in the environment. If nobody is signed
    /// in yet and the program runs on a terminal, it asks there. With `--sandbox` on the command line it is a bot of the name in the
    /// [sandbox](crate::sandbox).
    pub fn stored(session: impl Into<PathBuf>) -> Self {
        Self::in_file(session.into(), None)
    }

    /// A bot, signed in with its token if it is not yet. See [`stored`](Self::stored).
    pub fn bot(session: impl Into<PathBuf>, token: impl Into<String>) -> Self {
        Self::in_file(session.into(), Some(token.into()))
    }

    fn in_file(session: PathBuf, token: Option<String>) -> Self {
        let name: Arc<str> = session.file_stem().map_or_else(|| "account".into(), |name| name.to_string_lossy()).into();
        Self::new(Arc::clone(&name), move || {
            let arguments = Arguments::of_account(session.clone(), token.clone());
            let name = Arc::clone(&name);
            async move {
                match arguments.sandbox {
                    true => local::bot_named(&name).await,
                    false => arguments.connect(&Variables::load()).await,
                }
            }
        })
    }

    /// Its name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub(super) async fn open(&self) -> Result<Client, Error> {
        (self.open)().await
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("name", &self.name).finish_non_exhaustive()
    }
}
