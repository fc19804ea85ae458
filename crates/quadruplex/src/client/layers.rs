//! What a program puts around all of its calls, in the shape that the ecosystem has for it.

use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use quadruplex_net::BoxFuture;
use tokio::sync::{mpsc, oneshot};
use tower_layer::Layer;
use tower_service::Service;

use super::pool::lock;
use crate::{BoxError, Builder, Error};

/// A call as bytes: its peers are looked up, its random ids are drawn. The answer is bytes, too.
///
/// Clones are the same call: what is made of it again is sent with the same random ids, by which Telegram knows a repetition.
#[derive(Clone, Debug)]
pub struct RawCall {
    /// The function: its constructor id.
    pub id: u32,
    /// The function: its name.
    pub method: &'static str,
    /// The function and its fields, as they are sent.
    pub body: Bytes,
    /// The chat that it is about, its id marked as the Bot API does.
    pub peer: Option<i64>,
    way: mpsc::Sender<Wanted>,
}

/// Bytes to be sent, and who waits for the answer.
type Wanted = (Bytes, oneshot::Sender<Result<Bytes, Error>>);

/// What is around calls, or the bare client: a service that a [layer](Builder::layer) is put around.
#[derive(Clone)]
pub struct Calls(Arc<Start>);

type Start = dyn Fn(RawCall) -> BoxFuture<'static, Result<Bytes, Error>> + Send + Sync;

/// A layer of any type.
type AnyLayer = Arc<dyn Fn(Calls) -> Calls + Send + Sync>;

impl Builder {
    /// Puts a layer of [`tower`](https://docs.rs/tower) around every call, file transfers included: to count, to trace, to bound, to refuse. The
    /// first that was given is the outermost. Inside all of them is what the client itself does: queues, limits, migrations, repetitions. What a layer
    /// sends again has left its queue.
    ///
    /// ```
    /// use std::task::{Context, Poll};
    ///
    /// use quadruplex::{Calls, Client, RawCall};
    /// use tower_layer::layer_fn;
    /// use tower_service::Service;
    ///
    /// /// Prints what is called.
    /// #[derive(Clone)]
    /// struct Told(Calls);
    ///
    /// impl Service<RawCall> for Told {
    ///     type Response = <Calls as Service<RawCall>>::Response;
    ///     type Error = <Calls as Service<RawCall>>::Error;
    ///     type Future = <Calls as Service<RawCall>>::Future;
    ///
    ///     fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
    ///         self.0.poll_ready(context)
    ///     }
    ///
    ///     fn call(&mut self, call: RawCall) -> Self::Future {
    ///         println!("{} with {} bytes", call.method, call.body.len());
    ///         self.0.call(call)
    ///     }
    /// }
    ///
    /// let builder = Client::builder(1, "hash").layer(layer_fn(Told));
    /// # let _ = builder;
    /// ```
    #[must_use]
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<Calls> + Send + Sync + 'static,
        L::Service: Service<RawCall, Response = Bytes, Error: Into<BoxError>, Future: Send + 'static> + Clone + Send + 'static,
    {
        self.settings.layers.push(Arc::new(move |inner| Calls::of(layer.layer(inner))));
        self
    }
}

impl Calls {
    fn of<S>(service: S) -> Self
    where
        S: Service<RawCall, Response = Bytes, Error: Into<BoxError>, Future: Send + 'static> + Clone + Send + 'static,
    {
        let service = Mutex::new(service);
        Self(Arc::new(move |call: RawCall| {
            let (mut service, method) = (lock(&service).clone(), call.method);
            Box::pin(async move {
                let done = async {
                    poll_fn(|context| service.poll_ready(context)).await?;
                    service.call(call).await
                };
                done.await.map_err(|error: S::Error| own(method, error.into()))
            })
        }))
    }

    /// The client itself, in the middle of all layers.
    fn bare() -> Self {
        Self(Arc::new(|call: RawCall| {
            Box::pin(async move {
                let RawCall { body, way, method, .. } = call;
                let (answer, wait) = oneshot::channel();
                let gone = || Error::Layer { method, source: "nobody waits for the call any more".into() };
                way.send((body, answer)).await.map_err(|_| gone())?;
                wait.await.unwrap_or_else(|_| Err(gone()))
            })
        }))
    }

    /// Begins a call through all layers, and tells what they want to have sent.
    pub(crate) fn begin(&self, (id, method): (u32, &'static str), peer: Option<i64>, body: Bytes) -> Begun {
        let (way, wanted) = mpsc::channel(1);
        ((self.0)(RawCall { id, method, body, peer, way }), wanted)
    }
}

/// What becomes of a call, and what is to be sent for it.
type Begun = (BoxFuture<'static, Result<Bytes, Error>>, mpsc::Receiver<Wanted>);

/// An error of the client comes through layers that box it, and out of the box again.
fn own(method: &'static str, error: BoxError) -> Error {
    error.downcast::<Error>().map_or_else(|source| Error::Layer { method, source }, |error| *error)
}

impl Service<RawCall> for Calls {
    type Response = Bytes;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Bytes, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: RawCall) -> Self::Future {
        (self.0)(call)
    }
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Calls")
    }
}

/// The layers of a client.
#[derive(Clone, Default)]
pub(crate) struct Layers {
    /// The outermost first.
    all: Vec<AnyLayer>,
    stack: Option<Calls>,
}

impl Layers {
    fn push(&mut self, layer: AnyLayer) {
        self.all.push(layer);
        self.stack = Some(self.all.iter().rev().fold(Calls::bare(), |inner, layer| layer(inner)));
    }

    /// All of them around the client; `None` if there are none.
    pub(crate) fn stack(&self) -> Option<Calls> {
        self.stack.clone()
    }
}

impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} layers", self.all.len())
    }
}
