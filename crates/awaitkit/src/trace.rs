//! Spans, if the feature `tracing` is on; else nothing at all.

pub(crate) use span::Span;

#[cfg(feature = "tracing")]
mod span {
    use tracing::Instrument;

    /// Where something happens, as a subscriber sees it.
    #[derive(Clone, Debug)]
    pub(crate) struct Span(tracing::Span);

    impl Span {
        /// That of the caller.
        pub(crate) fn current() -> Self {
            Self(tracing::Span::current())
        }

        /// A batch on its way, below the span of the caller that began it.
        pub(crate) fn batch(&self, name: &str, keys: usize) -> Self {
            Self(tracing::debug_span!(parent: &self.0, "batch", name, keys))
        }

        /// Work for a key that is not remembered.
        #[cfg(feature = "memo")]
        pub(crate) fn miss(name: &str) -> Self {
            Self(tracing::debug_span!("miss", name))
        }

        /// One run of a loop or of a supervised child.
        pub(crate) fn run(name: &str) -> Self {
            Self(tracing::debug_span!("run", name))
        }

        /// A task with a name.
        pub(crate) fn task(name: &str) -> Self {
            Self(tracing::debug_span!("task", name))
        }

        pub(crate) fn inside<Fut: Future>(self, future: Fut) -> impl Future<Output = Fut::Output> {
            future.instrument(self.0)
        }
    }
}

#[cfg(not(feature = "tracing"))]
mod span {
    /// Nothing.
    #[derive(Clone, Debug)]
    pub(crate) struct Span;

    impl Span {
        pub(crate) fn current() -> Self {
            Self
        }

        pub(crate) fn batch(&self, _: &str, _: usize) -> Self {
            Self
        }

        #[cfg(feature = "memo")]
        pub(crate) fn miss(_: &str) -> Self {
            Self
        }

        pub(crate) fn run(_: &str) -> Self {
            Self
        }

        pub(crate) fn task(_: &str) -> Self {
            Self
        }

        pub(crate) fn inside<Fut: Future>(self, future: Fut) -> Fut {
            future
        }
    }
}
