//! What is answered before any model is asked: the caller's own faults. Each has its status, its code and its event.

use std::time::Duration;

use axum::http::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::support::{Caller, ONE, TWO, code, completion, question, rows_once};
use crate::support::app::{TestApp, eventually};

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap())).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn without_the_right_key_in_the_right_place_nothing_is_asked(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let good = Caller::with(&app, &ada, json!({"name": "good"})).await;
    let revoked = Caller::with(&app, &ada, json!({"name": "revoked"})).await;
    let path = format!("/api/keys/{}", revoked.key["id"].as_str().unwrap());
    assert_eq!(ada.send(Method::DELETE, &path, None).await.0, StatusCode::NO_CONTENT);
    let bearer = |secret: &str| format!("Bearer {secret}");
    let (good, revoked) = (bearer(&good.secret), bearer(&revoked.secret));
    let wrong = format!("Bearer qd-{}", "A".repeat(43));
    let bare = good.trim_start_matches("Bearer ");
    let in_query = format!("?api_key={bare}");
    type Headers<'a> = &'a [(&'static str, &'a str)];
    let cases: [(&str, Headers<'_>, &str); 9] = [
        ("", &[], "missing_api_key"),
        ("", &[("authorization", &wrong)], "invalid_api_key"),
        ("", &[("authorization", "Bearer sk-not-ours")], "invalid_api_key"),
        ("", &[("authorization", &revoked)], "invalid_api_key"),
        ("", &[("authorization", bare)], "invalid_authorization"),
        ("", &[("x-api-key", bare)], "api_key_in_wrong_header"),
        ("", &[("authorization", &good), ("x-api-key", bare)], "two_api_keys"),
        (&in_query, &[], "api_key_in_query"),
        (&in_query, &[("authorization", &good)], "api_key_in_query"),
    ];
    for (query, pairs, expected) in &cases {
        let path = format!("/v1/chat/completions{query}");
        let answer =
            app.request(Method::POST, &path).headers(headers(pairs)).json(&question(ONE)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{expected}");
        assert_eq!(answer.headers()["www-authenticate"], "Bearer");
        let text = answer.text().await.unwrap();
        assert_eq!(code(&text), *expected);
        assert!(!text.contains(bare), "a key is never repeated");
    }
    for row in rows_once(&app.pool, cases.len()).await {
        assert_eq!(row.ending(), ("refused", Some("caller"), Some(401)));
        assert_eq!((row.attempt, row.model_public_name.as_str(), row.cost_usd), (0, "", None));
    }
    assert!(app.upstream.journal().is_empty());
}

#[sqlx::test(migrations = "../migrations")]
async fn requests_that_cannot_be_asked_are_refused_with_a_code(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let caller = Caller::with(&app, &ada, json!({"name": "two", "models": [TWO]})).await;
    let deep =
        format!("{{\"model\":\"{TWO}\",\"messages\":[{{\"content\":{}1{}}}]}}", "[".repeat(5_000), "]".repeat(5_000));
    let many = |n: usize| {
        format!("{{\"model\":\"{TWO}\",\"messages\":[{}]}}", vec![r#"{"role":"user","content":"a"}"#; n].join(","))
    };
    let with = |field: &str| format!("{{\"model\":\"{TWO}\",\"messages\":[{{}}],{field}}}");
    let cases: Vec<(String, u16, &str)> = vec![
        ("{\"model\": ".into(), 400, "invalid_json"),
        (String::new(), 400, "invalid_json"),
        ("[]".into(), 400, "invalid_json"),
        (deep, 400, "too_deep"),
        (format!("{{\"model\":\"{TWO}\",\"messages\":[]}}"), 400, "empty_messages"),
        (format!("{{\"model\":\"{TWO}\"}}"), 400, "missing_messages"),
        ("{\"messages\":[{}]}".into(), 400, "missing_model"),
        (many(10_001), 400, "too_many_messages"),
        (with("\"api_base\":\"http://127.0.0.1:1\""), 400, "field_not_allowed"),
        (with("\"base_url\":\"http://127.0.0.1:1\""), 400, "field_not_allowed"),
        (with("\"api_key\":\"sk\""), 400, "field_not_allowed"),
        (with("\"extra_headers\":{}"), 400, "field_not_allowed"),
        (with("\"fallbacks\":[\"x\"]"), 400, "field_not_allowed"),
        (with("\"stream\":1"), 400, "invalid_type"),
        (question("fake/tow").to_string(), 404, "model_not_found"),
        (question(ONE).to_string(), 403, "model_not_allowed"),
        (question("auto").to_string(), 400, "no_route"),
        (question(&"x".repeat(201)).to_string(), 404, "model_not_found"),
    ];
    for (body, status, expected) in &cases {
        let answer =
            caller.request().header("content-type", "application/json").body(body.clone()).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), *status, "{expected}");
        assert_eq!(answer.headers()["x-should-retry"], "false");
        assert_eq!(code(&answer.text().await.unwrap()), *expected);
    }
    let (_, text) = caller.ask(&question("fake/tow")).await;
    assert!(text.contains("Did you mean `fake/two`?"), "{text}");
    assert!(!text.contains(ONE), "what a key may not ask is not suggested: {text}");

    let rows = rows_once(&app.pool, cases.len() + 1).await;
    for (row, (_, status, expected)) in rows.iter().zip(&cases) {
        assert_eq!(row.ending(), ("refused", Some("caller"), Some(i32::from(*status))), "{expected}");
    }
    let names: Vec<&str> =
        rows.iter().map(|row| row.model_public_name.as_str()).filter(|name| !name.is_empty()).collect();
    assert_eq!(names, [ONE, "auto"], "a name that nobody knows is not kept");
    assert!(app.upstream.journal().is_empty());

    app.upstream.on(TWO, completion("Hello", &Value::Null));
    let ten_thousand =
        caller.request().header("content-type", "application/json").body(many(10_000)).send().await.unwrap();
    assert_eq!(ten_thousand.status(), StatusCode::OK);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_body_over_the_limit_is_refused_announced_or_not(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    let huge = vec![b' '; 20 * 1024 * 1024 + 1];
    // Announced, and not sent before the answer.
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n",
        caller.secret,
        huge.len()
    );
    let mut socket = TcpStream::connect(app.address).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4_096];
    let length = timeout(Duration::from_secs(5), socket.read(&mut answer)).await.expect("an answer").unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]);
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("request_too_large"), "{answer}");
    drop(socket);
    let pieces = futures::stream::iter(
        huge.chunks(64 * 1024).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect::<Vec<_>>(),
    );
    let unannounced = caller.request().body(reqwest::Body::wrap_stream(pieces)).send().await;
    // Whoever goes on sending may miss the answer: the connection is closed.
    if let Ok(answer) = unannounced {
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(code(&answer.text().await.unwrap()), "request_too_large");
    }
    let rows = rows_once(&app.pool, 2).await;
    let refused = ("refused", Some("caller"), Some(413));
    assert_eq!(rows[0].ending(), refused);
    assert!([refused, ("abandoned", Some("hang_up"), None)].contains(&rows[1].ending()), "{rows:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_key_with_a_limit_is_told_when_to_come_back(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let caller = Caller::with(&app, &ada, json!({"name": "slow", "requests_per_minute": 2})).await;
    app.upstream.on(ONE, completion("Hello", &Value::Null));
    for expected in [200, 200, 429] {
        let answer = caller.send(&question(ONE)).await;
        assert_eq!(answer.status().as_u16(), expected);
        if expected == 429 {
            let wait: u32 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
            assert!((1..=60).contains(&wait));
            assert_eq!(code(&answer.text().await.unwrap()), "rate_limit_exceeded");
        }
    }
    let row = &rows_once(&app.pool, 3).await[2];
    assert_eq!(row.ending(), ("refused", Some("rate_limited"), Some(429)));
    assert_eq!(row.model_public_name, ONE);
}

