//! A chat completion that is forwarded: the request body is sent as given, and the response body is returned in pieces as it
//! arrives. There is no retry here; failing over to another model is the caller's decision.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Method, header::CONTENT_TYPE};
use reqwest::Response;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::{
    classify::{from_error_object, from_transport},
    client::UpstreamClient,
    error::UpstreamError,
    target::{Call, Target},
    wait::Deadlines,
};

/// How long to wait for the end of a body whose content is complete, so that the connection can be reused.
const DRAIN_WAIT: Duration = Duration::from_millis(100);

/// A response with a good status whose body is being read. Dropping it closes the connection to the upstream.
pub struct Passthrough {
    answer: Response,
    content_type: Option<HeaderValue>,
    deadlines: Deadlines,
    /// The secrets to redact from the upstream's messages.
    secrets: Option<SecretString>,
    has_begun: bool,
}

impl UpstreamClient {
    /// Sends a chat completion and returns when the upstream has answered with a good status. Without streaming, the model
    /// generates the whole answer before the first byte is sent, so that only the total deadline applies.
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
        let response = Passthrough { answer, content_type, deadlines, secrets: target.secrets(), has_begun: false };
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

    /// Whether the body consists of server-sent events.
    pub fn is_event_stream(&self) -> bool {
        self.media_type() == "text/event-stream"
    }

    /// The next bytes; `None` at the end.
    ///
    /// Cancel-safe: dropping the future loses no bytes.
    ///
    /// # Errors
    ///
    /// A broken connection or a missed deadline.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, UpstreamError> {
        let chunk = self.answer.chunk();
        let read = match self.has_begun {
            true => self.deadlines.for_more(chunk).await?,
            false => self.deadlines.for_first_byte(chunk).await?,
        };
        self.has_begun = true;
        read.map_err(|error| from_transport(&error))
    }

    /// The whole rest of the body. Not cancel-safe: dropping the future loses what it has read.
    ///
    /// # Errors
    ///
    /// As [`Self::chunk`], and `too_large` where more than one piece comes and they exceed `limit` bytes together.
    pub async fn whole(&mut self, limit: usize) -> Result<Bytes, UpstreamError> {
        let Some(first) = self.chunk().await? else { return Ok(Bytes::new()) };
        let Some(second) = self.chunk().await? else { return Ok(first) };
        let mut all = BytesMut::from(first);
        let mut next = Some(second);
        while let Some(piece) = next {
            if all.len() + piece.len() > limit {
                return Err(UpstreamError::too_large());
            }
            all.extend_from_slice(&piece);
            next = self.chunk().await?;
        }
        Ok(all.freeze())
    }

    /// The error for an error object in the body, with its message redacted.
    pub fn failure(&self, object: &Value) -> UpstreamError {
        from_error_object(object, self.secrets.as_ref().map(ExposeSecret::expose_secret))
    }

    /// Runs `work`, for example sending to the caller, within the total deadline of the response. `None` where that passed.
    pub async fn within_total<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.deadlines.for_total(work).await.ok()
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
