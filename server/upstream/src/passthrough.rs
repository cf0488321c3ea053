//! A chat completion that is forwarded: the request body is sent as given, and the response body is returned in pieces as it
//! arrives. There is no retry here; failing over to another model is the caller's decision.

use std::{collections::VecDeque, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Method, header::CONTENT_TYPE};
use reqwest::Response;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::{
    classify::{from_error_object, from_transport},
    client::UpstreamClient,
    completion::Secrets,
    error::UpstreamError,
    sse::begins_event_stream,
    target::{Call, Target},
    wait::Deadlines,
};

/// How long to wait for the end of a body whose content is complete, so that the connection can be reused.
const DRAIN_WAIT: Duration = Duration::from_millis(100);
/// How long to wait for token counts and `[DONE]` once every choice has ended.
const USAGE_WAIT: Duration = Duration::from_secs(5);
/// Most bytes of white space before the first byte that shows the shape of a body.
const MAX_PRELUDE: usize = 64 * 1024;
/// Most bytes of an event stream.
const MAX_STREAM: usize = 256 * 1024 * 1024;

/// A response with a good status whose body is being read. Dropping it closes the connection to the upstream.
pub struct Passthrough {
    answer: Response,
    content_type: Option<HeaderValue>,
    deadlines: Deadlines,
    /// The secrets to redact from the upstream's error messages.
    key: Option<SecretString>,
    /// Those to redact from answers.
    secrets: Secrets,
    /// Bytes that were read to see the shape, and are returned again.
    peeked: VecDeque<Bytes>,
    /// Bytes that have been read.
    size: usize,
}

/// The shape of a body, by its first bytes: servers declare streams as JSON and the reverse, and some return another shape than
/// was requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Server-sent events.
    Stream,
    /// One JSON object.
    Whole,
}

/// How far an answer is, which decides how long its next bytes are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Before the first output.
    Beginning,
    Moving,
    /// Every choice has ended; only token counts and `[DONE]` may follow.
    Finished,
}

impl UpstreamClient {
    /// Sends a chat completion and returns when the upstream has answered with a good status. Without streaming, the model
    /// generates the whole answer before the first byte is sent, so that only the limit of the whole applies.
    ///
    /// Dropping the future closes the connection to the upstream.
    ///
    /// # Errors
    ///
    /// A failed call, a status other than 2xx, or an HTML page.
    pub async fn passthrough(
        &self,
        target: &Target,
        body: Bytes,
        is_stream: bool,
    ) -> Result<Passthrough, UpstreamError> {
        let start = if is_stream { Deadlines::start } else { Deadlines::start_whole };
        let deadlines = start(target.timeouts, CancellationToken::new());
        let call = Call { method: Method::POST, path: "/chat/completions", body: Some(body) };
        let mut answer = self.send_for_success(target, call, &deadlines).await?;
        // Headers are slices of the connection's read buffer. Copying the one that is needed frees that buffer for the
        // duration of a long stream.
        let headers = std::mem::take(answer.headers_mut());
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| HeaderValue::from_bytes(value.as_bytes()).ok());
        let (key, secrets) = (target.secrets(), target.credentials());
        let response = Passthrough { answer, content_type, deadlines, key, secrets, peeked: VecDeque::new(), size: 0 };
        match response.media_type().as_str() {
            "text/html" | "application/xhtml+xml" => Err(UpstreamError::bad_response("a web page")),
            _ => Ok(response),
        }
    }
}

impl Passthrough {
    /// The `Content-Type` of the response.
    pub fn content_type(&self) -> Option<&HeaderValue> {
        self.content_type.as_ref()
    }

    /// The secrets to redact from the answer.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Reads up to the first byte that is not white space, and says what the body is. Cancel-safe.
    ///
    /// # Errors
    ///
    /// A broken connection, a missed deadline, or an HTML page.
    pub async fn shape(&mut self) -> Result<Shape, UpstreamError> {
        let mut blank = 0;
        while blank <= MAX_PRELUDE {
            let Some(bytes) = self.read(Stage::Beginning).await? else { break };
            self.peeked.push_back(bytes.clone());
            let bare = bytes.trim_ascii_start();
            let bare = bare.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bare).trim_ascii_start();
            match bare.first() {
                None => blank += bytes.len(),
                Some(b'{' | b'[') => return Ok(Shape::Whole),
                Some(b'<') => return Err(UpstreamError::bad_response("a web page")),
                Some(_) if begins_event_stream(bare) => return Ok(Shape::Stream),
                Some(_) => break,
            }
        }
        Ok(if self.media_type() == "text/event-stream" { Shape::Stream } else { Shape::Whole })
    }

    /// The next bytes; `None` at the end.
    ///
    /// Cancel-safe: dropping the future loses no bytes.
    ///
    /// # Errors
    ///
    /// A broken connection, a missed deadline, or more than 256 MiB.
    pub async fn chunk(&mut self, stage: Stage) -> Result<Option<Bytes>, UpstreamError> {
        match self.peeked.pop_front() {
            Some(bytes) => Ok(Some(bytes)),
            None => self.read(stage).await,
        }
    }

    async fn read(&mut self, stage: Stage) -> Result<Option<Bytes>, UpstreamError> {
        let chunk = self.answer.chunk();
        let read = match stage {
            Stage::Beginning => self.deadlines.for_first_output(chunk).await?,
            Stage::Moving => self.deadlines.for_more(chunk).await?,
            Stage::Finished => self.deadlines.for_at_most(USAGE_WAIT, chunk).await?.unwrap_or(Ok(None)),
        };
        let bytes = read.map_err(|error| from_transport(&error))?;
        self.size += bytes.as_ref().map_or(0, Bytes::len);
        if self.size > MAX_STREAM { Err(UpstreamError::too_large()) } else { Ok(bytes) }
    }

    /// The whole rest of the body. Not cancel-safe: dropping the future loses what it has read.
    ///
    /// # Errors
    ///
    /// As [`Self::chunk`], and `too_large` where more than one piece comes and they exceed `limit` bytes together.
    pub async fn whole(&mut self, limit: usize) -> Result<Bytes, UpstreamError> {
        let Some(first) = self.chunk(Stage::Beginning).await? else { return Ok(Bytes::new()) };
        let Some(second) = self.chunk(Stage::Beginning).await? else { return Ok(first) };
        let mut all = BytesMut::from(first);
        let mut next = Some(second);
        while let Some(piece) = next {
            if all.len() + piece.len() > limit {
                return Err(UpstreamError::too_large());
            }
            all.extend_from_slice(&piece);
            next = self.chunk(Stage::Beginning).await?;
        }
        Ok(all.freeze())
    }

    /// The error for an error object in the body, with its message redacted.
    pub fn failure(&self, object: &Value) -> UpstreamError {
        from_error_object(object, self.key.as_ref().map(ExposeSecret::expose_secret))
    }

    /// Runs `work`, for example sending to the caller, for no longer than the upstream may be silent. `None` where that passed.
    pub async fn within_silence<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.deadlines.for_more(work).await.ok()
    }

    /// Reads and drops what follows, normally nothing, so that the connection returns to the pool. Takes at most 100 ms.
    pub async fn drain(mut self) {
        let answer = &mut self.answer;
        let rest =
            async { while answer.chunk().await.is_ok_and(|bytes| bytes.is_some_and(|bytes| bytes.len() < 1024)) {} };
        let _ = self.deadlines.for_at_most(DRAIN_WAIT, rest).await;
    }

    fn media_type(&self) -> String {
        let content_type = self.content_type().and_then(|value| value.to_str().ok()).unwrap_or_default();
        content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }
}
