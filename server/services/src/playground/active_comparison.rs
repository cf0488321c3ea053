//! A comparison that is running in this process, as its run tasks and its watchers share it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::{
    ComparisonId, RunId, UserId,
    playground::{Comparison, Run, RunResult, RunStatus},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The current state of a running comparison, behind a lock that is held only for short, non-blocking sections, and a channel
/// that notifies watchers of changes.
#[derive(Debug)]
pub struct ActiveComparison {
    pub id: ComparisonId,
    /// Its owner.
    pub user: UserId,
    pub(super) state: Mutex<State>,
    pub(super) changed: watch::Sender<()>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) comparison: Comparison,
    /// By position.
    pub(super) attempts: Vec<Attempt>,
    /// Whether another process runs a part of the comparison, so that this one no longer has its whole state.
    pub(super) is_handed_over: bool,
}

/// One attempt at a run: its number, from 0, and the token that cancels it.
#[derive(Debug, Default)]
pub(super) struct Attempt {
    pub(super) number: u32,
    cancel: CancellationToken,
}

impl ActiveComparison {
    /// A comparison before its first run starts.
    pub fn new(user: UserId, comparison: Comparison) -> Self {
        let attempts = comparison.runs.iter().map(|_| Attempt::default()).collect();
        let id = comparison.id;
        Self {
            id,
            user,
            state: Mutex::new(State { comparison, attempts, is_handed_over: false }),
            changed: watch::Sender::new(()),
        }
    }

    /// A copy of the current state.
    pub fn snapshot(&self) -> Comparison {
        lock(&self.state).comparison.clone()
    }

    /// The part of a run's answer that has arrived.
    pub fn text(&self, run: RunId) -> Option<String> {
        let state = lock(&self.state);
        let run = state.comparison.runs.iter().find(|other| other.id == run)?;
        run.result.response_content.clone()
    }

    /// Marks a run as running.
    pub fn start(&self, run: RunId) {
        self.update(run, |run| run.result.status = RunStatus::Running);
    }

    /// Appends to a run's answer.
    pub fn append(&self, run: RunId, text: &str) {
        self.update(run, |run| run.result.response_content.get_or_insert_default().push_str(text));
    }

    /// Resets a run for another attempt: its result and a pick of it are dropped. Watchers get a full snapshot again.
    pub fn restart(&self, run: RunId) {
        let mut state = lock(&self.state);
        if let Some(position) = state.position(run) {
            let result = &mut state.comparison.runs[position].result;
            *result = RunResult { parameters: result.parameters, ..RunResult::default() };
            state.attempts[position] =
                Attempt { number: state.attempts[position].number + 1, cancel: CancellationToken::new() };
            if state.comparison.picked_run_id == Some(run) {
                state.comparison.picked_run_id = None;
            }
        }
        drop(state);
        self.changed.send_replace(());
    }

    /// Replaces a run by its final state.
    pub fn finish(&self, ended: Run) {
        self.update(ended.id, |run| *run = ended);
    }

    /// Records which answer the member prefers.
    pub fn pick(&self, run: RunId) {
        lock(&self.state).comparison.picked_run_id = Some(run);
    }

    /// The token that cancels the current attempt at a run.
    pub fn cancel_token(&self, run: RunId) -> Option<CancellationToken> {
        let state = lock(&self.state);
        let position = state.position(run)?;
        Some(state.attempts[position].cancel.clone())
    }

    /// Cancels every run.
    pub fn cancel_all(&self) {
        lock(&self.state).attempts.iter().for_each(|attempt| attempt.cancel.cancel());
    }

    /// Marks the comparison as run by several processes: from here on only the database has its whole state.
    pub(super) fn hand_over(&self) {
        lock(&self.state).is_handed_over = true;
        self.changed.send_replace(());
    }

    /// Whether only the database has its whole state.
    pub fn is_handed_over(&self) -> bool {
        lock(&self.state).is_handed_over
    }

    /// Waits until every run in this process's copy has ended, and returns the comparison. Cancel-safe.
    pub async fn finished(&self) -> Comparison {
        let mut changed = self.changed.subscribe();
        loop {
            if let Some(comparison) = self.snapshot_if_finished() {
                return comparison;
            }
            if changed.changed().await.is_err() {
                return self.snapshot();
            }
        }
    }

    fn snapshot_if_finished(&self) -> Option<Comparison> {
        let state = lock(&self.state);
        state.comparison.is_finished().then(|| state.comparison.clone())
    }

    fn update(&self, run: RunId, change: impl FnOnce(&mut Run)) {
        let mut state = lock(&self.state);
        if let Some(run) = state.comparison.runs.iter_mut().find(|other| other.id == run) {
            change(run);
        }
        drop(state);
        self.changed.send_replace(());
    }
}

impl State {
    fn position(&self, run: RunId) -> Option<usize> {
        self.comparison.runs.iter().position(|other| other.id == run)
    }
}

/// Locks a mutex even if it is poisoned: no critical section leaves a value half-written, so a panic in one does no harm.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use domain::playground::Parameters;
    use foundation::shutdown::Tasks;
    use uuid::Uuid;

    use super::*;

    pub(in crate::playground) fn run(position: u8) -> Run {
        Run::queued(RunId(Uuid::from_u128(position.into())), position, "acme/one")
    }

    pub(in crate::playground) fn live() -> Arc<ActiveComparison> {
        let comparison = Comparison {
            id: ComparisonId(Uuid::from_u128(9)),
            created_at: chrono::DateTime::UNIX_EPOCH,
            prompt: "Hello".into(),
            system_prompt: None,
            parameters: Parameters::default(),
            is_shared: false,
            share_slug: None,
            public_url: None,
            picked_run_id: None,
            runs: vec![run(0), run(1)],
        };
        Arc::new(ActiveComparison::new(UserId(Uuid::from_u128(7)), comparison))
    }

    pub(in crate::playground) fn ended(position: u8, text: &str) -> Run {
        with_text(position, RunStatus::Succeeded, text)
    }

    pub(in crate::playground) fn with_text(position: u8, status: RunStatus, text: &str) -> Run {
        Run {
            result: RunResult { status, response_content: Some(text.into()), ..RunResult::default() },
            ..run(position)
        }
    }

    #[tokio::test]
    async fn waiting_for_the_end_returns_the_whole_comparison() {
        let live = live();
        let waiting = Tasks::default().spawn({
            let live = live.clone();
            async move { live.finished().await }
        });
        live.finish(ended(0, "a"));
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        live.finish(ended(1, "b"));
        assert_eq!(waiting.await.expect("joins").runs[1].result.response_content.as_deref(), Some("b"));
    }
}
