//! Deadlines and cancellation of every wait for an upstream.

use std::{future::Future, time::Duration};

use domain::catalog::admin::{FIRST_OUTPUT, SILENCE, TimeLimit, WHOLE};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::error::UpstreamError;

/// Limits of one call, settings of each upstream. The limit for connecting belongs to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// From sending the request to the first output of a stream.
    pub first_output: Duration,
    /// Without a byte after that.
    pub silence: Duration,
    /// From sending the request to the last byte of an answer that is not streamed.
    pub whole: Duration,
    /// A limit of what the call is made for, such as a test, that no setting of the upstream raises.
    pub cap: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        let usual = |limit: TimeLimit| Duration::from_millis(limit.default_ms.into());
        Self { first_output: usual(FIRST_OUTPUT), silence: usual(SILENCE), whole: usual(WHOLE), cap: None }
    }
}

impl Timeouts {
    /// The same, with no limit above `cap`.
    pub fn capped(self, cap: Duration) -> Self {
        Self { cap: Some(self.cap.map_or(cap, |other| other.min(cap))), ..self }
    }

    fn limit(&self, setting: TimeLimit, time: Duration) -> Limit {
        match self.cap {
            Some(cap) if cap < time => Limit { time: cap, label: None },
            _ => Limit { time, label: Some(setting.label) },
        }
    }
}

/// A limit as messages report it.
#[derive(Clone, Copy, Debug)]
struct Limit {
    time: Duration,
    /// The setting of the upstream that it is; `None` where that is not what limits the call.
    label: Option<&'static str>,
}

impl Limit {
    /// The time, and which setting it is: `300 s (this site's limit “Time to first output” of the upstream)`.
    fn in_words(self) -> String {
        let seconds = self.time.as_secs_f64();
        match self.label {
            Some(label) => format!("{seconds} s (this site's limit “{label}” of the upstream)"),
            None => format!("{seconds} s (this site's limit for a request of this kind)"),
        }
    }
}

/// The deadlines of a running call, and the token that ends it early. Every wait below is cancel-safe if its `work` is.
#[derive(Clone, Debug)]
pub struct Deadlines {
    silence: Limit,
    first_output: Deadline,
    /// `None` for a stream: nothing limits the whole of one that moves.
    whole: Option<Deadline>,
    cancel: CancellationToken,
}

#[derive(Clone, Copy, Debug)]
struct Deadline {
    at: Instant,
    limit: Limit,
    exceeded: fn(&str) -> UpstreamError,
}

impl Deadline {
    fn after(limit: Limit, exceeded: fn(&str) -> UpstreamError) -> Self {
        Self { at: Instant::now() + limit.time, limit, exceeded }
    }
}

impl Deadlines {
    /// Deadlines of a stream, counted from now: the first output has to come in time, and what follows must not pause for too
    /// long.
    pub fn start(timeouts: Timeouts, cancel: CancellationToken) -> Self {
        let first_output = timeouts.limit(FIRST_OUTPUT, timeouts.first_output);
        Self {
            silence: timeouts.limit(SILENCE, timeouts.silence),
            first_output: Deadline::after(first_output, UpstreamError::timeout_first_byte),
            whole: None,
            cancel,
        }
    }

    /// Deadlines of an answer that is not streamed, counted from now. It begins when all of it has been generated, so that only
    /// the whole of it is limited until then.
    pub fn start_whole(timeouts: Timeouts, cancel: CancellationToken) -> Self {
        let whole = Deadline::after(timeouts.limit(WHOLE, timeouts.whole), UpstreamError::timeout_total);
        Self { silence: timeouts.limit(SILENCE, timeouts.silence), first_output: whole, whole: Some(whole), cancel }
    }

    /// Restarts the deadline of the first output, for a retry.
    pub(super) fn restart_first_output(&mut self) {
        if self.whole.is_none() {
            self.first_output.at = Instant::now() + self.first_output.limit.time;
        }
    }

    /// Whether a pause of this length before a retry ends within the time that an answer may take to begin.
    pub(super) fn allow(&self, pause: Duration) -> bool {
        Instant::now() + pause < self.first_output.at
    }

    /// Waits for bytes while there has been no output yet.
    pub(super) async fn for_first_output<T>(&self, work: impl Future<Output = T>) -> Result<T, UpstreamError> {
        self.wait(work, Some(self.first_output)).await
    }

