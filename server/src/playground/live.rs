//! Comparisons that are running in this process, and those who watch them.
//!
//! A watcher holds a position in each answer instead of a queue of pieces: a slow one gets longer pieces, never a backlog,
//! and one that comes late or comes back gets everything there is and then the rest.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use app::{
    domain::{ComparisonId, RunId, Usd, UserId},
    playground::{Comparison, Event, Run, RunStatus},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The comparisons that run in this process, and for how many runs of the executor each is here.
#[derive(Debug, Default)]
pub struct Hub(Mutex<HashMap<ComparisonId, (Arc<Live>, usize)>>);

impl Hub {
    /// Adds a comparison that is about to run. Where it is here already, because a run is done anew while others go on, that
    /// one is what counts.
    pub fn enter(&self, live: Arc<Live>) -> Arc<Live> {
        let mut here = lock(&self.0);
        let (live, count) = here.entry(live.id).or_insert((live, 0));
        *count += 1;
        live.clone()
    }

    /// The endings of what entered are in the database. The last one out takes the comparison away.
    pub fn leave(&self, id: ComparisonId) {
        let mut here = lock(&self.0);
        if let Some((_, count)) = here.get_mut(&id) {
            *count -= 1;
            if *count == 0 {
                here.remove(&id);
            }
        }
    }

    /// The comparison, if it runs in this process and is this member's.
    pub fn find(&self, user: UserId, id: ComparisonId) -> Option<Arc<Live>> {
        lock(&self.0).get(&id).map(|(live, _)| live).filter(|live| live.user == user).cloned()
    }

    /// How many comparisons of this member run in this process.
    pub fn count(&self, user: UserId) -> usize {
        lock(&self.0).values().filter(|(live, _)| live.user == user).count()
    }
}

