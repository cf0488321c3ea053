//! A comparison that is running in this process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{
    ComparisonId, RunId, UserId,
    playground::{Comparison, Run, RunStatus},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::subscription::Subscription;

/// A running comparison as it stands.
#[derive(Debug)]
pub struct ActiveComparison {
    /// Which one.
    pub id: ComparisonId,
    /// Whose.
    pub user: UserId,
    pub(super) state: Mutex<State>,
    pub(super) changed: watch::Sender<()>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) comparison: Comparison,
    /// By position.
    pub(super) attempts: Vec<Attempt>,
    /// Whether another process works on the comparison too, so that this one does not know all of it.
    pub(super) is_handed_over: bool,
}

/// One time that a run is done.
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

    /// A copy of everything as it stands.
    pub fn snapshot(&self) -> Comparison {
        lock(&self.state).comparison.clone()
    }

    /// What has arrived of a run's answer so far.
    pub fn text(&self, run: RunId) -> Option<String> {
        let state = lock(&self.state);
        state.comparison.runs.iter().find(|other| other.id == run).and_then(|run| run.response_content.clone())
    }

    /// Marks a run as running.
    pub fn start(&self, run: RunId) {
        self.update(run, |run| run.status = RunStatus::Running);
    }

    /// Appends to a run's answer.
    pub fn append(&self, run: RunId, text: &str) {
        self.update(run, |run| run.response_content.get_or_insert_default().push_str(text));
    }

    /// Puts a run back to its beginning: what it answered before is gone. Watchers are shown everything anew.
    pub fn restart(&self, run: RunId) {
        let mut state = lock(&self.state);
        if let Some(position) = state.position(run) {
            let old = &state.comparison.runs[position];
            state.comparison.runs[position] =
                Run { parameters: old.parameters, ..Run::queued(run, old.position, &old.model) };
            state.attempts[position] =
                Attempt { number: state.attempts[position].number + 1, cancel: CancellationToken::new() };
            if state.comparison.picked_run_id == Some(run) {
                state.comparison.picked_run_id = None;
            }
        }
        drop(state);
        self.changed.send_replace(());
    }

    /// Puts the ended run in its place.
    pub fn finish(&self, ended: Run) {
        self.update(ended.id, |run| *run = ended);
    }

    /// Remembers which answer its member prefers.
    pub fn pick(&self, run: RunId) {
        lock(&self.state).comparison.picked_run_id = Some(run);
    }

    /// The token that stops a run.
    pub fn cancel_token(&self, run: RunId) -> Option<CancellationToken> {
        let state = lock(&self.state);
        let position = state.position(run)?;
        Some(state.attempts[position].cancel.clone())
    }

    /// Stops every run.
    pub fn cancel_all(&self) {
        lock(&self.state).attempts.iter().for_each(|attempt| attempt.cancel.cancel());
    }

    /// From here on only the database knows all of it.
    pub(super) fn hand_over(&self) {
        lock(&self.state).is_handed_over = true;
        self.changed.send_replace(());
    }

    /// Whether only the database knows all of it.
    pub fn is_handed_over(&self) -> bool {
        lock(&self.state).is_handed_over
    }

    /// Waits until every run has ended that this process knows of, and returns the comparison.
    pub async fn finished(&self) -> Comparison {
        let mut changed = self.changed.subscribe();
        loop {
            let comparison = self.snapshot_if_finished();
            if let Some(comparison) = comparison {
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

    /// Watches from here on; the first events show everything as it stands.
    pub fn subscribe(self: &Arc<Self>) -> Subscription {
        Subscription::new(self.clone())
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

/// A panic while the lock was held leaves whole values behind, so the lock stays usable.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
pub(super) mod tests {
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
        Arc::new(ActiveComparison::new(domain::UserId(Uuid::from_u128(7)), comparison))
    }

    pub(in crate::playground) fn ended(position: u8, text: &str) -> Run {
        Run { status: RunStatus::Succeeded, response_content: Some(text.into()), ..run(position) }
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
        assert_eq!(waiting.await.expect("joins").runs[1].response_content.as_deref(), Some("b"));
    }
}
