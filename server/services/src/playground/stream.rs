//! A comparison as server-sent events.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use domain::{
    accounts::Viewer,
    playground::{Comparison, Event},
};
use futures::{Stream, StreamExt, stream};

use super::{service::PlaygroundService, subscription::Subscription};

/// How often a comment keeps the connection open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The source of a comparison's events.
pub(super) enum Source {
    /// This process, as the events happen.
    ActiveComparison(Subscription),
    /// The database; no event has been sent yet.
    Stored(Comparison),
    /// The database; this state has been sent.
    Polled(Comparison),
}

/// The events of a comparison until every run has ended, in whichever process it runs.
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
        // Serialising these types cannot fail; if it did, an empty event would keep the stream open.
        Ok(SseEvent::default().json_data(&event).unwrap_or_default())
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE).text("keep-alive"))
}

/// The next events of a source, and the source of those after them; `None` at the end.
async fn step(service: &PlaygroundService, viewer: &Viewer, source: Source) -> Option<(Vec<Event>, Option<Source>)> {
    match source {
        Source::ActiveComparison(mut subscription) => match subscription.next().await {
            Some(events) => Some((events, Some(Source::ActiveComparison(subscription)))),
            None if subscription.is_handed_over() => {
                let now = service.stored(viewer, subscription.id()).await.ok()?;
                Some((vec![Event::Session { session: now.clone() }], Some(Source::Polled(now))))
            }
            None => None,
        },
        Source::Stored(now) => Some((vec![Event::Session { session: now.clone() }], Some(Source::Polled(now)))),
        Source::Polled(sent) if sent.is_finished() => {
            Some((vec![Event::SessionFinished { session_id: sent.id }], None))
        }
        Source::Polled(sent) => {
            let (events, now) = service.next_change(viewer, sent).await.ok()?;
            Some((events, Some(Source::Polled(now))))
        }
    }
}
