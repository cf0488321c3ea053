//! The connection to the caller: its response has not begun, or it is a stream that has.

use std::{convert::Infallible, pin::pin, time::Duration};

use axum::{body::Body, http::HeaderValue, http::header::CONTENT_TYPE, response::Response};
use bytes::Bytes;
use futures::stream;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, interval_at, timeout},
};
use uuid::Uuid;

use super::response_headers::{self, with_gateway_headers};
use super::usage_recorder::UsageRecorder;

/// Pieces buffered for a slow caller; beyond them back-pressure reaches the upstream.
const BUFFERED_PIECES: usize = 16;
/// How long the last piece waits for a slow caller, so that it cannot keep the task alive.
const LAST_SEND_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a caller of a stream waits for its head. Until then a failure has its own status.
const HEAD_DELAY: Duration = Duration::from_secs(5);
/// How often a comment is sent before the first output, so that proxies and clients do not take the connection for dead.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(10);

type PieceSender = mpsc::Sender<Result<Bytes, Infallible>>;

/// The connection to the caller.
pub(super) enum Caller {
    /// The head of the response has not been sent.
    Waiting(oneshot::Sender<Response>),
    /// The head of an event stream has been sent.
    Streaming(PieceSender),
}

/// The caller has disconnected.
#[derive(Debug)]
pub(super) struct Disconnected;

impl Caller {
    /// Resolves when the caller has disconnected.
    pub(super) async fn closed(&mut self) {
        match self {
            Self::Waiting(reply) => reply.closed().await,
            Self::Streaming(pieces) => pieces.closed().await,
        }
    }

    /// Waits for `work`, for a caller of a stream with signs of life: after 5 s the head of its response is sent, and a comment
    /// every 10 s from then on. `None` where the caller disconnects.
    pub(super) async fn wait_for<T>(
        &mut self,
        work: impl Future<Output = T>,
        is_stream: bool,
        request_id: Uuid,
    ) -> Option<T> {
        let mut work = pin!(work);
        let mut ticks = interval_at(Instant::now() + HEAD_DELAY, KEEP_ALIVE_INTERVAL);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return Some(done),
                () = self.closed() => return None,
                _ = ticks.tick(), if is_stream => self.keep_alive(request_id),
            }
        }
    }

    fn keep_alive(&mut self, request_id: Uuid) {
        if matches!(self, Self::Waiting(_)) {
            let mut response = Response::default();
            response_headers::set_request_id(&mut response, request_id);
            self.begin(response, HeaderValue::from_static("text/event-stream"));
        }
        if let Self::Streaming(pieces) = self {
            // Where the buffer is full, the caller has enough to read.
            drop(pieces.try_send(Ok(Bytes::from_static(b": keep-alive\n\n"))));
        }
    }

    /// Sends the head of an event stream, unless it has been sent.
    pub(super) fn begin_stream(&mut self, content_type: Option<&HeaderValue>, recorder: &UsageRecorder) {
        let content_type = content_type.cloned().unwrap_or(HeaderValue::from_static("text/event-stream"));
        self.begin(with_gateway_headers(Response::default(), recorder), content_type);
    }

    fn begin(&mut self, head: Response, content_type: HeaderValue) {
        let (pieces, receiver) = mpsc::channel(BUFFERED_PIECES);
        match std::mem::replace(self, Self::Streaming(pieces)) {
            Self::Waiting(reply) => {
                let body = stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
                let mut response = head.map(|_: Body| Body::from_stream(body));
                response.headers_mut().insert(CONTENT_TYPE, content_type);
                // A caller that has disconnected drops the receiver with the response.
                drop(reply.send(response));
            }
            begun => *self = begun,
        }
    }

    /// Whether the head of a stream has been sent.
    pub(super) fn is_streaming(&self) -> bool {
        matches!(self, Self::Streaming(_))
    }

    /// Sends a piece of a stream, and waits while the caller does not read.
    ///
    /// # Errors
    ///
    /// The caller has disconnected.
    pub(super) async fn send(&self, piece: Vec<u8>) -> Result<(), Disconnected> {
        let Self::Streaming(pieces) = self else { return Ok(()) };
        pieces.send(Ok(piece.into())).await.map_err(|_| Disconnected)
    }

    /// Sends the last piece of a stream, if it has any bytes.
    pub(super) async fn send_last(&self, piece: impl Into<Bytes>) {
        let piece = piece.into();
        if let Self::Streaming(pieces) = self
            && !piece.is_empty()
        {
            let _ = timeout(LAST_SEND_TIMEOUT, pieces.send(Ok(piece))).await;
        }
    }

    /// Sends a whole response; where a stream has begun already, its body as the last piece of it, or `event` for it.
    pub(super) async fn respond(self, response: Response, event: Bytes) {
        match self {
            Self::Waiting(reply) => drop(reply.send(response)),
            streaming @ Self::Streaming(_) => streaming.send_last(event).await,
        }
    }
}
