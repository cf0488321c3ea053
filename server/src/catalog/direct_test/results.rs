//! Reports for a page that is loaded after the test it shows: in memory alone, for minutes, for the admin who asked.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use app::{catalog::admin::TestReport, domain::UserId};
use uuid::Uuid;

const MOST: usize = 50;
const LIFETIME: Duration = Duration::from_secs(10 * 60);

/// The newest reports of this process.
#[derive(Default)]
pub(super) struct Results(Mutex<VecDeque<Entry>>);

struct Entry {
    id: Uuid,
    owner: UserId,
    at: Instant,
    report: TestReport,
}

impl Results {
    /// Remembers a report for its owner.
    pub(super) fn put(&self, owner: UserId, report: TestReport) -> Uuid {
        let id = Uuid::now_v7();
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|entry| entry.at.elapsed() < LIFETIME);
        if entries.len() == MOST {
            entries.pop_front();
        }
        entries.push_back(Entry { id, owner, at: Instant::now(), report });
        id
    }

    /// The report, for its owner.
    pub(super) fn get(&self, owner: UserId, id: Uuid) -> Option<TestReport> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |entry: &&Entry| entry.id == id && entry.owner == owner && entry.at.elapsed() < LIFETIME;
        entries.iter().find(is_it).map(|entry| entry.report.clone())
    }
}

#[cfg(test)]
mod tests {
    use app::catalog::admin::Verdict;

    use super::*;

    fn report() -> TestReport {
        TestReport {
            verdict: Verdict::Works,
            failed_stage: None,
            stages: Vec::new(),
            response_content: Some("Hello.".into()),
            finish_reason: None,
            latency_ms: None,
            ttft_ms: None,
            tokens_in: None,
            tokens_out: None,
            list_cost_usd: None,
        }
    }

    #[test]
    fn a_report_is_for_who_asked_and_the_number_of_reports_is_bounded() {
        let (results, owner) = (Results::default(), UserId(Uuid::now_v7()));
        let first = results.put(owner, report());
        assert!(results.get(owner, first).is_some());
        assert!(results.get(UserId(Uuid::now_v7()), first).is_none());
        for _ in 0..MOST {
            results.put(owner, report());
        }
        assert!(results.get(owner, first).is_none());
        assert_eq!(results.0.lock().expect("not poisoned").len(), MOST);
    }
}
