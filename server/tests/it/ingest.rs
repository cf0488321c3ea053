//! What LiteLLM tells: taken in at once, worked off, deduplicated; nothing of prompts and answers is kept.

use std::time::{Duration, Instant};

use chrono::{TimeZone, Utc};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    gateway::support::{Row, rows, rows_once},
    support::app::{TestApp, read},
};

const TOKEN: &str = "a token for LiteLLM";

/// An event as LiteLLM 1.106 writes it, cut to what matters and to what must not be kept.
fn payload(n: u32, changes: &Value) -> Value {
    let start = Utc.with_ymd_and_hms(2026, 11, 21, 9, 59, 0).unwrap().timestamp() as f64 + f64::from(n);
    let mut payload = json!({
        "id": format!("chatcmpl-{n}"), "litellm_call_id": format!("call-{n}"), "trace_id": "t", "call_type": "acompletion",
        "stream": null, "response_cost": 0.0, "status": "success", "custom_llm_provider": "openai", "total_tokens": 20,
        "prompt_tokens": 12, "completion_tokens": 8, "startTime": start, "endTime": start + 1.5,
        "completionStartTime": start + 1.5, "response_time": 1.5, "model": "openai/gpt", "model_group": "fake/one",
        "messages": [{"role": "user", "content": "a secret prompt"}], "response": {"choices": [{"message": {"content": "a secret answer"}}]},
        "error_str": null, "error_information": null, "model_map_information": {"model_map_value": {"padding": "x".repeat(10_000)}},
    });
    for (name, value) in changes.as_object().unwrap() {
        payload[name] = value.clone();
    }
    payload
}

fn plain(n: u32) -> Value {
    payload(n, &json!({}))
}

async fn send(app: &TestApp, body: String) -> Response {
    app.request(Method::POST, "/api/ingest/litellm").bearer_auth(TOKEN).body(body).send().await.unwrap()
}

fn brief(row: &Row) -> (&str, &str, Option<&str>, Option<i32>) {
    (&row.model_public_name, &row.outcome, row.error_class.as_deref(), row.status_code)
}

