//! The state of a comparison and its reduction by events. Free of browser APIs, so that it can be tested.

use domain::{
    ComparisonId, RunId, format,
    playground::{Run, RunStatus},
    position::letter,
};

use super::wire::{Snapshot, Update};

/// A comparison as the page shows it. Texts are kept apart from the runs, so that cloning a run is cheap.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Board {
    id: Option<ComparisonId>,
    picked: Option<RunId>,
    runs: Vec<Run>,
    texts: Vec<String>,
}

/// A change caused by an event, in the order in which the page applies them.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Change {
    /// The comparison's id is known now.
    Opened(ComparisonId),
    /// Data of the run at this position, other than its text.
    Run(usize),
    /// The run at this position begins its upstream call.
    Started(usize),
    /// Text to append at this position.
    Text(usize, String),
    /// The text at this position was replaced.
    Rewritten(usize),
    /// A message for the status line.
    Said(String),
    /// Every run has ended.
    Ended,
}

/// A run that the server has not reported yet.
pub(super) fn queued(position: usize, model: &str) -> Run {
    Run::queued(RunId(Default::default()), position as u8, model)
}

impl Board {
    /// The state between the request and the first event.
    pub(super) fn expecting(models: &[String]) -> Self {
        let runs: Vec<Run> = models.iter().enumerate().map(|(position, model)| queued(position, model)).collect();
        let texts = vec![String::new(); runs.len()];
        Self { id: None, picked: None, runs, texts }
    }

    /// The state that a snapshot describes.
    pub(super) fn of(comparison: Snapshot) -> Self {
        let mut runs = comparison.runs;
        let texts = runs.iter_mut().map(|run| run.result.response_content.take().unwrap_or_default()).collect();
        Self { id: Some(comparison.id), picked: comparison.picked, runs, texts }
    }

    pub(super) fn id(&self) -> Option<ComparisonId> {
        self.id
    }

    /// The run that the member has picked.
    pub(super) fn picked(&self) -> Option<RunId> {
        self.picked
    }

    /// The runs by position, without their texts.
    pub(super) fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The text received so far at a position.
    pub(super) fn text(&self, position: usize) -> &str {
        self.texts.get(position).map_or("", String::as_str)
    }

    /// Whether every run has ended.
    pub(super) fn is_finished(&self) -> bool {
        self.runs.iter().all(Run::is_ended)
    }

    /// The ids of the comparison and of the run at a position.
    pub(super) fn ids(&self, position: usize) -> Option<(ComparisonId, RunId)> {
        Some((self.id?, self.runs.get(position)?.id))
    }

    /// The runs that can be stopped, with their positions.
    pub(super) fn unfinished(&self) -> Vec<(ComparisonId, usize, RunId)> {
        let Some(id) = self.id else { return Vec::new() };
        let unfinished = self.runs.iter().enumerate().filter(|(_, run)| !run.is_ended());
        unfinished.map(|(position, run)| (id, position, run.id)).collect()
    }

    /// Applies an event. Events of unknown runs change nothing.
    pub(super) fn apply(&mut self, update: Update) -> Vec<Change> {
        match update {
            Update::Session(snapshot) => self.show(snapshot),
            Update::Started(run_id) => self.start(run_id),
            Update::Delta(run_id, text) => self.append(run_id, text),
            Update::Finished(run) => self.finish(*run),
            Update::SessionFinished => vec![Change::Said(self.summary()), Change::Ended],
        }
    }

    /// Replaces the state with a snapshot, which is the first event of every stream, also after a reconnect.
    fn show(&mut self, session: Snapshot) -> Vec<Change> {
        let before = std::mem::replace(self, Board::of(session));
        let mut changes: Vec<Change> = self.id.into_iter().map(Change::Opened).collect();
        for (position, run) in self.runs.iter().enumerate() {
            changes.push(Change::Run(position));
            changes.extend(difference(position, before.text(position), self.text(position)));
            let was = before.runs.get(position).map_or(run.result.status, |run| run.result.status);
            if (was, run.result.status) == (RunStatus::Queued, RunStatus::Running) {
                changes.push(Change::Started(position));
            }
            changes.extend(self.missed(position, was));
        }
        changes
    }