    /// Waits for the next bytes.
    pub(super) async fn for_more<T>(&self, work: impl Future<Output = T>) -> Result<T, UpstreamError> {
        self.wait(work, Some(Deadline::after(self.silence, UpstreamError::timeout_idle))).await
    }

    /// Sleeps, until the first output would be late.
    pub(super) async fn pause(&self, pause: Duration) -> Result<(), UpstreamError> {
        self.wait(tokio::time::sleep(pause), Some(self.first_output)).await
    }

    /// Waits at most this long; `None` if it took longer.
    pub(super) async fn for_at_most<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = T>,
    ) -> Result<Option<T>, UpstreamError> {
        let work = timeout(limit.min(self.silence.time), work);
        Ok(self.wait(work, None).await?.ok())
    }

    /// Waits until this deadline, or that of the whole where it is earlier.
    async fn wait<T>(&self, work: impl Future<Output = T>, deadline: Option<Deadline>) -> Result<T, UpstreamError> {
        let earliest = self.whole.into_iter().chain(deadline).min_by_key(|deadline| deadline.at);
        let in_time = async {
            match earliest {
                Some(Deadline { at, limit, exceeded }) => {
                    timeout_at(at, work).await.map_err(|_| exceeded(&limit.in_words()))
                }
                None => Ok(work.await),
            }
        };
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(UpstreamError::cancelled()),
            waited = in_time => waited,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    const FIRST_OUTPUT: Duration = Duration::from_millis(30);
    const SILENCE: Duration = Duration::from_millis(20);
    const WHOLE: Duration = Duration::from_millis(60);

    fn timeouts() -> Timeouts {
        Timeouts { first_output: FIRST_OUTPUT, silence: SILENCE, whole: WHOLE, cap: None }
    }

    /// Both waits of a server that sends nothing.
    async fn nothing(deadlines: &Deadlines) -> (UpstreamError, UpstreamError) {
        let first = deadlines.for_first_output(pending::<()>()).await.expect_err("a deadline");
        (first, deadlines.for_more(pending::<()>()).await.expect_err("a deadline"))
    }

    #[tokio::test]
    async fn each_limit_is_reported_under_the_name_that_its_setting_has() {
        let (first, more) = nothing(&Deadlines::start(timeouts(), CancellationToken::new())).await;
        assert_eq!((first.code, more.code), ("timeout_first_byte", "timeout_idle"));
        let words = "within 0.03 s (this site's limit “Time to first output” of the upstream)";
        assert!(first.message.contains(words), "{first}");
        assert!(more.message.contains("0.02 s (this site's limit “Silence” of the upstream)"), "{more}");

        let (whole, rest) = nothing(&Deadlines::start_whole(timeouts(), CancellationToken::new())).await;
        assert_eq!((whole.code, rest.code), ("timeout_total", "timeout_total"));
        assert!(whole.message.contains("0.06 s (this site's limit “Whole answer, if not streamed”"), "{whole}");
    }

    #[tokio::test]
    async fn a_stream_that_moves_has_no_limit_and_a_whole_answer_has_one() {
        let patient = Timeouts { silence: Duration::from_secs(10), ..timeouts() };
        let stream = Deadlines::start(patient, CancellationToken::new());
        let whole = Deadlines::start_whole(patient, CancellationToken::new());
        for _ in 0..3 {
            assert_eq!(stream.for_more(tokio::time::sleep(WHOLE)).await, Ok(()));
        }
        assert_eq!(whole.for_more(pending::<()>()).await.map_err(|error| error.code), Err("timeout_total"));
    }

    #[tokio::test]
    async fn a_cap_that_no_setting_raises_names_no_setting() {
        let capped = timeouts().capped(Duration::from_millis(15));
        let (first, _) = nothing(&Deadlines::start(capped, CancellationToken::new())).await;
        assert!(first.message.contains("within 0.015 s (this site's limit for a request of this kind)"), "{first}");
        // A shorter setting of the upstream stays what limits the call.
        let capped = timeouts().capped(Duration::from_secs(1));
        let (first, _) = nothing(&Deadlines::start(capped, CancellationToken::new())).await;
        assert!(first.message.contains("within 0.03 s (this site's limit “Time to first output”"), "{first}");
    }
}
