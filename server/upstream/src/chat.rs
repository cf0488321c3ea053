//! One streamed chat completion, with at most one retry, and asked again without what the upstream does not take.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Method;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::{
    client::UpstreamClient,
    error::UpstreamError,
    negotiate::{Adjustment, Adjustments, Field, Negotiation},
    stream::ChatStream,
    target::{Call, Target},
    wait::Deadlines,
};

/// Longest `Retry-After` that is waited for; with a longer one, the request is not repeated.
const MAX_RETRY_PAUSE: Duration = Duration::from_secs(5);

/// A chat completion request. No `Debug`: a prompt must not reach the log by accident.
#[derive(Clone)]
pub struct ChatRequest {
    /// The upstream's own name of the model.
    pub model: String,
    pub messages: Vec<Message>,
    pub temperature: Option<f64>,
    pub max_tokens: Option<u32>,
    pub top_p: Option<f64>,
    /// What is known of how this model has to be asked.
    pub adjustments: Adjustments,
}

/// One message of the conversation.
#[derive(Clone, Serialize)]
pub struct Message {
    pub role: &'static str,
    pub content: Content,
}

/// The content of a message.
#[derive(Clone, Serialize)]
#[serde(untagged)]
pub enum Content {
    Text(String),
    Parts(Vec<Part>),
}

/// One part of a message that is not text alone.
#[derive(Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Part {
    Text { text: String },
    ImageUrl { image_url: ImageUrl },
}

/// The address of an image; this site sends only `data:` URLs.
#[derive(Clone, Serialize)]
pub struct ImageUrl {
    pub url: String,
}

impl ChatRequest {
    /// A request with an optional system prompt and a prompt; every parameter is unset.
    pub fn new(model: impl Into<String>, system: Option<&str>, prompt: &str) -> Self {
        let system = system.map(|content| Message { role: "system", content: Content::Text(content.to_owned()) });
        let user = Message { role: "user", content: Content::Text(prompt.to_owned()) };
        Self {
            model: model.into(),
            messages: system.into_iter().chain([user]).collect(),
            temperature: None,
            max_tokens: None,
            top_p: None,
            adjustments: Adjustments::default(),
        }
    }

    /// Appends an image, given as a `data:` URL, to the prompt.
    pub fn with_image(mut self, url: &str) -> Self {
        if let Some(Message { content, .. }) = self.messages.last_mut()
            && let Content::Text(text) = content
        {
            let text = std::mem::take(text);
            *content = Content::Parts(vec![
                Part::Text { text },
                Part::ImageUrl { image_url: ImageUrl { url: url.to_owned() } },
            ]);
        }
        self
    }
}

impl ChatRequest {
    /// Whether the request has a field, as it is meant.
    fn has(&self, field: Field) -> bool {
        match field {
            Field::Stream | Field::StreamOptions => true,
            Field::MaxTokens | Field::MaxCompletionTokens => self.max_tokens.is_some(),
            Field::Temperature => self.temperature.is_some(),
            Field::TopP => self.top_p.is_some(),
            Field::SystemPrompt => self.messages.iter().any(|message| message.role == "system"),
        }
    }

    /// The request as it is sent.
    fn wire(&self, adjustments: &Adjustments) -> Wire<'_> {
        let is_sent = |field| !adjustments.has(Adjustment::Omitted(field));
        let is_renamed = adjustments.has(Adjustment::RenamedMaxTokens);
        let stream = !adjustments.has(Adjustment::NotStreamed);
        let has_options = stream && is_sent(Field::StreamOptions);
        let limit = self.max_tokens.filter(|_| is_sent(Field::MaxTokens));
        Wire {
            model: &self.model,
            messages: &self.messages,
            temperature: self.temperature.filter(|_| is_sent(Field::Temperature)),
            max_tokens: limit.filter(|_| !is_renamed),
            max_completion_tokens: limit.filter(|_| is_renamed),
            top_p: self.top_p.filter(|_| is_sent(Field::TopP)),
            stream,
            stream_options: has_options.then_some(StreamOptions { include_usage: true }),
        }
    }
}