    /// The message for a run that began or ended while no stream was connected.
    fn missed(&self, position: usize, was: RunStatus) -> Option<Change> {
        let run = &self.runs[position];
        let end = match (was, run.result.status) {
            (RunStatus::Queued, RunStatus::Running) => "started.".to_owned(),
            (was, now) if now.is_ended() && !was.is_ended() => ending(run),
            _ => return None,
        };
        Some(Change::Said(format!("{} {end}", self.name(position))))
    }

    fn start(&mut self, run_id: RunId) -> Vec<Change> {
        let Some(position) = self.position(run_id) else { return Vec::new() };
        self.runs[position].result.status = RunStatus::Running;
        let said = format!("{} started.", self.name(position));
        vec![Change::Run(position), Change::Started(position), Change::Said(said)]
    }

    fn append(&mut self, run_id: RunId, text: String) -> Vec<Change> {
        let Some(position) = self.position(run_id) else { return Vec::new() };
        self.texts[position].push_str(&text);
        vec![Change::Text(position, text)]
    }

    fn finish(&mut self, mut run: Run) -> Vec<Change> {
        let Some(position) = self.position(run.id) else { return Vec::new() };
        let text = run.result.response_content.take().unwrap_or_default();
        let mut changes: Vec<Change> = difference(position, &self.texts[position], &text).into_iter().collect();
        self.texts[position] = text;
        self.runs[position] = run;
        changes.push(Change::Run(position));
        changes.push(Change::Said(format!("{} {}", self.name(position), ending(&self.runs[position]))));
        changes
    }

    fn position(&self, run_id: RunId) -> Option<usize> {
        self.runs.iter().position(|run| run.id == run_id)
    }

    fn name(&self, position: usize) -> String {
        format!("{}, {},", letter(position), self.runs[position].model)
    }

    fn summary(&self) -> String {
        let succeeded = self.runs.iter().filter(|run| run.result.status == RunStatus::Succeeded).count();
        let count = self.runs.len();
        match (succeeded, count) {
            (1, 1) => "The answer is here.".into(),
            _ if succeeded == count => format!("All {count} answers are here."),
            _ => format!("Finished: {succeeded} of {count} succeeded."),
        }
    }
}

/// The change from one text to another: none, an addition, or a replacement.
fn difference(position: usize, before: &str, after: &str) -> Option<Change> {
    match after.strip_prefix(before) {
        Some("") => None,
        Some(rest) => Some(Change::Text(position, rest.to_owned())),
        None => Some(Change::Rewritten(position)),
    }
}

/// A run's outcome, as the end of a sentence.
fn ending(run: &Run) -> String {
    match run.result.status {
        RunStatus::Succeeded => format!("is done after {}.", format::duration(run.result.latency_ms)),
        RunStatus::Failed => {
            format!("failed. {}", run.result.error.as_ref().map(|error| error.message.as_str()).unwrap_or_default())
        }
        RunStatus::Cancelled => "was stopped.".into(),
        RunStatus::Interrupted => "was interrupted.".into(),
        RunStatus::Queued | RunStatus::Running => "goes on.".into(),
    }
}

#[cfg(test)]
mod tests {
    use domain::playground::{RunError, RunResult};

    use super::*;

    fn id(n: u8) -> RunId {
        format!("01936d1e-0000-7000-8000-0000000000{n:02}").parse().expect("id")
    }

    fn run(n: u8, status: RunStatus, text: &str) -> Run {
        let response_content = (!text.is_empty()).then(|| text.to_owned());
        let result = RunResult { status, response_content, ..RunResult::default() };
        Run { id: id(n), result, ..queued(usize::from(n), "acme/fast") }
    }

    fn session(runs: Vec<Run>) -> Snapshot {
        Snapshot { id: ComparisonId(id(99).0), picked: None, runs }
    }

    fn running() -> Board {
        Board::of(session(vec![run(0, RunStatus::Running, "Hel"), run(1, RunStatus::Queued, "")]))
    }

    #[test]
    fn the_first_event_gives_the_expected_cards_their_ids() {
        let mut board = Board::expecting(&["acme/fast".into(), "acme/fast".into()]);
        assert!(board.unfinished().is_empty(), "nothing can be stopped before it has an id");
        let changes =
            board.apply(Update::Session(session(vec![run(0, RunStatus::Queued, ""), run(1, RunStatus::Queued, "")])));
        assert_eq!(changes, [Change::Opened(ComparisonId(id(99).0)), Change::Run(0), Change::Run(1)]);
        assert_eq!(board.unfinished().len(), 2);
    }