#[sqlx::test(migrations = "../migrations")]
async fn other_addresses_and_methods_are_answered_in_openais_shape(pool: PgPool) {
    let app = TestApp::start(pool).await;
    for (method, path, status, expected) in [
        (Method::GET, "/v1/chat/completions", 405, "method_not_allowed"),
        (Method::POST, "/v1/models", 405, "method_not_allowed"),
        (Method::POST, "/v1/embeddings", 404, "unknown_url"),
        (Method::GET, "/v1", 404, "unknown_url"),
        (Method::GET, "/v1/models", 401, "missing_api_key"),
    ] {
        let answer = app.request(method, path).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{path}");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        assert_eq!(code(&answer.text().await.unwrap()), expected);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_model_that_is_added_can_be_asked_and_one_that_is_switched_off_cannot(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    app.upstream.on("fake/new", completion("Hello", &Value::Null));
    assert_eq!(caller.ask(&question("fake/new")).await.0, StatusCode::NOT_FOUND);
    app.publish(&["fake/new"]).await;
    let is_known = async || {
        // The clock of a test stands still, and so would the age of what is in memory.
        app.clock.advance(chrono::TimeDelta::seconds(2));
        caller.ask(&question("fake/new")).await.0 == StatusCode::OK
    };
    eventually("the new model is known", is_known).await;
    sqlx::query("UPDATE models SET is_enabled = false WHERE public_name = 'fake/new'")
        .execute(&app.pool)
        .await
        .unwrap();
    let is_gone = async || {
        app.clock.advance(chrono::TimeDelta::seconds(2));
        caller.ask(&question("fake/new")).await.0 == StatusCode::NOT_FOUND
    };
    eventually("the old model is gone", is_gone).await;
}
