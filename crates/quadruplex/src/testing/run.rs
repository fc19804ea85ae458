use std::fmt::Display;
use std::future::Future;

use super::Sandbox;

/// Runs a test in a new sandbox under virtual time. What `#[quadruplex::test]` makes of a function.
///
/// # Panics
/// If the test fails, with the text of its error.
#[track_caller]
pub fn run<F, T>(test: impl FnOnce(Sandbox) -> F) -> T::Value
where
    F: Future<Output = T>,
    T: Outcome,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => panic!("no runtime for the test: {error}"),
    };
    let outcome = runtime.block_on(async {
        match Sandbox::start().await {
            Ok(telegram) => Ok(test(telegram).await),
            Err(error) => Err(error.to_string()),
        }
    });
    match outcome.and_then(Outcome::value) {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}

/// What a test may return: nothing, or a `Result` of it.
pub trait Outcome {
    /// What is left if it is no error.
    type Value;

    /// The value, or the text of the error.
    ///
    /// # Errors
    /// The test has failed.
    fn value(self) -> Result<Self::Value, String>;
}

impl Outcome for () {
    type Value = ();

    fn value(self) -> Result<(), String> {
        Ok(())
    }
}

impl<E: Display> Outcome for Result<(), E> {
    type Value = ();

    fn value(self) -> Result<(), String> {
        self.map_err(|error| error.to_string())
    }
}
