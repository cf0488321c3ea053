//! The simulated upstream's HTTP side: the two routes of an OpenAI-compatible server.

use std::{convert::Infallible, net::Ipv4Addr, time::Duration};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
    serve::ListenerExt,
};
use foundation::{error::Error, shutdown::Tasks};
use futures::{Stream, StreamExt, stream};
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{
    answer::{Answer, Question, compose},
    models::{DemoModel, Manner, models},
    tokens::{count, tokens},
};

/// A running simulated upstream.
#[derive(Clone, Debug)]
pub struct DemoUpstream {
    /// For example `http://127.0.0.1:40123/v1`; a private address, so its upstream needs `allow_private`.
    pub base_url: String,
}

/// Starts the simulated upstream on a free loopback port; it ends with the server.
pub async fn start(tasks: &Tasks) -> Result<DemoUpstream, Error> {
    start_at_speed(tasks, 1.0).await
}

/// The same, with every pause divided by `speed`.
pub async fn start_at_speed(tasks: &Tasks, speed: f64) -> Result<DemoUpstream, Error> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let base_url = format!("http://{}/v1", listener.local_addr()?);
    let stopping = tasks.stopping();
    let pacing = Pacing { speed, stopping: stopping.clone() };
    let router = Router::new()
        .route("/v1/models", get(list))
        .route("/v1/chat/completions", post(complete))
        .layer(DefaultBodyLimit::max(1024 * 1024))
        .with_state(pacing);
    // Nagle's algorithm would delay the small writes of a stream.
    let listener = listener.tap_io(|socket| {
        let _ = socket.set_nodelay(true);
    });
    let serving = axum::serve(listener, router).with_graceful_shutdown(stopping.cancelled_owned());
    tasks.spawn(async move {
        if let Err(error) = serving.await {
            tracing::error!(%error, "the simulated upstream ended");
        }
    });
    Ok(DemoUpstream { base_url })
}

/// How fast answers are written, and when they stop.
#[derive(Clone)]
struct Pacing {
    speed: f64,
    stopping: CancellationToken,
}

impl Pacing {
    fn pause(&self, pause: Duration) -> Duration {
        pause.div_f64(self.speed.max(f64::EPSILON))
    }
}

async fn list() -> Json<Value> {
    let entry = |model: &DemoModel| json!({"id": model.name, "object": "model", "owned_by": "demo", "context_length": model.context_window});
    Json(json!({"object": "list", "data": models().iter().map(entry).collect::<Vec<_>>()}))
}

async fn complete(State(pacing): State<Pacing>, body: Bytes) -> Response {
    let Ok(request) = serde_json::from_slice::<Value>(&body) else {
        return refuse(StatusCode::BAD_REQUEST, "invalid_json", "The body is not JSON.");
    };
    let name = request["model"].as_str().unwrap_or_default();
    let Some(model) = models().into_iter().find(|model| model.name == name) else {
        return refuse(StatusCode::NOT_FOUND, "model_not_found", "The model does not exist.");
    };
    let prompt = content_of(&request, "user");
    if model.manner == Manner::Lyrical && prompt.contains("[fail]") {
        let mut refusal =
            refuse(StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded", "The poet is resting, as you asked.");
        refusal.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("20"));
        return refusal;
    }
    let question = Question {
        system: &content_of(&request, "system"),
        prompt: &prompt,
        temperature: request["temperature"].as_f64().unwrap_or(1.0),
        seed: request["seed"].as_u64().unwrap_or_default(),
    };
    let answer = compose(&model, &question);
    let script = Script::new(&model, &answer, &question, request["max_tokens"].as_u64());
    if request["stream"] == true {
        let wants_usage = request.pointer("/stream_options/include_usage") == Some(&Value::Bool(true));
        ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(script.stream(pacing, wants_usage)))
            .into_response()
    } else {
        sleep(
            pacing.pause(model.pace.first + model.pace.each * u32::try_from(script.pieces.len()).unwrap_or(u32::MAX)),
        )
        .await;
        Json(script.whole()).into_response()
    }
}