/// A running comparison as it stands.
#[derive(Debug)]
pub struct Live {
    /// Which one.
    pub id: ComparisonId,
    /// Whose.
    pub user: UserId,
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

#[derive(Debug)]
struct State {
    comparison: Comparison,
    /// By position.
    attempts: Vec<Attempt>,
}

/// One time that a run is done.
#[derive(Debug, Default)]
struct Attempt {
    number: u32,
    cancel: CancellationToken,
}

impl Live {
    /// A comparison before its first run starts.
    pub fn new(user: UserId, comparison: Comparison) -> Self {
        let attempts = comparison.runs.iter().map(|_| Attempt::default()).collect();
        let id = comparison.id;
        Self { id, user, state: Mutex::new(State { comparison, attempts }), changed: watch::Sender::new(()) }
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
                Run { parameters: old.parameters, ..new_run(run, old.position, &old.model) };
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

    /// Waits until every run has ended and returns the comparison.
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
        Subscription { live: self.clone(), changed: self.changed.subscribe(), cursor: Cursor::default() }
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

/// A run that has not begun.
pub(super) fn new_run(id: RunId, position: u8, model: &str) -> Run {
    Run {
        id,
        position,
        model: model.to_owned(),
        status: RunStatus::Queued,
        parameters: None,
        reasoning_content: None,
        response_content: None,
        finish_reason: None,
        error: None,
        latency_ms: None,
        ttft_ms: None,
        tokens_in: None,
        tokens_out: None,
        tokens_per_second: None,
        cost_usd: Usd::zero(),
        list_cost_usd: None,
    }
}

/// One watcher of a running comparison.
#[derive(Debug)]
pub struct Subscription {
    live: Arc<Live>,
    changed: watch::Receiver<()>,
    cursor: Cursor,
}

impl Subscription {
    /// The next events, at least one; `None` when the comparison has finished and everything was told.
    pub async fn next(&mut self) -> Option<Vec<Event>> {
        loop {
            if self.cursor.is_done {
                return None;
            }
            self.changed.mark_unchanged();
            let events = self.cursor.advance(&lock(&self.live.state));
            if !events.is_empty() {
                return Some(events);
            }
            if self.changed.changed().await.is_err() {
                return None;
            }
        }
    }
}

/// How much of a comparison a watcher has been told.
#[derive(Debug, Default)]
struct Cursor {
    is_open: bool,
    is_done: bool,
    /// By position: which attempt the watcher was told of.
    attempts: Vec<u32>,
    runs: Vec<RunCursor>,
}

#[derive(Debug)]
struct RunCursor {
    is_started: bool,
    is_ended: bool,
    sent_bytes: usize,
}

impl Cursor {
    /// What has happened since the last call.
    fn advance(&mut self, state: &State) -> Vec<Event> {
        let now = &state.comparison;
        let mut events = Vec::new();
        let attempts = || state.attempts.iter().map(|attempt| attempt.number);
        if !self.is_open || !attempts().eq(self.attempts.iter().copied()) {
            self.is_open = true;
            self.attempts = attempts().collect();
            self.runs = now.runs.iter().map(RunCursor::at).collect();
            events.push(Event::Session { session: now.clone() });
        }
        for (cursor, run) in self.runs.iter_mut().zip(&now.runs) {
            cursor.advance(run, &mut events);
        }
        if now.is_finished() {
            self.is_done = true;
            events.push(Event::SessionFinished { session_id: now.id });
        }
        events
    }
}

impl RunCursor {
    fn at(run: &Run) -> Self {
        Self {
            is_started: run.status != RunStatus::Queued,
            is_ended: run.status.is_ended(),
            sent_bytes: run.response_content.as_ref().map_or(0, String::len),
        }
    }

    fn advance(&mut self, run: &Run, events: &mut Vec<Event>) {
        if !self.is_started && run.status != RunStatus::Queued {
            self.is_started = true;
            events.push(Event::RunStarted { run_id: run.id });
        }
        if self.is_ended {
            return;
        }
        if run.status.is_ended() {
            self.is_ended = true;
            events.push(Event::RunFinished { run: run.clone() });
        } else if let Some(rest) = run.response_content.as_ref().and_then(|text| text.get(self.sent_bytes..))
            && !rest.is_empty()
        {
            self.sent_bytes += rest.len();
            events.push(Event::Delta { run_id: run.id, text: rest.to_owned() });
        }
    }
}

/// A panic while the lock was held leaves whole values behind, so the lock stays usable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use app::playground::Parameters;
    use uuid::Uuid;

    use super::*;

    fn run(position: u8) -> Run {
        new_run(RunId(Uuid::from_u128(position.into())), position, "acme/one")
    }

    fn live() -> Arc<Live> {
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
        Arc::new(Live::new(app::domain::UserId(Uuid::from_u128(7)), comparison))
    }

    fn ended(position: u8, text: &str) -> Run {
        Run { status: RunStatus::Succeeded, response_content: Some(text.into()), ..run(position) }
    }

    #[tokio::test]
    async fn a_watcher_that_comes_late_is_told_everything_once() {
        let live = live();
        let (first, second) = (run(0).id, run(1).id);
        live.start(first);
        live.append(first, "Grü");
        let mut late = live.subscribe();
        let opening = late.next().await.expect("events");
        assert!(
            matches!(&opening[..], [Event::Session { session }] if session.runs[0].response_content.as_deref() == Some("Grü"))
        );

        live.append(first, "ße");
        live.start(second);
        let next = late.next().await.expect("events");
        assert_eq!(next, [Event::Delta { run_id: first, text: "ße".into() }, Event::RunStarted { run_id: second }]);

        live.finish(ended(0, "Grüße"));
        live.finish(ended(1, ""));
        let last = late.next().await.expect("events");
        assert_eq!(
            last,
            [
                Event::RunFinished { run: ended(0, "Grüße") },
                Event::RunFinished { run: ended(1, "") },
                Event::SessionFinished { session_id: live.id }
            ]
        );
        assert_eq!(late.next().await, None);
    }

    #[tokio::test]
    async fn a_run_done_anew_is_shown_from_its_beginning_to_those_who_watch_the_others() {
        let live = live();
        let (first, second) = (run(0).id, run(1).id);
        live.start(second);
        live.finish(ended(0, "old"));
        live.pick(first);
        let mut watcher = live.subscribe();
        watcher.next().await.expect("events");
        let stopped = live.cancel_token(first).expect("a token");
        stopped.cancel();
        live.restart(first);
        let events = watcher.next().await.expect("events");
        let [Event::Session { session }] = &events[..] else { panic!("{events:?}") };
        assert_eq!((session.runs[0].status, &session.runs[0].response_content), (RunStatus::Queued, &None));
        assert_eq!(session.picked_run_id, None, "the pick was of another answer");
        assert!(!live.cancel_token(first).expect("a token").is_cancelled(), "stopping counted for the time before");
        live.append(first, "new");
        live.start(first);
        let next = watcher.next().await.expect("events");
        assert_eq!(next, [Event::RunStarted { run_id: first }, Event::Delta { run_id: first, text: "new".into() }]);
    }

    #[tokio::test]
    async fn waiting_for_the_end_returns_the_whole_comparison() {
        let live = live();
        let waiting = tokio::spawn({
            let live = live.clone();
            async move { live.finished().await }
        });
        live.finish(ended(0, "a"));
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        live.finish(ended(1, "b"));
        assert_eq!(waiting.await.expect("joins").runs[1].response_content.as_deref(), Some("b"));
    }

    #[test]
    fn a_comparison_in_the_hub_is_found_by_its_member_only() {
        let hub = Hub::default();
        let live = live();
        hub.enter(live.clone());
        hub.enter(live.clone());
        hub.leave(live.id);
        assert!(hub.find(live.user, live.id).is_some());
        assert!(hub.find(app::domain::UserId(Uuid::from_u128(8)), live.id).is_none());
        hub.leave(live.id);
        assert!(hub.find(live.user, live.id).is_none());
    }
}
