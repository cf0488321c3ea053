//! Watching a running comparison.
//!
//! A subscription holds an offset into each answer instead of a queue of deltas. A slow watcher therefore gets longer deltas but
//! never causes back-pressure or a backlog, and one that connects late or reconnects gets the current state and then the rest.

use std::sync::Arc;

use domain::{
    ComparisonId,
    playground::{Event, Run, RunStatus},
};
use tokio::sync::watch;

use super::active_comparison::{ActiveComparison, State, lock};

/// One watcher of a running comparison.
#[derive(Debug)]
pub struct Subscription {
    live: Arc<ActiveComparison>,
    changed: watch::Receiver<()>,
    cursor: Cursor,
}

impl Subscription {
    /// Watches from now on; the first event is a snapshot of the current state.
    pub fn new(live: Arc<ActiveComparison>) -> Self {
        Self { changed: live.changed.subscribe(), live, cursor: Cursor::default() }
    }

    /// The comparison that is watched.
    pub fn id(&self) -> ComparisonId {
        self.live.id
    }

    /// Whether the rest has to be read from the database: see [`ActiveComparison::is_handed_over`].
    pub fn is_handed_over(&self) -> bool {
        self.live.is_handed_over()
    }

    /// The next events, at least one; `None` when the comparison has finished and every event was returned, or when it was
    /// handed over. Cancel-safe: events are taken only when they are returned.
    pub async fn next(&mut self) -> Option<Vec<Event>> {
        loop {
            if self.cursor.is_done || self.is_handed_over() {
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

/// How much of a comparison a watcher has received.
#[derive(Debug, Default)]
struct Cursor {
    /// Whether the first snapshot was sent.
    is_open: bool,
    /// Whether the last event was sent.
    is_done: bool,
    /// By position: the attempt that the watcher has seen.
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
    /// The events since the last call.
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
            is_started: run.result.status != RunStatus::Queued,
            is_ended: run.is_ended(),
            sent_bytes: run.result.response_content.as_ref().map_or(0, String::len),
        }
    }

    fn advance(&mut self, run: &Run, events: &mut Vec<Event>) {
        if !self.is_started && run.result.status != RunStatus::Queued {
            self.is_started = true;
            events.push(Event::RunStarted { run_id: run.id });
        }
        if self.is_ended {
            return;
        }
        if run.is_ended() {
            self.is_ended = true;
            events.push(Event::RunFinished { run: run.clone() });
        } else if let Some(rest) = run.result.response_content.as_ref().and_then(|text| text.get(self.sent_bytes..))
            && !rest.is_empty()
        {
            self.sent_bytes += rest.len();
            events.push(Event::Delta { run_id: run.id, text: rest.to_owned() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playground::active_comparison::tests::{ended, live, run};

    #[tokio::test]
    async fn a_watcher_that_comes_late_is_told_everything_once() {
        let live = live();
        let (first, second) = (run(0).id, run(1).id);
        live.start(first);
        live.append(first, "Grü");
        let mut late = Subscription::new(live.clone());
        let opening = late.next().await.expect("events");
        assert!(
            matches!(&opening[..], [Event::Session { session }] if session.runs[0].result.response_content.as_deref() == Some("Grü"))
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
        let mut watcher = Subscription::new(live.clone());
        watcher.next().await.expect("events");
        let stopped = live.cancel_token(first).expect("a token");
        stopped.cancel();
        live.restart(first);
        let events = watcher.next().await.expect("events");
        let [Event::Session { session }] = &events[..] else { panic!("{events:?}") };
        let result = &session.runs[0].result;
        assert_eq!((result.status, &result.response_content), (RunStatus::Queued, &None));
        assert_eq!(session.picked_run_id, None, "the pick was of another answer");
        assert!(!live.cancel_token(first).expect("a token").is_cancelled(), "stopping counted for the time before");
        live.append(first, "new");
        live.start(first);
        let next = watcher.next().await.expect("events");
        assert_eq!(next, [Event::RunStarted { run_id: first }, Event::Delta { run_id: first, text: "new".into() }]);
    }
}