fn refuse(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({"error": {"message": message, "type": "demo_error", "code": code, "param": null}});
    (status, Json(body)).into_response()
}

/// The last message of a role, as text.
fn content_of(request: &Value, role: &str) -> String {
    let messages = request["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let content = messages.iter().rev().find(|message| message["role"] == role).map(|message| &message["content"]);
    match content {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    }
}

/// An answer as the tokens to send.
struct Script {
    model: DemoModel,
    /// The name of the field and the token.
    pieces: Vec<(&'static str, String)>,
    finish_reason: &'static str,
    tokens_in: u64,
}

impl Script {
    fn new(model: &DemoModel, answer: &Answer, question: &Question<'_>, max_tokens: Option<u64>) -> Self {
        let reasoning = tokens(&answer.reasoning).into_iter().map(|token| ("reasoning_content", token.to_owned()));
        let text = tokens(&answer.text).into_iter().map(|token| ("content", token.to_owned()));
        let mut pieces: Vec<_> = reasoning.chain(text).collect();
        let limit = max_tokens.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        let finish_reason = if pieces.len() > limit { "length" } else { "stop" };
        pieces.truncate(limit);
        // Four tokens frame each message, as in the chat formats of real models.
        let frame = if question.system.is_empty() { 4 } else { 8 };
        let tokens_in = count(question.system) + count(question.prompt) + frame;
        Self { model: model.clone(), pieces, finish_reason, tokens_in }
    }

    fn usage(&self) -> Value {
        let tokens_out = self.pieces.len() as u64;
        json!({
            "prompt_tokens": self.tokens_in,
            "completion_tokens": tokens_out,
            "total_tokens": self.tokens_in + tokens_out,
        })
    }

    fn chunk(&self, choices: &Value, usage: &Value) -> Bytes {
        let chunk = json!({
            "id": "chatcmpl-demo",
            "object": "chat.completion.chunk",
            "model": self.model.name,
            "choices": choices,
            "usage": usage,
        });
        Bytes::from(format!("data: {chunk}\n\n"))
    }

    /// The stream ends early when the server stops; a reader that goes away simply stops polling.
    fn stream(self, pacing: Pacing, wants_usage: bool) -> impl Stream<Item = Result<Bytes, Infallible>> {
        let stopping = pacing.stopping.clone();
        let role = self.chunk(&json!([{"index": 0, "delta": {"role": "assistant", "content": ""}}]), &Value::Null);
        let end = json!([{"index": 0, "delta": {}, "finish_reason": self.finish_reason}]);
        let mut tail = vec![self.chunk(&end, &Value::Null)];
        if wants_usage {
            tail.push(self.chunk(&json!([]), &self.usage()));
        }
        tail.push(Bytes::from_static(b"data: [DONE]\n\n"));
        let pieces = stream::unfold((self, 0), move |(script, index)| {
            let pacing = pacing.clone();
            async move {
                let (field, token) = script.pieces.get(index)?;
                let pace = script.model.pace;
                sleep(pacing.pause(if index == 0 { pace.first } else { pace.each })).await;
                let chunk = script.chunk(&json!([{"index": 0, "delta": {*field: token}}]), &Value::Null);
                Some((chunk, (script, index + 1)))
            }
        });
        stream::iter([role]).chain(pieces).chain(stream::iter(tail)).map(Ok).take_until(stopping.cancelled_owned())
    }

    fn whole(&self) -> Value {
        let joined =
            |name| self.pieces.iter().filter(|(field, _)| *field == name).map(|(_, token)| token.as_str()).collect();
        let (text, reasoning): (String, String) = (joined("content"), joined("reasoning_content"));
        let reasoning = if reasoning.is_empty() { Value::Null } else { reasoning.into() };
        let message = json!({"role": "assistant", "content": text, "reasoning_content": reasoning});
        json!({
            "id": "chatcmpl-demo",
            "object": "chat.completion",
            "model": self.model.name,
            "choices": [{"index": 0, "message": message, "finish_reason": self.finish_reason}],
            "usage": self.usage(),
        })
    }
}
