//! Reads a caller's body within limits of size and time, and bounds the memory that all large bodies take together.

use std::{sync::Arc, time::Duration};

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
const MAX_BODY: usize = 20 * 1024 * 1024;
/// Bytes of a body beyond which it needs a permit.
const LARGE_BODY: usize = 1024 * 1024;
/// Large bodies at a time: at most 320 MiB as received, and once more as sent to upstreams.
pub(super) const LARGE_BODIES: usize = 16;
/// How long a body may take to arrive, the wait for a permit included.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a large body waits for a permit.
const PERMIT_TIMEOUT: Duration = Duration::from_secs(30);

/// A body, with its permit if it is a large one.
pub(super) struct ReceivedBody {
    pub bytes: Bytes,
    pub permit: Option<OwnedSemaphorePermit>,
}

/// Why a request could not be received.
pub(super) enum RequestError {
    Rejected(Failure),
    /// The caller disconnected.
    Disconnected,
}

/// Reads a body to its end.
///
/// # Errors
///
/// The body is too large or too slow, no permit was free in time, or the caller disconnected.
pub(super) async fn receive(
    headers: &HeaderMap,
    body: Body,
    large_bodies: &Arc<Semaphore>,
) -> Result<ReceivedBody, RequestError> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAX_BODY) {
        return Err(too_large());
    }
    timeout(BODY_TIMEOUT, read(body, announced.unwrap_or(0), large_bodies)).await.unwrap_or_else(|_| {
        Err(RequestError::Rejected(Failure::rejected(
            StatusCode::REQUEST_TIMEOUT,
            "body_too_slow",
            "The body of the request did not arrive within 60 s.",
        )))
    })
}

async fn read(body: Body, announced: usize, large_bodies: &Arc<Semaphore>) -> Result<ReceivedBody, RequestError> {
    let mut stream = body.into_data_stream();
    let (mut first, mut all, mut permit) = (None, BytesMut::new(), None);
    let mut size = 0;
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|_| RequestError::Disconnected)?;
        size += piece.len();
        if size > MAX_BODY {
            return Err(too_large());
        }
        if size.max(announced) > LARGE_BODY && permit.is_none() {
            let acquired = timeout(PERMIT_TIMEOUT, large_bodies.clone().acquire_owned()).await;
            permit = acquired.map_err(|_| RequestError::Rejected(too_many_large()))?.ok();
        }
        match first.take() {
            // A body that arrives in one piece is not copied.
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
    Ok(ReceivedBody { bytes: first.unwrap_or_else(|| all.freeze()), permit })
}

fn too_many_large() -> Failure {
    Failure::server_error(
        StatusCode::SERVICE_UNAVAILABLE,
        "too_many_large_requests",
        "This site works on as many large requests as it can hold. Try again shortly.",
    )
}

fn too_large() -> RequestError {
    RequestError::Rejected(Failure::rejected(
        StatusCode::PAYLOAD_TOO_LARGE,
        "request_too_large",
        "The body of the request is larger than 20 MiB.",
    ))
}
