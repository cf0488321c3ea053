//! Callers of the gateway, and what their requests left behind.

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use crate::support::{
    app::{MODELS, Member, TestApp, eventually},
    fake_upstream::Behaviour,
};

pub(super) const ONE: &str = MODELS[0];
pub(super) const TWO: &str = MODELS[1];

/// One row of the table, as far as tests look at it.
#[derive(Clone, Debug, FromRow, PartialEq)]
pub(crate) struct Row {
    pub(crate) id: Uuid,
    pub(crate) request_id: Option<String>,
    pub(crate) api_key_id: Option<Uuid>,
    pub(crate) model_public_name: String,
    pub(crate) outcome: String,
    pub(crate) error_class: Option<String>,
    pub(crate) status_code: Option<i32>,
    pub(crate) is_stream: bool,
    pub(crate) tokens_in: Option<i64>,
    pub(crate) tokens_out: Option<i64>,
    pub(crate) usage_source: Option<String>,
    pub(crate) latency_ms: i64,
    pub(crate) upstream_latency_ms: Option<i64>,
    pub(crate) ttft_ms: Option<i64>,
    pub(crate) attempt: i32,
    pub(crate) cost_usd: Option<rust_decimal::Decimal>,
    pub(crate) source: String,
}

impl Row {
    /// Outcome, class of error, status.
    pub(crate) fn ending(&self) -> (&str, Option<&str>, Option<i32>) {
        (&self.outcome, self.error_class.as_deref(), self.status_code)
    }
}

/// Every event in the table, in the order of arrival.
pub(crate) async fn rows(pool: &PgPool) -> Vec<Row> {
    sqlx::query_as("SELECT * FROM usage_events ORDER BY id").fetch_all(pool).await.unwrap()
}

/// The events once there are so many; more than that is a failure.
pub(crate) async fn rows_once(pool: &PgPool, n: usize) -> Vec<Row> {
    let count = async || {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM usage_events").fetch_one(pool).await.unwrap();
        count as usize
    };
    eventually("the events arrive", || async { count().await >= n }).await;
    // One too many would come with the next batch.
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    let rows = rows(pool).await;
    assert_eq!(rows.len(), n, "{rows:#?}");
    rows
}

/// Somebody with a key.
pub(crate) struct Caller<'a> {
    pub(crate) app: &'a TestApp,
    pub(crate) secret: String,
    pub(crate) key: Value,
}

impl<'a> Caller<'a> {
    /// A new member's key.
    pub(crate) async fn new(app: &'a TestApp) -> Caller<'a> {
        Self::with(app, &app.member("ada@example.org").await, json!({"name": "tests"})).await
    }

    pub(crate) async fn with(app: &'a TestApp, member: &Member<'_>, key: Value) -> Caller<'a> {
        let (status, key) = member.send(Method::POST, "/api/keys", Some(key)).await;
        assert_eq!(status, StatusCode::CREATED, "{key}");
        Caller { app, secret: key["secret"].as_str().unwrap().to_owned(), key }
    }

    pub(crate) fn request(&self) -> RequestBuilder {
        self.app.request(Method::POST, "/v1/chat/completions").bearer_auth(&self.secret)
    }

    pub(crate) async fn send(&self, body: &Value) -> Response {
        self.request().json(body).send().await.unwrap()
    }

    /// The status and the body.
    pub(crate) async fn ask(&self, body: &Value) -> (StatusCode, String) {
        let answer = self.send(body).await;
        (answer.status(), answer.text().await.unwrap())
    }
}

/// A question to a model.
pub(crate) fn question(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "Say hello, please!"}]})
}

/// The same, to be answered in events.
pub(crate) fn streamed(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "Say hello, please!"}], "stream": true})
}

/// An answer in one piece.
pub(crate) fn completion(content: &str, usage: &Value) -> Behaviour {
    Behaviour::json(200, &whole(content, usage))
}

pub(crate) fn whole(content: &str, usage: &Value) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "upstream-name",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}],
        "usage": usage,
    })
}

/// The `code` of an error in OpenAI's shape, which the body has to have.
pub(crate) fn code(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("no JSON: {body}"));
    let error = &body["error"];
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{body}");
    assert!(error["type"].is_string() && error.get("param").is_some(), "{body}");
    error["code"].as_str().unwrap_or_else(|| panic!("no code: {body}")).to_owned()
}
