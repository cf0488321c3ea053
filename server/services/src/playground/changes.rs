//! The difference between two stored states of a comparison, as the events that lead from one to the other.

use domain::playground::{Comparison, Event, Run, RunStatus};

/// The events that lead from the state that was sent to the present one; none where they are equal.
pub(super) fn changes(sent: &Comparison, now: &Comparison) -> Vec<Event> {
    let runs = || sent.runs.iter().zip(&now.runs);
    // A run that was restarted needs a full snapshot. It shows by an ended run that differs or by text that is not a continuation.
    let is_same = |(sent, now): (&Run, &Run)| match (sent.is_ended(), now.is_ended()) {
        (true, _) => now == sent,
        (false, false) => text(now).starts_with(text(sent)),
        (false, true) => true,
    };
    if !runs().all(is_same) {
        return vec![Event::Session { session: now.clone() }];
    }
    runs().flat_map(|(sent, now)| steps(sent, now)).collect()
}

/// The events of one run that was not restarted.
fn steps(sent: &Run, now: &Run) -> Vec<Event> {
    let mut events = Vec::new();
    if sent.is_ended() {
        return events;
    }
    if sent.result.status == RunStatus::Queued && now.result.status != RunStatus::Queued {
        events.push(Event::RunStarted { run_id: now.id });
    }
    if now.is_ended() {
        events.push(Event::RunFinished { run: now.clone() });
    } else if let Some(rest) = text(now).strip_prefix(text(sent)).filter(|rest| !rest.is_empty()) {
        events.push(Event::Delta { run_id: now.id, text: rest.to_owned() });
    }
    events
}

fn text(run: &Run) -> &str {
    run.result.response_content.as_deref().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playground::active_comparison::tests::{ended, live, run, with_text};

    fn with(first: Run, second: Run) -> Comparison {
        Comparison { runs: vec![first, second], ..live().snapshot() }
    }

    fn writing(position: u8, text: &str) -> Run {
        with_text(position, RunStatus::Running, text)
    }

    #[test]
    fn what_another_process_writes_is_told_piece_by_piece() {
        let (start, id) = (with(run(0), run(1)), run(0).id);
        assert_eq!(changes(&start, &start), []);
        let begun = with(writing(0, "Grü"), run(1));
        let told = changes(&start, &begun);
        assert_eq!(told, [Event::RunStarted { run_id: id }, Event::Delta { run_id: id, text: "Grü".into() }]);
        let more = with(writing(0, "Grüße"), run(1));
        assert_eq!(changes(&begun, &more), [Event::Delta { run_id: id, text: "ße".into() }]);
        let done = with(ended(0, "Grüße!"), run(1));
        assert_eq!(changes(&more, &done), [Event::RunFinished { run: ended(0, "Grüße!") }]);
        assert_eq!(changes(&done, &done), []);
    }

    #[test]
    fn what_another_process_does_anew_is_told_from_its_beginning() {
        let told = with(ended(0, "old"), writing(1, "so far"));
        for again in [run(0), writing(0, "new"), ended(0, "new")] {
            let now = with(again, writing(1, "so far"));
            assert_eq!(changes(&told, &now), [Event::Session { session: now.clone() }]);
        }
        let shorter = with(ended(0, "old"), writing(1, "so"));
        assert_eq!(changes(&told, &shorter), [Event::Session { session: shorter.clone() }]);
    }
}
