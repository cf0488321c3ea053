//! An answer that comes in events, handed on as it arrives. Reading the upstream is a task of the server: it notices when the
//! caller goes away, ends the call, and closes the account, whatever became of the connection.

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
    dispatch::Opened, error::Failure, request::ChatCall, service::response_headers, usage_recorder::UsageRecorder,
};

/// Pieces that wait for a caller who reads slowly; then the upstream waits too.
const PIECES: usize = 16;
/// How long a last piece waits for a caller who reads slowly.
const LAST_SEND: Duration = Duration::from_secs(30);

type Pieces = mpsc::Sender<Result<Bytes, std::convert::Infallible>>;

/// How a relay ended.
enum Ended {
    Complete,
    Broken(Failure),
    /// The caller went away.
    Gone,
}

/// Sends the head, then everything that comes.
pub(super) async fn relay(
    mut opened: Opened,
    mut call: ChatCall,
    meter: UsageRecorder,
    answer: oneshot::Sender<Response>,
) {
    let (pieces, receiver) = mpsc::channel(PIECES);
    let body = stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
    let mut response = Response::new(Body::from_stream(body));
    if let Some(content_type) = opened.through.content_type() {
        response.headers_mut().insert(CONTENT_TYPE, content_type.clone());
    }
    let is_heard = answer.send(response_headers(response, &meter)).is_ok();
    call.let_go();
    let ended = if is_heard { forward(&mut opened, &pieces).await } else { Ended::Gone };
    let tokens_in = || call.estimated_tokens();
    let facts = &opened.rewriter.facts;
    match ended {
        Ended::Complete => {
            meter.answered(facts, tokens_in).await;
            let end = opened.rewriter.take_end();
            if !end.is_empty() {
                send_last(&pieces, end.into()).await;
            }
            drop(pieces);
            opened.through.drain().await;
        }
        Ended::Broken(failure) => {
            meter.broke(failure.class, facts, tokens_in).await;
            let event = format!("data: {}\n\n", failure.to_json());
            send_last(&pieces, event.into()).await;
        }
        Ended::Gone => meter.hung_up(Some(facts), tokens_in).await,
    }
}

/// Whoever does not read does not keep the task.
async fn send_last(pieces: &Pieces, piece: Bytes) {
    let _ = timeout(LAST_SEND, pieces.send(Ok(piece))).await;
}

async fn forward(opened: &mut Opened, pieces: &Pieces) -> Ended {
    loop {
        if !opened.out.is_empty() {
            let piece = Bytes::from(std::mem::take(&mut opened.out));
            match opened.through.within_total(pieces.send(Ok(piece))).await {
                Some(Ok(())) => {}
                // Whoever does not read for so long is gone too.
                Some(Err(_)) | None => return Ended::Gone,
            }
        }
        if opened.rewriter.is_done() {
            return Ended::Complete;
        }
        if opened.is_over {
            return match opened.rewriter.is_complete() {
                true => Ended::Complete,
                false => Ended::Broken(UpstreamError::cut_off().into()),
            };
        }
        let read = tokio::select! {
            biased;
            read = opened.read_more() => read,
            () = pieces.closed() => return Ended::Gone,
        };
        if let Err(error) = read {
            // Pieces that came together with the failure still belong to the caller.
            if !opened.out.is_empty() {
                let piece = Bytes::from(std::mem::take(&mut opened.out));
                send_last(pieces, piece).await;
            }
            // An answer that is complete but for its counts has not failed.
            return if opened.rewriter.is_complete() { Ended::Complete } else { Ended::Broken(error.into()) };
        }
    }
}