    #[test]
    fn deltas_append_to_their_own_run() {
        let mut board = running();
        let changes = board.apply(Update::Delta(id(0), "lo".into()));
        assert_eq!(changes, [Change::Text(0, "lo".into())]);
        assert_eq!((board.text(0), board.text(1)), ("Hello", ""));
    }

    #[test]
    fn after_a_lost_connection_only_what_was_missed_is_added() {
        let mut board = running();
        let again = session(vec![run(0, RunStatus::Running, "Hello"), run(1, RunStatus::Running, "Hi")]);
        let changes = board.apply(Update::Session(again));
        assert!(changes.contains(&Change::Text(0, "lo".into())), "{changes:?}");
        assert!(changes.contains(&Change::Text(1, "Hi".into())), "{changes:?}");
    }

    #[test]
    fn what_began_or_ended_before_the_page_listened_is_announced_once() {
        let mut board = Board::expecting(&["acme/fast".into(), "acme/fast".into()]);
        let late = session(vec![run(0, RunStatus::Running, ""), run(1, RunStatus::Cancelled, "")]);
        let said = |changes: Vec<Change>| {
            let sentences = changes.into_iter().filter_map(|change| match change {
                Change::Said(sentence) => Some(sentence),
                _ => None,
            });
            sentences.collect::<Vec<_>>()
        };
        let sentences = said(board.apply(Update::Session(late.clone())));
        assert_eq!(sentences, ["A, acme/fast, started.", "B, acme/fast, was stopped."]);
        assert!(said(board.apply(Update::Session(late))).is_empty(), "said twice");
    }

    #[test]
    fn a_finished_run_replaces_what_the_deltas_made() {
        let mut board = running();
        let mut same = run(0, RunStatus::Succeeded, "Hel");
        same.result.latency_ms = Some(1_310);
        let changes = board.apply(Update::Finished(Box::new(same)));
        let said = Change::Said("A, acme/fast, is done after 1.31 s.".into());
        assert_eq!(changes, [Change::Run(0), said]);

        let other = run(1, RunStatus::Succeeded, "[redacted]");
        board.texts[1] = "secret".into();
        assert_eq!(board.apply(Update::Finished(Box::new(other)))[0], Change::Rewritten(1));
        assert_eq!(board.text(1), "[redacted]");
        assert!(board.is_finished());
    }

    #[test]
    fn a_failure_is_announced_with_its_sentence_and_leaves_the_others_alone() {
        let mut board = running();
        let error = RunError { code: "rate_limited".into(), message: "Too many requests.".into(), retry_after_s: None };
        let mut failed = run(0, RunStatus::Failed, "Hel");
        failed.result.error = Some(error);
        let changes = board.apply(Update::Finished(Box::new(failed)));
        assert_eq!(changes[1], Change::Said("A, acme/fast, failed. Too many requests.".into()));
        assert_eq!(board.text(0), "Hel", "the part that came is kept");
        assert_eq!(board.runs()[1].result.status, RunStatus::Queued);
    }

    #[test]
    fn the_end_says_how_many_succeeded() {
        let mut board = Board::of(session(vec![run(0, RunStatus::Succeeded, "a"), run(1, RunStatus::Failed, "")]));
        let end = Update::SessionFinished;
        assert_eq!(board.apply(end.clone()), [Change::Said("Finished: 1 of 2 succeeded.".into()), Change::Ended]);
        let mut board = Board::of(session(vec![run(0, RunStatus::Succeeded, "a"), run(1, RunStatus::Succeeded, "b")]));
        assert_eq!(board.apply(end)[0], Change::Said("All 2 answers are here.".into()));
    }

    #[test]
    fn events_of_unknown_runs_change_nothing() {
        let mut board = running();
        let before = board.clone();
        assert_eq!(board.apply(Update::Delta(id(7), "x".into())), []);
        assert_eq!(board.apply(Update::Started(id(7))), []);
        assert_eq!(board.apply(Update::Finished(Box::new(run(7, RunStatus::Succeeded, "")))), []);
        assert_eq!(board, before);
    }
}