/// The request as it is sent: streamed and with the token counts, unless the model does not take that.
#[derive(Serialize)]
struct Wire<'a> {
    model: &'a str,
    messages: &'a [Message],
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

impl UpstreamClient {
    /// Requests a streamed completion and returns when the upstream has answered with a good status. Failures that pass
    /// quickly (no connection; 429, 502, 503 or 504 with a short or no `Retry-After`) are retried once, after a pause with
    /// jitter, if the pause ends before the first output would be late. A refusal that names fields of the request as not taken
    /// is met at once, with the same request without them ([`ChatStream::negotiation`]); that is the same attempt.
    ///
    /// Cancelling the token, or dropping the future or the stream, closes the connection to the upstream.
    ///
    /// # Errors
    ///
    /// Why there is no stream, after the retry if there was one.
    pub async fn stream_chat(
        &self,
        target: &Target,
        request: &ChatRequest,
        cancel: CancellationToken,
    ) -> Result<ChatStream, UpstreamError> {
        let mut negotiation = Negotiation::new(request.adjustments.clone());
        let mut body = body(request, &negotiation)?;
        let mut deadlines = start_deadlines(target, &negotiation, &cancel);
        let mut attempts = 1;
        loop {
            let sent_at = Instant::now();
            let call = Call { method: Method::POST, path: "/chat/completions", body: Some(body.clone()) };
            let error = match self.send_for_success(target, call, &deadlines).await {
                Ok(answer) => {
                    let stream = ChatStream::new(answer, deadlines, target, sent_at, attempts)?;
                    return Ok(stream.after(negotiation));
                }
                Err(error) => error,
            };
            if error.complaint.names(Field::SystemPrompt) && request.has(Field::SystemPrompt) {
                return Err(error.into_no_system_prompt());
            }
            let was_streamed = is_streamed(&negotiation);
            if negotiation.refused(error.complaint, error.detail.as_deref(), |field| request.has(field)) {
                tracing::debug!(adjustments = ?negotiation.adjustments(), "asking an upstream without what it does not take");
                body = self::body(request, &negotiation)?;
                match was_streamed == is_streamed(&negotiation) {
                    true => deadlines.restart_first_output(),
                    false => deadlines = start_deadlines(target, &negotiation, &cancel),
                }
                continue;
            }
            match pause_before_retry(&error) {
                Some(pause) if attempts == 1 && deadlines.allow(pause) => {
                    tracing::debug!(upstream.code = error.code, ?pause, "retrying a request to an upstream");
                    deadlines.pause(pause).await?;
                    deadlines.restart_first_output();
                    attempts = 2;
                }
                _ => return Err(error),
            }
        }
    }
}

fn body(request: &ChatRequest, negotiation: &Negotiation) -> Result<Bytes, UpstreamError> {
    let wire = request.wire(negotiation.adjustments());
    let body = serde_json::to_vec(&wire).map_err(|_| UpstreamError::bad_response("nothing: it was not asked"))?;
    Ok(Bytes::from(body))
}

fn is_streamed(negotiation: &Negotiation) -> bool {
    !negotiation.adjustments().has(Adjustment::NotStreamed)
}

fn start_deadlines(target: &Target, negotiation: &Negotiation, cancel: &CancellationToken) -> Deadlines {
    let start = if is_streamed(negotiation) { Deadlines::start } else { Deadlines::start_whole };
    start(target.timeouts, cancel.clone())
}

/// The pause before the retry; `None` where a retry would not help or might be billed twice.
fn pause_before_retry(error: &UpstreamError) -> Option<Duration> {
    let asked_for = error.retry_after_s.map(|seconds| Duration::from_secs(seconds.into()));
    if asked_for.is_some_and(|pause| pause > MAX_RETRY_PAUSE) {
        return None;
    }
    match (error.code, error.status) {
        ("connect_failed", _) => Some(jitter()),
        ("rate_limited", Some(429)) => asked_for.map(|pause| pause.max(jitter())),
        ("upstream_failed", Some(502..=504)) => Some(asked_for.unwrap_or_default().max(jitter())),
        _ => None,
    }
}

