//! Taking in a caller's body: bounded in size and in time, and in how much all bodies together may hold.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header::CONTENT_LENGTH},
};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::error::Failure;

/// Bytes of one body; images are in it as text.
pub(super) const MAX_BODY: usize = 20 * 1024 * 1024;
/// A body beyond this size waits for one of the places for large ones.
const LARGE: usize = 1024 * 1024;
/// Large bodies at a time: at most 320 MiB as they came, and once more as they are sent.
pub(super) const LARGE_PLACES: usize = 16;
/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);
/// How long one waits for a place; some of the minute above.
const WAIT_FOR_PLACE: Duration = Duration::from_secs(30);

/// A body, and its place where it is a large one.
pub(super) struct Taken {
    pub bytes: Bytes,
    pub place: Option<OwnedSemaphorePermit>,
}

/// Why there is none.
pub(super) enum NotTaken {
    Refused(Failure),
    /// The caller hung up.
    Gone,
}

/// Reads a body to its end.
pub(super) async fn take(
    headers: &HeaderMap,
    body: Body,
    places: &std::sync::Arc<Semaphore>,
) -> Result<Taken, NotTaken> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAX_BODY) {
        return Err(too_large());
    }
    timeout(BODY_TIMEOUT, read(body, announced.unwrap_or(0), places)).await.unwrap_or_else(|_| {
        Err(NotTaken::Refused(Failure::refused(
            StatusCode::REQUEST_TIMEOUT,
            "body_too_slow",
            "The body of the request did not arrive within 60 s.",
        )))
    })
}

async fn read(body: Body, announced: usize, places: &std::sync::Arc<Semaphore>) -> Result<Taken, NotTaken> {
    let mut stream = body.into_data_stream();
    let (mut first, mut all, mut place) = (None, BytesMut::new(), None);
    let mut size = 0;
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|_| NotTaken::Gone)?;
        size += piece.len();
        if size > MAX_BODY {
            return Err(too_large());
        }
        if size.max(announced) > LARGE && place.is_none() {
            let free = timeout(WAIT_FOR_PLACE, places.clone().acquire_owned()).await;
            place = free.map_err(|_| NotTaken::Refused(no_place()))?.ok();
        }
        match first.take() {
            // A body that comes in one piece is not copied.
            None if all.is_empty() => first = Some(piece),
            before => {
                if let Some(before) = before {
                    all.reserve(announced.max(size).min(MAX_BODY));
                    all.extend_from_slice(&before);
                }
                all.extend_from_slice(&piece);
            }
        }
    }
    Ok(Taken { bytes: first.unwrap_or_else(|| all.freeze()), place })
}

fn no_place() -> Failure {
    Failure::internal_error(
        StatusCode::SERVICE_UNAVAILABLE,
        "too_many_large_requests",
        "This site works on as many large requests as it can hold. Try again shortly.",
    )
}

fn too_large() -> NotTaken {
    NotTaken::Refused(Failure::refused(
        StatusCode::PAYLOAD_TOO_LARGE,
        "request_too_large",
        "The body of the request is larger than 20 MiB.",
    ))
}
