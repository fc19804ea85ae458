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
    use crate::metrics::{Monitor, Watched};
    use crate::{Client, Error};

    #[derive(Default)]
    pub(crate) struct Watch {
        pub(crate) address: Option<String>,
        /// The accounts of the program, and the name of this one.
        pub(crate) among: Option<(Monitor, Arc<str>)>,
    }

    /// Serves requests, if that was asked for.
    pub(in crate::app) struct Watching(Option<(Monitor, TcpListener)>);

    impl Watch {
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
            let name = client.own_user().map_or_else(|| "account".into(), |own| own.id.to_string().into());
            let monitor = Monitor::default();
            monitor.watch(watched(name));
            Ok(Watching(Some((monitor, listener))))
        }
    }

    impl Watching {
        pub(in crate::app) fn address(&self) -> Option<SocketAddr> {
            self.0.as_ref()?.1.local_addr().ok()
        }

        pub(in crate::app) async fn serve(self) {
            match self.0 {
                Some((monitor, listener)) => monitor.serve(listener, Vec::new).await,
                None => std::future::pending().await,
            }
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
    use crate::{Client, Error};

    #[derive(Default)]
    pub(crate) struct Watch {}

    pub(in crate::app) struct Watching;

    impl Watch {
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
        pub(in crate::app) fn address(&self) -> Option<SocketAddr> {
            None
        }

        pub(in crate::app) async fn serve(self) {
            std::future::pending().await
        }
    }
}
