//! The results of the steps so far, reported as they become known.

use std::time::Instant;

use domain::catalog::admin::{StageName, StageState, TestEvent, TestStage};

/// The steps in the order in which a test takes them.
const ALL: [StageName; 8] = [
    StageName::Address,
    StageName::Tcp,
    StageName::Tls,
    StageName::Auth,
    StageName::Model,
    StageName::Reply,
    StageName::Streaming,
    StageName::Usage,
];

/// Records and reports the result of each step.
pub(super) struct Stages<'a> {
    notify: &'a mut (dyn FnMut(TestEvent) + Send),
    /// In the order of the steps, each once.
    results: Vec<TestStage>,
}

impl<'a> Stages<'a> {
    pub(super) fn new(notify: &'a mut (dyn FnMut(TestEvent) + Send)) -> Self {
        Self { notify, results: Vec::new() }
    }

    pub(super) fn pass(&mut self, name: StageName, ms: u64, detail: String) {
        self.record(name, StageState::Passed, ms, detail, None);
    }

    pub(super) fn warn(&mut self, name: StageName, ms: u64, detail: String, remedy: String) {
        self.record(name, StageState::Warning, ms, detail, Some(remedy));
    }

    pub(super) fn fail(&mut self, name: StageName, ms: u64, detail: String, remedy: String) {
        self.record(name, StageState::Failed, ms, detail, Some(remedy));
    }

    pub(super) fn skip(&mut self, name: StageName, ms: u64, detail: &str) {
        self.record(name, StageState::Skipped, ms, detail.to_owned(), None);
    }

    /// Marks every step without a result as skipped.
    pub(super) fn skip_missing(&mut self, why: &str) {
        for name in ALL {
            if !self.results.iter().any(|stage| stage.name == name) {
                self.skip(name, 0, why);
            }
        }
    }

    /// Reports a piece of the answer.
    pub(super) fn delta(&mut self, text: &str) {
        (self.notify)(TestEvent::Delta { text: text.to_owned() });
    }

    pub(super) fn has_failed(&self, name: StageName) -> bool {
        self.results.iter().any(|stage| stage.name == name && stage.state == StageState::Failed)
    }

    pub(super) fn first_failed(&self) -> Option<StageName> {
        self.results.iter().find(|stage| !stage.ok).map(|stage| stage.name)
    }

    pub(super) fn into_vec(self) -> Vec<TestStage> {
        self.results
    }

    /// A later result of the same step replaces the earlier one.
    fn record(&mut self, name: StageName, state: StageState, ms: u64, detail: String, remedy: Option<String>) {
        let stage = TestStage { name, ok: state != StageState::Failed, state, ms, detail, remedy };
        (self.notify)(TestEvent::Stage { stage: stage.clone() });
        self.results.retain(|other| other.name != name);
        self.results.push(stage);
        self.results.sort_by_key(|stage| stage.name);
    }
}

/// Milliseconds since then.
pub(super) fn ms(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
