//! Relays an event stream to the caller as it arrives. The relay runs in a task of the server, not of the connection: it
//! notices when the caller disconnects, ends the upstream call and completes the usage record in any case.

use std::time::Duration;

use axum::{body::Body, http::header::CONTENT_TYPE, response::Response};
use bytes::Bytes;
use futures::stream;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use upstream::UpstreamError;

use super::{
    error::Failure, opened_stream::OpenedStream, request::ChatCall, response_headers::with_gateway_headers,
    usage_recorder::UsageRecorder,
};

/// Pieces buffered for a slow caller; beyond them back-pressure reaches the upstream.
const BUFFERED_PIECES: usize = 16;
/// How long the last piece waits for a slow caller.
const LAST_SEND_TIMEOUT: Duration = Duration::from_secs(30);

type PieceSender = mpsc::Sender<Result<Bytes, std::convert::Infallible>>;

/// How a relay ended.
enum RelayEnd {
    Complete,
    Failed(Failure),
    /// The caller disconnected or stopped reading.
    Disconnected,
}

/// Sends the response's head through `reply`, then its body until the stream ends, and completes the usage record before the
/// caller sees that end.
pub(super) async fn relay(
    mut opened: OpenedStream,
    mut call: ChatCall,
    recorder: UsageRecorder,
    reply: oneshot::Sender<Response>,
) {
    let (pieces, receiver) = mpsc::channel(BUFFERED_PIECES);
    let body = stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
    let mut response = Response::new(Body::from_stream(body));
    if let Some(content_type) = opened.passthrough.content_type() {
        response.headers_mut().insert(CONTENT_TYPE, content_type.clone());
    }
    let is_connected = reply.send(with_gateway_headers(response, &recorder)).is_ok();
    call.release_body();
    let end = if is_connected { forward(&mut opened, &pieces).await } else { RelayEnd::Disconnected };
    let tokens_in = || call.estimated_tokens();
    let metadata = &opened.rewriter.metadata;
    match end {
        RelayEnd::Complete => {
            recorder.completed(metadata, tokens_in).await;
            let last = opened.rewriter.take_end();
            if !last.is_empty() {
                send_last(&pieces, last.into()).await;
            }
            drop(pieces);
            opened.passthrough.drain().await;
        }
        RelayEnd::Failed(failure) => {
            recorder.interrupted(failure.class, metadata, tokens_in).await;
            let event = format!("data: {}\n\n", failure.to_json());
            send_last(&pieces, event.into()).await;
        }
        RelayEnd::Disconnected => recorder.disconnected(Some(metadata), tokens_in).await,
    }
}

/// Gives up after [`LAST_SEND_TIMEOUT`], so that a caller who does not read cannot keep the task alive.
async fn send_last(pieces: &PieceSender, piece: Bytes) {
    let _ = timeout(LAST_SEND_TIMEOUT, pieces.send(Ok(piece))).await;
}

async fn forward(opened: &mut OpenedStream, pieces: &PieceSender) -> RelayEnd {
    loop {
        if !opened.out.is_empty() {
            let piece = Bytes::from(std::mem::take(&mut opened.out));
            match opened.passthrough.within_silence(pieces.send(Ok(piece))).await {
                Some(Ok(())) => {}
                // A caller who reads nothing for as long as an upstream may be silent counts as disconnected.
                Some(Err(_)) | None => return RelayEnd::Disconnected,
            }
        }
        if opened.rewriter.is_done() {
            return RelayEnd::Complete;
        }
        if opened.is_closed {
            return match opened.rewriter.is_complete() {
                true => RelayEnd::Complete,
                false => RelayEnd::Failed(UpstreamError::cut_off().into()),
            };
        }
        let read = tokio::select! {
            biased;
            read = opened.read_more() => read,
            () = pieces.closed() => return RelayEnd::Disconnected,
        };
        if let Err(error) = read {
            // Events that arrived together with the failure are still forwarded.
            if !opened.out.is_empty() {
                let piece = Bytes::from(std::mem::take(&mut opened.out));
                send_last(pieces, piece).await;
            }
            // If only the token counts are missing, the response is complete.
            return if opened.rewriter.is_complete() { RelayEnd::Complete } else { RelayEnd::Failed(error.into()) };
        }
    }
}
