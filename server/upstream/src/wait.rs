//! Deadlines and cancellation of every wait for an upstream.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::error::UpstreamError;

/// Limits of one call. The limit for connecting belongs to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// From the start to the first byte of the response's body.
    pub first_byte: Duration,
    /// Between two pieces of the body.
    pub idle: Duration,
    /// From the first attempt to the last byte.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { first_byte: Duration::from_secs(60), idle: Duration::from_secs(30), total: Duration::from_secs(180) }
    }
}

impl Timeouts {
    /// The defaults with another total, which is a setting of each upstream.
    pub fn with_total(total: Duration) -> Self {
        Self { total, ..Self::default() }
    }
}

/// The deadlines of a running call, and the token that ends it early. Every wait below is cancel-safe if its `work` is.
#[derive(Clone, Debug)]
pub struct Deadlines {
    idle: Duration,
    first_byte: Instant,
    total: Instant,
    cancel: CancellationToken,
}

impl Deadlines {
    /// Deadlines that count from now.
    pub fn start(timeouts: Timeouts, cancel: CancellationToken) -> Self {
        let now = Instant::now();
        Self { idle: timeouts.idle, first_byte: now + timeouts.first_byte, total: now + timeouts.total, cancel }
    }

    /// Deadlines of an answer that is not streamed, counted from now: the model generates all of it before the first byte comes.
    pub fn start_whole(timeouts: Timeouts, cancel: CancellationToken) -> Self {
        Self::start(Timeouts { first_byte: timeouts.total, ..timeouts }, cancel)
    }

    /// Restarts the deadline of the first byte, for a retry; the total stays.
    pub(super) fn restart_first_byte(&mut self, timeouts: Timeouts) {
        self.first_byte = Instant::now() + timeouts.first_byte;
    }

    /// Whether a pause of this length ends before the total deadline.
    pub(super) fn allow(&self, pause: Duration) -> bool {
        Instant::now() + pause < self.total
    }

    /// Waits for the first output of an answer.
    pub(super) async fn for_first_output<T>(&self, work: impl Future<Output = T>) -> Result<T, UpstreamError> {
        self.wait(work, self.first_byte, UpstreamError::timeout_first_byte).await
    }

    /// Waits for the first byte.
    pub(super) async fn for_first_byte<T>(&self, work: impl Future<Output = T>) -> Result<T, UpstreamError> {
        self.wait(work, self.first_byte, UpstreamError::timeout_first_byte).await
    }

    /// Waits for the next bytes.
    pub(super) async fn for_more<T>(&self, work: impl Future<Output = T>) -> Result<T, UpstreamError> {
        self.wait(work, Instant::now() + self.idle, UpstreamError::timeout_idle).await
    }

    /// Waits up to the total deadline.
    pub(super) async fn for_total<T>(&self, work: impl Future<Output = T>) -> Result<T, UpstreamError> {
        self.wait(work, self.total, UpstreamError::timeout_total).await
    }

    /// Sleeps.
    pub(super) async fn pause(&self, pause: Duration) -> Result<(), UpstreamError> {
        self.wait(tokio::time::sleep(pause), self.total, UpstreamError::timeout_total).await
    }

    /// Waits at most this long; `None` if it took longer.
    pub(super) async fn for_at_most<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = T>,
    ) -> Result<Option<T>, UpstreamError> {
        let work = tokio::time::timeout(limit.min(self.idle), work);
        Ok(self.wait(work, self.total, UpstreamError::timeout_total).await?.ok())
    }

    async fn wait<T>(
        &self,
        work: impl Future<Output = T>,
        limit: Instant,
        exceeded: fn() -> UpstreamError,
    ) -> Result<T, UpstreamError> {
        let (deadline, exceeded) = if limit < self.total {
            (limit, exceeded)
        } else {
            (self.total, UpstreamError::timeout_total as fn() -> _)
        };
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(UpstreamError::cancelled()),
            waited = timeout_at(deadline, work) => waited.map_err(|_| exceeded()),
        }
    }
}
