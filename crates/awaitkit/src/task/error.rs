use std::error::Error;
use std::fmt;
use std::sync::Arc;

use tokio::task::JoinError;

use super::Origin;
use crate::shared::panic_text;

/// Any error that can travel between tasks.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Why a task has no output.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskError {
    /// It was ended before it was done: by [`abort`](crate::Task::abort) or with its runtime.
    Cancelled(Origin),
    /// It was started where there is no Tokio runtime, and has not run.
    NoRuntime(Origin),
    /// It panicked.
    Panicked {
        /// Which task.
        task: Origin,
        /// What the panic said.
        text: Arc<str>,
    },
}

impl TaskError {
    pub(super) fn from_join(task: Origin, e: JoinError) -> Self {
        match e.try_into_panic() {
            Ok(panic) => Self::Panicked { task, text: panic_text(&*panic).into() },
            Err(_) => Self::Cancelled(task),
        }
    }

    /// Which task it was.
    pub fn task(&self) -> &Origin {
        match self {
            Self::Cancelled(task) | Self::NoRuntime(task) | Self::Panicked { task, .. } => task,
        }
    }
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled(task) => write!(f, "the task {task} was ended before it was done"),
            Self::NoRuntime(task) => write!(f, "the task {task} has not run: there is no Tokio runtime where it was started"),
            Self::Panicked { task, text } => write!(f, "the task {task} panicked: {text}"),
        }
    }
}

impl Error for TaskError {}
