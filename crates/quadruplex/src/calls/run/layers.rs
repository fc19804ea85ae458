use bytes::Bytes;
use quadruplex_net::BoxFuture;

use super::Run;
use crate::Error;
use crate::client::{Calls, Erased};

impl Run {
    /// What it still has to go through.
    pub(super) fn layers(&self) -> Option<Calls> {
        if self.is_inside { None } else { self.inner.settings.layers.stack() }
    }

    /// Makes the call through the layers around all calls: what they want to have sent is sent, one after another.
    pub(super) fn through<'a>(&'a mut self, calls: Calls, request: Option<&'a dyn Erased>) -> BoxFuture<'a, Result<Bytes, Error>> {
        Box::pin(async move {
            self.is_inside = true;
            let (mut outermost, mut wanted) = calls.begin((self.id, self.method), self.peer(), self.body.clone());
            let ended = loop {
                let (body, answer) = tokio::select! {
                    biased;
                    ended = &mut outermost => break ended,
                    Some(wanted) = wanted.recv() => wanted,
                };
                self.body = body;
                tokio::select! {
                    biased;
                    // It is not waited for any more.
                    ended = &mut outermost => break ended,
                    result = self.finish(request) => drop(answer.send(result)),
                }
            };
            // If nothing was sent it still has its place.
            self.leave(ended.is_err());
            ended
        })
    }
}