/// 100 to 400 ms, so that requests that failed together are not repeated together.
fn jitter() -> Duration {
    let mut random = [0; 2];
    // Without randomness the pause is 100 ms for all requests, which is no reason to fail.
    let _ = foundation::random::fill(&mut random);
    Duration::from_millis(100 + u64::from(u16::from_le_bytes(random)) % 301)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_unset_is_not_sent() {
        let wire = |request: &ChatRequest| serde_json::to_value(request.wire(&request.adjustments)).expect("json");
        let mut request = ChatRequest::new("m", None, "hi");
        let bare = json!({
            "model": "m",
            "messages": [{"role": "user", "content": "hi"}],
            "stream": true,
            "stream_options": {"include_usage": true},
        });
        assert_eq!(wire(&request), bare);

        request = ChatRequest::new("m", Some("be brief"), "hi");
        request.temperature = Some(0.0);
        request.max_tokens = Some(5);
        request.top_p = Some(1.0);
        let wire = wire(&request);
        assert_eq!(wire["messages"][0], json!({"role": "system", "content": "be brief"}));
        assert_eq!((&wire["temperature"], &wire["max_tokens"], &wire["top_p"]), (&json!(0.0), &json!(5), &json!(1.0)));
    }

    #[test]
    fn what_the_model_does_not_take_is_left_out_or_renamed() {
        let mut request = ChatRequest::new("m", None, "hi");
        (request.temperature, request.max_tokens, request.top_p) = (Some(0.5), Some(5), Some(1.0));
        let mut fields = |adjustments: &[Adjustment]| {
            request.adjustments = adjustments.iter().copied().collect();
            let wire = serde_json::to_value(request.wire(&request.adjustments)).expect("json");
            let mut wire = wire.as_object().expect("an object").clone();
            wire.remove("model");
            wire.remove("messages");
            serde_json::Value::Object(wire)
        };
        let all = json!({"temperature": 0.5, "max_tokens": 5, "top_p": 1.0, "stream": true,
            "stream_options": {"include_usage": true}});
        assert_eq!(fields(&[]), all);
        let most = [Field::Temperature, Field::TopP, Field::StreamOptions].map(Adjustment::Omitted);
        assert_eq!(fields(&most), json!({"max_tokens": 5, "stream": true}));
        let renamed = json!({"temperature": 0.5, "max_completion_tokens": 5, "top_p": 1.0, "stream": false});
        assert_eq!(fields(&[Adjustment::RenamedMaxTokens, Adjustment::NotStreamed]), renamed);
        assert_eq!(fields(&[Adjustment::Omitted(Field::MaxTokens)]).get("max_tokens"), None);
    }

    #[test]
    fn only_failures_that_pass_quickly_are_tried_again() {
        let failed = |status| UpstreamError::answered("upstream_failed", status, "");
        let limited =
            |retry_after_s| UpstreamError { retry_after_s, ..UpstreamError::answered("rate_limited", 429, "") };
        for error in [UpstreamError::connect_failed(), failed(502), failed(503), failed(504), limited(Some(0))] {
            let pause = pause_before_retry(&error).expect("a retry");
            assert!((100..=400).contains(&pause.as_millis()), "{pause:?}");
        }
        assert_eq!(pause_before_retry(&limited(Some(5))), Some(MAX_RETRY_PAUSE));
        let spent = UpstreamError { retry_after_s: Some(1), ..UpstreamError::answered("quota_exhausted", 429, "") };
        let busy = UpstreamError { retry_after_s: Some(60), ..failed(503) };
        let final_ones = [
            limited(None),
            limited(Some(6)),
            spent,
            busy,
            failed(500),
            failed(529),
            UpstreamError::timeout_connect(),
            UpstreamError::timeout_first_byte("1 s"),
            UpstreamError::dns_failed(),
            UpstreamError::tls_failed(""),
            UpstreamError::address_blocked(""),
            UpstreamError::cut_off(),
        ];
        for error in final_ones {
            assert_eq!(pause_before_retry(&error), None, "{}", error.code);
        }
    }
}
