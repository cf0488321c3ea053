//! A comparison as server-sent events.

use std::{convert::Infallible, sync::Arc, time::Duration};

use app::{
    account::Viewer,
    domain::ComparisonId,
    error::AppError,
    playground::{Comparison, Event, PlaygroundPort},
};
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use futures::{Stream, StreamExt, stream};

use super::{live::Live, service::PlaygroundService};

/// How often a comment keeps the connection open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How often a comparison that runs in another process is looked up.
const LOOK_UP: Duration = Duration::from_millis(500);

/// The events of a comparison that runs in this process.
pub(super) fn of_live(live: &Arc<Live>) -> Sse<impl Stream<Item = Result<SseEvent, Infallible>> + use<>> {
    let batches = stream::unfold(live.subscribe(), async |mut subscription| {
        let events = subscription.next().await?;
        Some((events, subscription))
    });
    sse(batches)
}

/// The events of a comparison that runs elsewhere or has ended: what the database knows of it, until it has ended.
pub(super) fn of_stored(
    service: Arc<PlaygroundService>,
    viewer: Viewer,
    first: Comparison,
) -> Sse<impl Stream<Item = Result<SseEvent, Infallible>> + use<>> {
    let id = first.id;
    let opening = vec![Event::Session { session: first.clone() }];
    let rest = stream::unfold(Some(first), move |seen| {
        let (service, viewer) = (service.clone(), viewer.clone());
        async move {
            let seen = seen?;
            if seen.is_finished() {
                return Some((vec![Event::SessionFinished { session_id: id }], None));
            }
            let (events, now) = next_change(&service, &viewer, seen).await.ok()?;
            Some((events, Some(now)))
        }
    });
    sse(stream::once(async { opening }).chain(rest))
}

/// Waits until a run of a comparison in another process has ended.
async fn next_change(
    service: &PlaygroundService,
    viewer: &Viewer,
    seen: Comparison,
) -> Result<(Vec<Event>, Comparison), AppError> {
    let id: ComparisonId = seen.id;
    loop {
        tokio::time::sleep(LOOK_UP).await;
        let now = service.find(viewer, id).await?;
        let ended =
            now.runs.iter().zip(&seen.runs).filter(|(now, seen)| now.status.is_ended() && !seen.status.is_ended());
        let events: Vec<Event> = ended.map(|(run, _)| Event::RunFinished { run: run.clone() }).collect();
        if !events.is_empty() {
            return Ok((events, now));
        }
    }
}

fn sse<S>(batches: S) -> Sse<impl Stream<Item = Result<SseEvent, Infallible>> + use<S>>
where
    S: Stream<Item = Vec<Event>> + Send + 'static,
{
    let events = batches.flat_map(stream::iter).map(|event| {
        // Our own types always serialise; were that ever to fail, an empty comment keeps the stream whole.
        Ok(SseEvent::default().json_data(&event).unwrap_or_default())
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE).text("keep-alive"))
}
