//! The options that everything has that is sent: calls, and files, which are uploaded first.

/// Methods that fill the field `options`.
macro_rules! call_options {
    () => {
        /// Fails with [`Error::Timeout`](crate::Error::Timeout) if there is no answer in time. The server is told that nobody wants it; the error tells whether the
        /// call may have been executed, and what is known of it.
        pub fn timeout(mut self, after: std::time::Duration) -> Self {
            self.options.timeout = Some(after);
            self
        }

        /// Fails with [`Error::Cancelled`](crate::Error::Cancelled) when the token is cancelled; else like a [timeout](Self::timeout).
        ///
        /// ```no_run
        /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
        /// use quadruplex::CancellationToken;
        ///
        /// let stop = CancellationToken::new();
        /// let sending = tokio::spawn({
        ///     let (client, stop) = (client.clone(), stop.clone());
        ///     async move { client.send("@lena", "hello").cancel(&stop).await }
        /// });
        /// stop.cancel();
        /// # Ok(())
        /// # }
        /// ```
        pub fn cancel(mut self, token: &$crate::CancellationToken) -> Self {
            self.options.stop = Some(token.clone());
            self
        }

        /// Has the server execute it after the calls that are in the queue of this name already. The place is taken when the call is awaited,
        /// detached or put among several that are awaited.
        ///
        /// A queue is the account's and needs no setting up: it exists while somebody is in it. All of it travels at once, in one packet if
        /// the calls were made at the same time; where calls go to different data centres, each waits for the one before.
        ///
        /// A call that ends by its timeout, its token or by being dropped leaves the queue. If it was on its way, those that stand behind it
        /// are still executed after it, or after it was refused; one that comes to the empty queue later may overtake it.
        ///
        /// ```no_run
        /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
        /// client.send("@danogentili", "a").queue("hello").detach();
        /// client.send("@danogentili", "b").queue("hello").detach();
        /// # Ok(())
        /// # }
        /// ```
        pub fn queue(mut self, name: impl AsRef<str>) -> Self {
            self.options.line.name = Some(name.as_ref().into());
            self
        }

        /// What it does when the call before it in its queue has failed: it is made all the same, unless told otherwise.
        pub fn after_failure(mut self, after_failure: $crate::AfterFailure) -> Self {
            self.options.line.after_failure = Some(after_failure);
            self
        }

        /// Sends it once under this key, however often it is called, by whichever process of the account: its `random_id` follows from the
        /// key, and Telegram takes none twice. The second call gets the message of the first.
        ///
        /// Telegram remembers for some days. Only for what has a `random_id`: what is sent.
        ///
        /// ```no_run
        /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
        /// let first = client.send("@bob", "Order 7 is on its way").once("order-7").await?;
        /// let second = client.send("@bob", "Order 7 is on its way").once("order-7").await?;
        /// assert_eq!(first.id(), second.id());
        /// # Ok(())
        /// # }
        /// ```
        pub fn once(mut self, key: impl AsRef<str>) -> Self {
            self.options.once = Some(key.as_ref().into());
            self
        }

        /// What it does when Telegram wants it to wait, by an answer to it or to one like it before: [`Wait`]($crate::Wait), or a duration up to which it
        /// waits. The client's setting (30 s unless told otherwise) if this is not called.
        pub fn flood_wait(mut self, wait: impl Into<$crate::Wait>) -> Self {
            self.options.flood_wait = Some(wait.into());
            self
        }
    };
}
pub(crate) use call_options;
