//! One chat completion for somebody else: what the caller wrote goes out as it is, and what comes back is handed over as it
//! arrives. Asked once; whether to ask another model is the caller's to decide.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Method, header::CONTENT_TYPE};
use reqwest::Response;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::{
    classify::{from_error_object, from_transport},
    client::{Call, Target, UpstreamClient},
    error::UpstreamError,
    wait::{Deadlines, Timeouts},
};

/// How long to wait for the end of a body whose content is complete, so that the connection can be used again.
const PATIENCE_AT_THE_END: Duration = Duration::from_millis(100);

/// An answer with a good status, on its way. Dropping it closes the connection to the upstream.
pub struct Passthrough {
    answer: Response,
    content_type: Option<HeaderValue>,
    deadlines: Deadlines,
    /// Only for taking them out of what the upstream says.
    secrets: Option<SecretString>,
    has_begun: bool,
}

impl UpstreamClient {
    /// Sends a chat completion and returns when the upstream has accepted it. A whole answer is written before its first
    /// byte is sent, so there only the total counts.
    pub async fn passthrough(
        &self,
        target: &Target,
        body: Bytes,
        is_stream: bool,
    ) -> Result<Passthrough, UpstreamError> {
        let mut timeouts: Timeouts = target.timeouts;
        if !is_stream {
            timeouts.first_byte = timeouts.total;
        }
        let deadlines = Deadlines::start(timeouts, CancellationToken::new());
        let call = Call { method: Method::POST, path: "/chat/completions", body: Some(body) };
        let mut answer = self.send_for_success(target, call, &deadlines).await?;
        // Headers are slices of what was read from the connection: copied and let go, so that a long stream does not hold that.
        let headers = std::mem::take(answer.headers_mut());
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| HeaderValue::from_bytes(value.as_bytes()).ok());
        let through = Passthrough { answer, content_type, deadlines, secrets: target.secrets(), has_begun: false };
        match through.media_type().as_str() {
            "text/html" | "application/xhtml+xml" => Err(UpstreamError::bad_response("a web page")),
            _ => Ok(through),
        }
    }
}

impl Passthrough {
    /// The `Content-Type` of the answer.
    pub fn content_type(&self) -> Option<&HeaderValue> {
        self.content_type.as_ref()
    }

    /// Whether it comes in events.
    pub fn is_event_stream(&self) -> bool {
        self.media_type() == "text/event-stream"
    }

    /// The next bytes; `None` at the end. Dropping this future loses nothing.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, UpstreamError> {
        let chunk = self.answer.chunk();
        let read = match self.has_begun {
            true => self.deadlines.for_more(chunk).await?,
            false => self.deadlines.for_first_byte(chunk).await?,
        };
        self.has_begun = true;
        read.map_err(|error| from_transport(&error))
    }

    /// Everything.
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

    /// The failure that an error object in the middle of the answer tells.
    pub fn failure(&self, object: &Value) -> UpstreamError {
        from_error_object(object, self.secrets.as_ref().map(ExposeSecret::expose_secret))
    }

    /// Hands bytes on with `work`, as long as the answer may take in all. `None`: it took longer.
    pub async fn within_total<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.deadlines.for_total(work).await.ok()
    }

    /// Reads over what still comes, normally nothing, so that the connection goes back to the pool.
    pub async fn drain(mut self) {
        let answer = &mut self.answer;
        let rest =
            async { while answer.chunk().await.is_ok_and(|bytes| bytes.is_some_and(|bytes| bytes.len() < 1024)) {} };
        let _ = self.deadlines.for_at_most(PATIENCE_AT_THE_END, rest).await;
    }

    fn media_type(&self) -> String {
        let content_type = self.content_type().and_then(|value| value.to_str().ok()).unwrap_or_default();
        content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }
}