#[sqlx::test(migrations = "../migrations")]
async fn a_full_batch_is_taken_in_at_once_and_arrives(pool: PgPool) {
    let app = TestApp::with_ingest_token(pool, TOKEN).await;
    let batch: Vec<Value> = (0..512).map(plain).collect();
    let body = Value::from(batch).to_string();
    assert!(body.len() > 5 * 1024 * 1024, "as large as LiteLLM's are");
    let asked_at = Instant::now();
    let (status, answer) = read(send(&app, body.clone()).await).await;
    assert_eq!((status, &answer["received_bytes"]), (StatusCode::ACCEPTED, &json!(body.len())));
    assert!(asked_at.elapsed() < Duration::from_secs(10));
    let rows = rows_once(&app.pool, 512).await;
    assert!(rows.iter().all(|row| brief(row) == ("fake/one", "success", None, Some(200))));
    let row = &rows[0];
    assert_eq!((row.latency_ms, row.ttft_ms, row.tokens_in, row.tokens_out), (1_500, None, Some(12), Some(8)));
    assert_eq!(row.source, "litellm");
    // LiteLLM did not know the price; the catalogue does: $1 and $2 a million.
    assert_eq!(row.cost_usd.map(|cost| cost.to_string()).as_deref(), Some("0.000028"));

    // The same again, in part and in every format: nothing is there twice.
    send(&app, plain(3).to_string()).await;
    send(&app, format!("{}\n{}\n", plain(4), plain(512))).await;
    rows_once(&app.pool, 513).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_cost_that_cannot_be_gives_way_to_what_the_catalogue_says(pool: PgPool) {
    let app = TestApp::with_ingest_token(pool, TOKEN).await;
    send(&app, payload(0, &json!({"response_cost": 7e28})).to_string()).await;
    let rows = rows_once(&app.pool, 1).await;
    assert_eq!(rows[0].cost_usd.map(|cost| cost.to_string()).as_deref(), Some("0.000028"));
}

#[sqlx::test(migrations = "../migrations")]
async fn nothing_that_was_said_is_kept(pool: PgPool) {
    let app = TestApp::with_ingest_token(pool, TOKEN).await;
    send(&app, plain(0).to_string()).await;
    rows_once(&app.pool, 1).await;
    let row: String =
        sqlx::query_scalar("SELECT to_jsonb(e)::text FROM usage_events e").fetch_one(&app.pool).await.unwrap();
    assert!(!row.contains("secret"), "{row}");
    let files = std::fs::read_dir(app.data.path().join("event-log")).unwrap();
    let files: Vec<_> = files.map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect();
    let has = |word: &[u8]| files.iter().any(|bytes| bytes.windows(word.len()).any(|window| window == word));
    assert!(has(b"fake/one"), "the event is in the log");
    assert!(!has(b"secret"));
}

#[sqlx::test(migrations = "../migrations")]
async fn failures_fallbacks_and_hang_ups_are_told_apart(pool: PgPool) {
    let app = TestApp::with_ingest_token(pool, TOKEN).await;
    let failure = |n, normalized: &str, provider: &str| {
        let error = json!({"normalized_error": normalized, "error_code": "mock_500", "llm_provider": provider});
        payload(n, &json!({"status": "failure", "completion_tokens": 0, "error_information": error}))
    };
    let batch = json!([
        failure(0, "500_PROVIDER_INTERNAL_ERROR", "openai"),
        plain(1),
        failure(2, "429_RATE_LIMIT_EXCEEDED", "openai"),
        failure(3, "408_UPSTREAM_TIMEOUT", "openai"),
        failure(4, "400_INVALID_REQUEST", ""),
        payload(5, &json!({"error_str": "Client disconnected the request", "stream": true})),
        payload(
            6,
            &json!({"stream": true, "completionStartTime": plain(6)["startTime"].as_f64().unwrap() + 0.25, "response_time": 0.25})
        ),
        payload(7, &json!({"model_group": ""})),
        payload(8, &json!({"call_type": "aembedding"})),
        "not an event",
    ]);
    let (status, receipt) = read(send(&app, batch.to_string()).await).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let told = ["events", "left_out", "unusable", "unreadable"].map(|field| receipt[field].as_u64().unwrap());
    assert_eq!(told, [8, 1, 0, 1], "{receipt}");
    rows_once(&app.pool, 8).await;
    let mut rows = rows(&app.pool).await;
    rows.sort_by_key(|row| row.request_id.clone());
    let found: Vec<_> = rows.iter().map(brief).collect();
    assert_eq!(
        found,
        [
            ("fake/one", "error", Some("upstream_5xx"), Some(500)),
            ("fake/one", "success", None, Some(200)),
            ("fake/one", "error", Some("rate_limited"), Some(429)),
            ("fake/one", "error", Some("timeout"), Some(408)),
            ("fake/one", "refused", Some("caller"), Some(400)),
            ("fake/one", "abandoned", Some("hang_up"), None),
            ("fake/one", "success", None, Some(200)),
            ("", "success", None, Some(200)),
        ]
    );
    assert_eq!(
        (rows[6].latency_ms, rows[6].ttft_ms),
        (1_500, Some(250)),
        "a stream's response_time is not its latency"
    );
    assert_eq!(rows[5].usage_source.as_deref(), Some("estimated"));
}

#[sqlx::test(migrations = "../migrations")]
async fn only_who_has_the_token_gets_in_and_only_where_there_is_one(pool: PgPool) {
    let app = TestApp::with_ingest_token(pool.clone(), TOKEN).await;
    let ask = async |app: &TestApp, token: Option<&str>, body: &str| {
        let request = app.request(Method::POST, "/api/ingest/litellm").body(body.to_owned());
        let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
        let (status, problem) = read(request.send().await.unwrap()).await;
        (status.as_u16(), problem["code"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(ask(&app, None, "[]").await, (401, "invalid_token".into()));
    assert_eq!(ask(&app, Some("wrong"), "[]").await, (401, "invalid_token".into()));
    for nothing in ["hello", "", " \n", "[1,", "{\"id\":"] {
        assert_eq!(ask(&app, Some(TOKEN), nothing).await, (400, "bad_json".into()), "{nothing}");
    }
    assert_eq!(ask(&app, Some(TOKEN), "[]").await, (202, String::new()));
    let closed = TestApp::replica(pool, crate::support::fake_upstream::FakeUpstream::start().await).await;
    assert_eq!(ask(&closed, Some(TOKEN), "[]").await, (404, "ingest_closed".into()));
    assert_eq!(app.count("usage_events").await, 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_call_that_was_retried_is_one_event_for_each_attempt_however_often_it_is_delivered(pool: PgPool) {
    let app = TestApp::with_ingest_token(pool, TOKEN).await;
    let error = json!({"normalized_error": "500_PROVIDER_INTERNAL_ERROR", "llm_provider": "openai"});
    let attempt = |n: u32, rest: Value| {
        let mut changes = json!({"litellm_call_id": "call", "id": format!("attempt-{n}")});
        changes.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        payload(n, &changes)
    };
    let failed = json!({"status": "failure", "completion_tokens": 0, "error_information": error});
    let mut attempts: Vec<Value> = (0..3).map(|n| attempt(n, failed.clone())).collect();
    attempts.push(attempt(3, json!({})));
    // The same call out of the cache: neither the latency nor the cost is the model's.
    attempts.push(attempt(4, json!({"cache_hit": true})));
    let lines = attempts.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    for body in [Value::from(attempts).to_string(), lines.clone(), lines] {
        let (status, receipt) = read(send(&app, body).await).await;
        assert_eq!((status, &receipt["events"], &receipt["left_out"]), (StatusCode::ACCEPTED, &json!(4), &json!(1)));
    }
    let mut rows = rows_once(&app.pool, 4).await;
    rows.sort_by_key(|row| row.outcome.clone());
    let outcomes: Vec<&str> = rows.iter().map(|row| row.outcome.as_str()).collect();
    assert_eq!(outcomes, ["error", "error", "error", "success"]);
    assert!(rows.iter().all(|row| row.request_id.as_deref() == Some("call") && row.attempt == 1), "{rows:#?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn one_bad_line_among_good_ones_costs_only_itself_and_is_reported(pool: PgPool) {
    let app = TestApp::with_ingest_token(pool, TOKEN).await;
    let broken = plain(1).to_string();
    let body = format!(
        "{}\n{}\n{}\nnonsense\n{}\n",
        plain(0),
        &broken[..broken.len() / 2],
        payload(2, &json!({"call_type": "anthropic_messages"})),
        payload(3, &json!({"call_type": "aresponses", "startTime": null})),
    );
    let (status, receipt) = read(send(&app, body.clone()).await).await;
    let expected = json!({"received_bytes": body.len(), "events": 2, "left_out": 0, "unusable": 1, "unreadable": 2});
    assert_eq!((status, receipt), (StatusCode::ACCEPTED, expected));
    rows_once(&app.pool, 2).await;
    let metrics = app.request(Method::GET, "/metrics").send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("quadrille_ingest_unusable_total 3"), "{metrics}");
}

#[sqlx::test(migrations = "../migrations")]
async fn odd_types_make_no_failure_of_a_success(pool: PgPool) {
    let app = TestApp::with_ingest_token(pool, TOKEN).await;
    let start = plain(0)["startTime"].as_f64().unwrap();
    let batch = json!([
        payload(
            0,
            &json!({"completion_tokens": 9_223_372_036_854_775_808_u64, "prompt_tokens": -1, "response_cost": -1})
        ),
        payload(1, &json!({"completion_tokens": "8", "prompt_tokens": 12.0, "startTime": (start + 1.0).to_string()})),
        payload(
            2,
            &json!({"completion_tokens": null, "stream": "true", "error_information": [], "model_group": "fake/one"})
        ),
        payload(3, &json!({"stream": true})),
    ]);
    // Python writes what is no JSON.
    let body = batch.to_string().replacen("\"response_cost\":0.0", "\"response_cost\":NaN", 1);
    let (status, receipt) = read(send(&app, body).await).await;
    assert_eq!((status, &receipt["events"]), (StatusCode::ACCEPTED, &json!(4)), "{receipt}");
    let mut rows = rows_once(&app.pool, 4).await;
    rows.sort_by_key(|row| row.request_id.clone());
    assert!(rows.iter().all(|row| brief(row) == ("fake/one", "success", None, Some(200))), "{rows:#?}");
    let counts: Vec<_> = rows.iter().map(|row| (row.tokens_in, row.tokens_out)).collect();
    assert_eq!(counts, [(None, None), (Some(12), Some(8)), (Some(12), None), (Some(12), Some(8))]);
    assert!(rows.iter().all(|row| row.ttft_ms.is_none()), "the first token came with the end: {rows:#?}");
}
