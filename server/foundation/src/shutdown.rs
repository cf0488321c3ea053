//! Background work: the only place that starts tasks, so that every one of them ends when the server does.

use std::{future::Future, time::Duration};

use tokio::{
    signal::unix::{SignalKind, signal as on_signal},
    task::JoinHandle,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::error::Error;

/// Starts tasks, tells them when to stop, waits for them.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    draining: CancellationToken,
    stopping: CancellationToken,
}

impl Tasks {
    /// A task that nobody's hanging up can drop. The server waits for it when it stops.
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.tracker.spawn(task)
    }

    /// Runs work to its end even if the caller goes away: every database transaction lives in one of these, because a
    /// transaction whose future is dropped in the middle of `BEGIN` poisons its connection.
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

    /// The first half of stopping: nothing new is taken in, and what runs may still finish.
    pub fn drain(&self) {
        self.draining.cancel();
    }

    /// Ends when nothing new may be taken in any more.
    pub fn draining(&self) -> CancellationToken {
        self.draining.clone()
    }

    /// Ends when the server stops: work that still runs has to end now.
    pub fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// Tells every task to stop and waits for them, at most this long. Returns whether all have ended.
    pub async fn stop(&self, deadline: Duration) -> bool {
        self.draining.cancel();
        self.stopping.cancel();
        self.tracker.close();
        tokio::time::timeout(deadline, self.tracker.wait()).await.is_ok()
    }
}

/// Waits until somebody asks the process to end (Ctrl+C, `kill`, a service manager). Returns the name of the signal. After
/// the first call these signals no longer end the process by themselves.
pub async fn signal() -> Result<&'static str, Error> {
    let mut interrupt = on_signal(SignalKind::interrupt())?;
    let mut terminate = on_signal(SignalKind::terminate())?;
    Ok(tokio::select! {
        _ = interrupt.recv() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
    })
}
