//! Who watches an application: nobody, a server of its own, or that of all accounts of the program.

#[cfg(feature = "metrics")]
pub(crate) use with::Watch;
#[cfg(not(feature = "metrics"))]
pub(crate) use without::Watch;

#[cfg(feature = "metrics")]
mod with {
    use std::net::SocketAddr;
    use std::sync::Arc;

    use tokio::net::TcpListener;
    use tokio::sync::Semaphore;

    use crate::app::Report;
    use crate::conversation::Waiting;
    use crate::metrics::{Monitor, Trouble, Watched};
    use crate::{Accounts, Client, Error};

    #[derive(Default)]
    pub(crate) struct Watch {
        pub(crate) address: Option<String>,
        /// The accounts of the program, and the name of this one.
        pub(crate) among: Option<(Monitor, Arc<str>)>,
    }

    /// Serves requests, if that was asked for.
    pub(crate) struct Watching(Option<(Monitor, TcpListener, Arc<str>)>);

    impl Watch {
        /// Takes the port for the account of this name, which is started again and again with other clients.
        ///
        /// # Errors
        /// The address is taken, or is not this machine's.
        pub(crate) async fn keep(&mut self, name: Arc<str>) -> Result<Watching, Error> {
            let Some(address) = self.address.take() else { return Ok(Watching(None)) };
            let (listener, monitor) = (Monitor::listen(&address).await?, Monitor::default());
            self.among = Some((monitor.clone(), Arc::clone(&name)));
            Ok(Watching(Some((monitor, listener, name))))
        }

        /// Serves what is known of these accounts; where, if that was asked for.
        ///
        /// # Errors
        /// The address is taken, or is not this machine's.
        pub(crate) async fn serve_all(self, accounts: &Accounts) -> Result<Option<SocketAddr>, Error> {
            match self.address {
                Some(address) => accounts.serve_metrics(&address).await.map(Some),
                None => Ok(None),
            }
        }

        /// For the same account with another client.
        pub(in crate::app) fn again(&self) -> Self {
            Self { address: None, among: self.among.clone() }
        }

        /// The account does not run any more.
        pub(crate) fn forget(&self) {
            if let Some((monitor, name)) = &self.among {
                monitor.forget(name);
            }
        }

        pub(in crate::app) async fn begin(
            self,
            client: &Client,
            report: &Report,
            (slots, at_once): (&Arc<Semaphore>, usize),
            waiting: &Arc<Waiting>,
        ) -> Result<Watching, Error> {
            let watched = |name| Watched {
                name,
                client: client.clone(),
                report: report.clone(),
                slots: Arc::clone(slots),
                at_once,
                waiting: Arc::clone(waiting),
            };
            if let Some((monitor, name)) = self.among {
                monitor.watch(watched(name));
            }
            let Some(address) = self.address else { return Ok(Watching(None)) };
            let listener = Monitor::listen(&address).await?;
            let name: Arc<str> = client.own_user().map_or_else(|| "account".into(), |own| own.id.to_string().into());
            let monitor = Monitor::default();
            monitor.watch(watched(Arc::clone(&name)));
            Ok(Watching(Some((monitor, listener, name))))
        }
    }

    impl Watching {
        pub(crate) fn address(&self) -> Option<SocketAddr> {
            self.0.as_ref()?.1.local_addr().ok()
        }

        pub(crate) async fn serve(self) {
            let Some((monitor, listener, account)) = self.0 else { return std::future::pending().await };
            let watched = monitor.clone();
            let others = move || match watched.watches(&account) {
                true => Vec::new(),
                false => {
                    vec![Trouble { account: Arc::clone(&account), reason: "nobody holds the account, or it is not heard of".to_owned() }]
                }
            };
            monitor.serve(listener, others).await;
        }
    }
}

#[cfg(not(feature = "metrics"))]
mod without {
    use std::net::SocketAddr;
    use std::sync::Arc;

    use tokio::sync::Semaphore;

    use crate::app::Report;
    use crate::conversation::Waiting;
    use crate::{Accounts, Client, Error};

    #[derive(Default)]
    pub(crate) struct Watch {}

    pub(crate) struct Watching;

    impl Watch {
        pub(crate) async fn keep(&mut self, _: Arc<str>) -> Result<Watching, Error> {
            Ok(Watching)
        }

        pub(crate) async fn serve_all(self, _: &Accounts) -> Result<Option<SocketAddr>, Error> {
            Ok(None)
        }

        pub(in crate::app) fn again(&self) -> Self {
            Self {}
        }

        pub(crate) fn forget(&self) {}

        pub(in crate::app) async fn begin(
            self,
            _: &Client,
            _: &Report,
            _: (&Arc<Semaphore>, usize),
            _: &Arc<Waiting>,
        ) -> Result<Watching, Error> {
            Ok(Watching)
        }
    }

    impl Watching {
        pub(crate) fn address(&self) -> Option<SocketAddr> {
            None
        }

        pub(crate) async fn serve(self) {
            std::future::pending().await
        }
    }
}
