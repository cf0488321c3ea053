//! Background tasks and the two phases of shutdown. Every task is started through [`Tasks`], so that the server can wait for
//! all of them when it stops.

use std::{future::Future, time::Duration};

use tokio::{
    signal::unix::{SignalKind, signal as on_signal},
    task::JoinHandle,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::error::Error;

/// Starts tasks, signals them to stop, and waits for them. Clones share the same tasks and signals.
///
/// Shutdown has two phases: *draining*, in which no new work is accepted and running work finishes, and *stopping*, in which
/// running work has to end.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    draining: CancellationToken,
    stopping: CancellationToken,
}

impl Tasks {
    /// Starts a task that no disconnecting client can cancel. [`Tasks::stop`] waits for it.
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.tracker.spawn(task)
    }

    /// Runs work to completion even if the caller's future is dropped. Every database transaction runs in one of these, because
    /// a transaction whose future is dropped in the middle of `BEGIN` leaves its connection unusable.
    ///
    /// # Errors
    /// The work's own, or [`Error::Task`] if it panicked.
    pub async fn detached<F, T, E>(&self, work: F) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        match self.spawn(work).await {
            Ok(result) => result,
            Err(error) => Err(E::from(Error::Task(error))),
        }
    }

    /// Begins the first phase of shutdown: no new work is accepted.
    pub fn drain(&self) {
        self.draining.cancel();
    }

    /// Cancelled when no new work may be accepted any more.
    pub fn draining(&self) -> CancellationToken {
        self.draining.clone()
    }

    /// Cancelled when running work has to end.
    pub fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// Begins both phases and waits until every task has ended, at most for `deadline`. Returns whether all have.
    pub async fn stop(&self, deadline: Duration) -> bool {
        self.draining.cancel();
        self.stopping.cancel();
        self.tracker.close();
        tokio::time::timeout(deadline, self.tracker.wait()).await.is_ok()
    }
}

/// Waits for SIGINT or SIGTERM and returns its name. From the first call on, these signals no longer end the process by
/// themselves.
///
/// # Errors
/// Where the signal handlers cannot be installed.
pub async fn signal() -> Result<&'static str, Error> {
    let mut interrupt = on_signal(SignalKind::interrupt())?;
    let mut terminate = on_signal(SignalKind::terminate())?;
    Ok(tokio::select! {
        _ = interrupt.recv() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
    })
}
