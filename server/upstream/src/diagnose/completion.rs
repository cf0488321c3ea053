//! Chat completions of a test: one token, then a streamed answer.

use std::time::Instant;

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{probe::TestPrompt, stages::ms};
use crate::{
    Adjustments, Call, ChatEvent, ChatRequest, Deadlines, Target, UpstreamClient, UpstreamError,
    classify::from_error_object, client::read_body, completion::Item,
};

const MAX_BODY: usize = 1024 * 1024;

/// Requests one token. Where the model objects to `max_tokens`, the request is repeated with the newer
/// `max_completion_tokens`, and then without a limit. Any completion counts as a reply, also one that only reasons.
pub(super) async fn complete_one_token(
    client: &UpstreamClient,
    target: &Target,
    model: &str,
) -> Result<(), UpstreamError> {
    let limits = [json!({"max_tokens": 1}), json!({"max_completion_tokens": 16}), json!({})];
    let mut refused = None;
    for limit in limits {
        let mut body = json!({"model": model, "messages": [{"role": "user", "content": "Hi"}], "stream": false});
        if let (Some(body), Some(limit)) = (body.as_object_mut(), limit.as_object()) {
            body.extend(limit.clone());
        }
        match complete(client, target, &body).await {
            Err(error) if error.code == "refused_request" => refused = refused.or(Some(error)),
            other => return other,
        }
    }
    Err(refused.unwrap_or_else(|| UpstreamError::bad_response("nothing")))
}

async fn complete(client: &UpstreamClient, target: &Target, body: &Value) -> Result<(), UpstreamError> {
    let deadlines = Deadlines::start_whole(target.timeouts, CancellationToken::new());
    let call = Call {
        method: Method::POST,
        path: "/chat/completions",
        body: Some(Bytes::from(body.to_string().into_bytes())),
    };
    let answer = client.send_for_success(target, call, &deadlines).await?;
    let body = read_body(answer, MAX_BODY, &deadlines).await.map_err(|(error, _)| error)?;
    let text = String::from_utf8_lossy(&body);
    match Item::read(&text) {
        Item::Error(object) => Err(from_error_object(&object, target.secret_text().as_deref())),
        Item::Chunk(chunk) if !chunk.choices.is_empty() => Ok(()),
        // Some servers stream whether or not they are requested to.
        Item::Noise if text.trim_start().starts_with("data:") => Ok(()),
        Item::Noise if text.trim_start().starts_with('<') => Err(UpstreamError::bad_response("a web page")),
        _ => Err(UpstreamError::bad_response("something else")),
    }
}

/// A streamed answer and its measurements; times are in milliseconds.
#[derive(Default)]
pub(super) struct Answer {
    pub text: String,
    pub finish: Option<String>,
    pub tokens_in: Option<u64>,
    pub tokens_out: Option<u64>,
    pub latency_ms: u64,
    pub ttft_ms: Option<u64>,
    pub is_streamed: bool,
    /// How the request was sent, where the model does not take it as it is meant.
    pub adjustments: Adjustments,
    pub failure: Option<UpstreamError>,
}

/// Requests a streamed answer and passes each piece to `on_delta` as it arrives.
pub(super) async fn stream_answer(
    client: &UpstreamClient,
    target: &Target,
    model: &str,
    prompt: &TestPrompt,
    mut on_delta: impl FnMut(&str),
) -> Answer {
    let mut request = ChatRequest::new(model, prompt.system.as_deref(), &prompt.message);
    request.temperature = prompt.temperature;
    request.max_tokens = prompt.max_tokens;
    if let Some(image) = &prompt.image {
        request = request.with_image(image);
    }
    let started = Instant::now();
    let mut answer = Answer::default();
    let mut stream = match client.stream_chat(target, &request, CancellationToken::new()).await {
        Ok(stream) => stream,
        Err(failure) => return Answer { failure: Some(failure), latency_ms: ms(started), ..answer },
    };
    let sent_at = stream.sent_at();
    answer.adjustments = stream.negotiation().adjustments().clone();
    loop {
        match stream.next().await {
            Ok(Some(ChatEvent::Delta(text) | ChatEvent::Refusal(text))) => {
                answer.ttft_ms = answer.ttft_ms.or_else(|| Some(ms(sent_at)));
                on_delta(&text);
                answer.text.push_str(&text);
            }
            Ok(Some(ChatEvent::Finish(reason))) => answer.finish = Some(reason),
            Ok(Some(ChatEvent::Usage(counts))) => (answer.tokens_in, answer.tokens_out) = (counts.input, counts.output),
            Ok(Some(ChatEvent::Reasoning(_) | ChatEvent::Image(_) | ChatEvent::SecretRedacted)) => {}
            Ok(None) => break,
            Err(failure) => {
                answer.failure = Some(failure);
                break;
            }
        }
    }
    answer.is_streamed = stream.is_event_stream();
    if !answer.is_streamed {
        // The body came in one piece, so the time of its first token is unknown.
        answer.ttft_ms = None;
    }
    answer.latency_ms = ms(sent_at);
    answer
}
