//! What upstreams do wrong: each fault has its status and its event, and nothing of an upstream's own reaches the caller unwashed.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::support::{Caller, ONE, code, completion, question, rows, rows_once, streamed};
use crate::support::{
    app::TestApp,
    events::event_data,
    fake_upstream::{Behaviour, Chunks, Step},
};

#[sqlx::test(migrations = "../migrations")]
async fn every_status_of_an_upstream_has_its_own_and_its_class(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    let page = "<html><h1>nginx at 10.0.0.7</h1></html>";
    let bodies = [
        ("application/json", r#"{"error":{"message":"it says sk-abc***xyz","type":"t","code":null}}"#),
        ("text/html", page),
        ("text/plain", ""),
    ];
    let cases: [(u16, u16, &str, &str); 13] = [
        (400, 400, "upstream_refused", "caller"),
        (401, 502, "upstream_unauthorized", "upstream_4xx"),
        (403, 502, "upstream_unauthorized", "upstream_4xx"),
        (404, 502, "upstream_not_found", "upstream_4xx"),
        (413, 413, "context_length_exceeded", "caller"),
        (422, 422, "upstream_refused", "caller"),
        (402, 429, "insufficient_quota", "rate_limited"),
        (429, 429, "rate_limit_exceeded", "rate_limited"),
        (500, 500, "upstream_failed", "upstream_5xx"),
        (502, 502, "upstream_failed", "upstream_5xx"),
        (503, 503, "upstream_failed", "upstream_5xx"),
        (529, 503, "upstream_failed", "upstream_5xx"),
        (307, 502, "redirected", "upstream_5xx"),
    ];
    let mut expected = Vec::new();
    for (status, answered, word, class) in cases {
        for (content_type, body) in bodies {
            for ask in [question(ONE), streamed(ONE)] {
                let behaviour = Behaviour::reply(status, content_type, body)
                    .with_header("retry-after", "7")
                    .with_header("location", "http://169.254.169.254/latest");
                app.upstream.on(ONE, behaviour);
                let answer = caller.send(&ask).await;
                assert_eq!(answer.status().as_u16(), answered, "{status} {content_type}");
                assert_eq!(
                    answer.headers().get("retry-after").map(|v| v.to_str().unwrap()),
                    if status == 307 { None } else { Some("7") }
                );
                assert_eq!(answer.headers()["x-quadrille-attempts"], "1");
                let text = answer.text().await.unwrap();
                assert_eq!(code(&text), word, "{status} {content_type}");
                for private in ["sk-abc", "10.0.0.7", "nginx", "169.254"] {
                    assert!(!text.contains(private), "{text}");
                }
                // What the request is at fault for is not counted against the model.
                expected.push((if class == "caller" { "refused" } else { "error" }, class, i32::from(answered)));
            }
        }
    }
    let rows = rows_once(&app.pool, expected.len()).await;
    for (row, (outcome, class, status)) in rows.iter().zip(expected) {
        assert_eq!(row.ending(), (outcome, Some(class), Some(status)));
        assert_eq!((row.attempt, row.tokens_in, row.tokens_out, row.cost_usd), (1, None, None, None));
    }
    assert_eq!(app.upstream.journal().len(), rows.len(), "each request is one upstream call");
}

#[sqlx::test(migrations = "../migrations")]
async fn answers_that_are_none_are_not_handed_on(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    let good = || completion("Hello", &Value::Null);
    let cases: Vec<(Behaviour, &str)> = vec![
        (Behaviour::reply(200, "text/html", "<html>hello</html>"), "bad_response"),
        (Behaviour::reply(200, "application/json", "<html>hello</html>"), "bad_response"),
        (Behaviour::reply(200, "application/json", ""), "bad_response"),
        (Behaviour::reply(200, "application/json", "{\"choices\":"), "bad_response"),
        (Behaviour::reply(200, "application/json", "\"text\""), "bad_response"),
        (Behaviour::json(200, &json!({"error": {"message": "something is wrong"}})), "error_in_stream"),
        (good().with_header("content-encoding", "gzip"), "bad_response"),
    ];
    for (behaviour, expected) in &cases {
        app.upstream.on(ONE, behaviour.clone());
        let (status, text) = caller.ask(&question(ONE)).await;
        assert_eq!((status, code(&text).as_str()), (StatusCode::BAD_GATEWAY, *expected), "{text}");
    }
    for row in rows_once(&app.pool, cases.len()).await {
        assert_eq!(row.ending(), ("error", Some("upstream_5xx"), Some(502)));
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn an_upstream_that_cannot_be_reached_is_a_connection_error(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    // Nobody listens on port 1.
    let refuse = "UPDATE upstreams SET base_url = 'http://127.0.0.1:1/v1'";
    sqlx::query(refuse).execute(&app.pool).await.unwrap();
    let (status, text) = caller.ask(&question(ONE)).await;
    assert_eq!((status, code(&text).as_str()), (StatusCode::BAD_GATEWAY, "connect_failed"));
    // The same where it may not be called at all.
    sqlx::query("UPDATE upstreams SET allow_private = false").execute(&app.pool).await.unwrap();
    app.clock.advance(chrono::TimeDelta::seconds(30));
    let (status, text) = caller.ask(&question(ONE)).await;
    assert_eq!((status, code(&text).as_str()), (StatusCode::BAD_GATEWAY, "address_blocked"));
    for row in rows_once(&app.pool, 2).await {
        assert_eq!(row.ending(), ("error", Some("connect"), Some(502)));
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn an_upstream_that_hangs_is_given_up_in_time(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    sqlx::query("UPDATE upstreams SET timeout_ms = 1000, first_byte_ms = 1000, idle_ms = 1000")
        .execute(&app.pool)
        .await
        .unwrap();
    app.upstream.on(ONE, Behaviour::silence());
    for (ask, limit, setting) in [
        (question(ONE), "timeout_total", "Whole answer, if not streamed"),
        (streamed(ONE), "timeout_first_byte", "Time to first output"),
    ] {
        let (status, text) = caller.ask(&ask).await;
        assert_eq!((status, code(&text).as_str()), (StatusCode::GATEWAY_TIMEOUT, limit));
        assert!(text.contains(&format!("within 1 s (this site's limit “{setting}” of the upstream)")), "{text}");
    }
    app.upstream.on(ONE, Behaviour::hang_after("Hello "));
    let (status, text) = caller.ask(&streamed(ONE)).await;
    assert_eq!(status, StatusCode::OK, "it had begun well");
    assert!(text.contains("Hello ") && text.contains("timeout_idle") && !text.contains("[DONE]"), "{text}");
    let rows = rows_once(&app.pool, 3).await;
    assert_eq!(rows[0].ending(), ("refused", Some("site_limit"), Some(504)));
    assert_eq!(rows[1].ending(), ("refused", Some("site_limit"), Some(504)));
    assert_eq!(rows[2].ending(), ("refused", Some("site_limit"), Some(200)));
    assert_eq!((rows[2].tokens_out, rows[2].usage_source.as_deref()), (Some(2), Some("estimated")));
    assert!(rows.iter().all(|row| row.latency_ms >= 900), "{rows:#?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_stream_cut_after_any_event_is_no_success(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    let events = [Chunks::delta("one "), Chunks::delta("two "), Chunks::delta("three")];
    let mut expected = 0;
    for (end, is_reset) in [(Step::Cut, false), (Step::Reset, true), (Step::End, false)] {
        for kept in 0..=events.len() {
            for cuts_inside in [false, true] {
                let mut bytes = events[..kept].concat();
                if cuts_inside {
                    bytes.extend_from_slice(b"data: {\"choices\":[{\"del");
                }
                let wait = Step::Wait(Duration::from_millis(if is_reset { 50 } else { 0 }));
                app.upstream
                    .on(ONE, Behaviour::steps([Behaviour::event_stream(), Step::Body(bytes), wait, end.clone()]));
                let (status, text) = caller.ask(&streamed(ONE)).await;
                assert!(!text.contains("[DONE]"), "{text}");
                let is_begun = status == StatusCode::OK;
                assert!(is_begun || (status == StatusCode::BAD_GATEWAY && code(&text) == "cut_off"), "{status} {text}");
                assert_eq!(is_begun, kept > 0, "{kept} {text}");
                if is_begun {
                    assert_eq!(code(event_data(&text).last().unwrap()), "cut_off");
                }
                expected += 1;
            }
        }
    }
    for row in rows_once(&app.pool, expected).await {
        assert_eq!((row.outcome.as_str(), row.error_class.as_deref()), ("error", Some("cut_off")), "{row:?}");
        assert_eq!(row.tokens_out.is_some(), row.status_code == Some(200));
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_whole_answer_that_is_cut_is_an_error(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    let head = Step::Head(
        200,
        vec![("content-type".into(), "application/json".into()), ("content-length".into(), "500".into())],
    );
    app.upstream.on(ONE, Behaviour::steps([head, Step::Body(b"{\"choices\":[".to_vec()), Step::Cut]));
    let (status, text) = caller.ask(&question(ONE)).await;
    assert_eq!((status, code(&text).as_str()), (StatusCode::BAD_GATEWAY, "cut_off"));
    assert_eq!(rows_once(&app.pool, 1).await[0].ending(), ("error", Some("cut_off"), Some(502)));
}

#[sqlx::test(migrations = "../migrations")]
async fn an_error_inside_a_good_stream_ends_it_with_an_error(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    let error = Chunks::event(&json!({"error": {"message": "I am at 10.0.0.7 with sk-0123456789abcdef", "code": 500}}));
    // The second upstream gets as far as to make its caller believe that all is well.
    let late = Behaviour::steps([
        Behaviour::event_stream(),
        Step::Body(Chunks::delta("Hello")),
        Step::Wait(Duration::from_millis(300)),
        Step::Body([error.clone(), Chunks::done()].concat()),
        Step::End,
    ]);
    app.upstream.on_each(ONE, [Behaviour::stream(error), late]);
    let (status, text) = caller.ask(&streamed(ONE)).await;
    assert_eq!(
        (status, code(&text).as_str()),
        (StatusCode::INTERNAL_SERVER_ERROR, "upstream_failed"),
        "nothing had been sent yet"
    );
    let (status, text) = caller.ask(&streamed(ONE)).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(code(event_data(&text).last().unwrap()), "upstream_failed");
    assert!(text.contains("Hello") && !text.contains("[DONE]"), "{text}");
    assert!(!text.contains("10.0.0.7") && !text.contains("sk-0123"), "{text}");
    let rows = rows_once(&app.pool, 2).await;
    assert_eq!(rows[0].ending(), ("error", Some("upstream_5xx"), Some(500)));
    assert_eq!(rows[1].ending(), ("error", Some("upstream_5xx"), Some(200)));
}

#[sqlx::test(migrations = "../migrations")]
async fn an_event_without_end_and_one_without_counts_are_survived(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    let endless = Step::Forever(vec![b'x'; 64 * 1024], Duration::from_millis(1));
    app.upstream.on(ONE, Behaviour::steps([Behaviour::event_stream(), Step::Body(Chunks::delta("a")), endless]));
    let (status, text) = caller.ask(&streamed(ONE)).await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.contains("too_large"), "{text}");
    // The reason came, the counts and [DONE] did not: the answer is complete.
    app.upstream.on(ONE, Behaviour::stream([Chunks::delta("a"), Chunks::finish("stop")].concat()));
    let (_, text) = caller.ask(&streamed(ONE)).await;
    assert!(!text.contains("error"), "{text}");
    rows_once(&app.pool, 2).await;
    let endings: Vec<_> = rows(&app.pool).await.iter().map(|row| row.outcome.clone()).collect();
    assert_eq!(endings, ["refused", "success"], "a limit of this site is no failure of the model");
}
