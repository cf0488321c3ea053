//! A comparison as server-sent events.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use domain::{
    accounts::Viewer,
    error::AppError,
    playground::{Comparison, Event, Run, RunStatus},
};
use futures::{Stream, StreamExt, stream};

use super::{service::PlaygroundService, subscription::Subscription};

/// How often a comment keeps the connection open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How often a comparison that runs in another process is looked up.
const LOOK_UP: Duration = Duration::from_millis(500);

/// Where events come from.
pub(super) enum Source {
    /// From this process, as they happen.
    ActiveComparison(Subscription),
    /// From the database, of which nothing has been told yet.
    Stored(Comparison),
    /// From the database, of which this has been told.
    Told(Comparison),
}

/// The events of a comparison until every run has ended, wherever it runs.
pub(super) fn of(
    service: Arc<PlaygroundService>,
    viewer: Viewer,
    source: Source,
) -> Sse<impl Stream<Item = Result<SseEvent, Infallible>> + use<>> {
    let batches = stream::unfold(Some(source), move |source| {
        let (service, viewer) = (service.clone(), viewer.clone());
        async move { step(&service, &viewer, source?).await }
    });
    let events = batches.flat_map(stream::iter).map(|event| {
        // Our own types always serialise; were that ever to fail, an empty comment keeps the stream whole.
        Ok(SseEvent::default().json_data(&event).unwrap_or_default())
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE).text("keep-alive"))
}

async fn step(service: &PlaygroundService, viewer: &Viewer, source: Source) -> Option<(Vec<Event>, Option<Source>)> {
    match source {
        Source::ActiveComparison(mut subscription) => match subscription.next().await {
            Some(events) => Some((events, Some(Source::ActiveComparison(subscription)))),
            None if subscription.is_handed_over() => {
                let now = service.stored(viewer, subscription.id()).await.ok()?;
                Some((vec![Event::Session { session: now.clone() }], Some(Source::Told(now))))
            }
            None => None,
        },
        Source::Stored(now) => Some((vec![Event::Session { session: now.clone() }], Some(Source::Told(now)))),
        Source::Told(told) if told.is_finished() => Some((vec![Event::SessionFinished { session_id: told.id }], None)),
        Source::Told(told) => {
            let (events, now) = next_change(service, viewer, told).await.ok()?;
            Some((events, Some(Source::Told(now))))
        }
    }
}

/// Waits until something of a comparison in another process has changed.
pub(super) async fn next_change(
    service: &PlaygroundService,
    viewer: &Viewer,
    told: Comparison,
) -> Result<(Vec<Event>, Comparison), AppError> {
    loop {
        tokio::time::sleep(LOOK_UP).await;
        let now = service.stored(viewer, told.id).await?;
        let events = changes(&told, &now);
        if !events.is_empty() {
            return Ok((events, now));
        }
    }
}

/// What has happened since.
fn changes(told: &Comparison, now: &Comparison) -> Vec<Event> {
    let runs = || told.runs.iter().zip(&now.runs);
    // What is done anew begins again, also where it has got as far already: then less of it is there, or something else.
    let is_same = |(told, now): (&Run, &Run)| match (told.status.is_ended(), now.status.is_ended()) {
        (true, _) => now == told,
        (false, false) => text(now).starts_with(text(told)),
        (false, true) => true,
    };
    if !runs().all(is_same) {
        return vec![Event::Session { session: now.clone() }];
    }
    runs().flat_map(|(told, now)| steps(told, now)).collect()
}

/// What has happened to a run that goes on, or has come to its end.
fn steps(told: &Run, now: &Run) -> Vec<Event> {
    let mut events = Vec::new();
    if told.status.is_ended() {
        return events;
    }
    if told.status == RunStatus::Queued && now.status != RunStatus::Queued {
        events.push(Event::RunStarted { run_id: now.id });
    }
    if now.status.is_ended() {
        events.push(Event::RunFinished { run: now.clone() });
    } else if let Some(rest) = text(now).strip_prefix(text(told)).filter(|rest| !rest.is_empty()) {
        events.push(Event::Delta { run_id: now.id, text: rest.to_owned() });
    }
    events
}

fn text(run: &Run) -> &str {
    run.response_content.as_deref().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playground::active_comparison::tests::{ended, live, run};

    fn with(first: Run, second: Run) -> Comparison {
        Comparison { runs: vec![first, second], ..live().snapshot() }
    }

    fn writing(position: u8, text: &str) -> Run {
        Run { status: RunStatus::Running, response_content: Some(text.into()), ..run(position) }
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
