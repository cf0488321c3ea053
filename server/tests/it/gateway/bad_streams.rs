//! Upstreams that mean harm or are out of order: what they send is bounded, has the right class, and nothing panics.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::support::{Caller, ONE, TWO, completion, question, rows_once, streamed};
use crate::support::{
    app::TestApp,
    fake_upstream::{Behaviour, Chunks, Step},
};

const MB: usize = 1024 * 1024;

fn stream(pieces: impl IntoIterator<Item = Vec<u8>>) -> Behaviour {
    let pieces = pieces.into_iter().map(Step::Body);
    Behaviour::steps([Behaviour::event_stream()].into_iter().chain(pieces).chain([Step::End]).collect::<Vec<_>>())
}

#[sqlx::test(migrations = "../migrations")]
async fn numbers_and_lists_without_measure_are_survived(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    let calls: Vec<Value> = (0..200)
        .map(|index| json!({"index": index, "id": format!("c{index}"), "function": {"name": "f", "arguments": "{}"}}))
        .collect();
    let huge = json!({"prompt_tokens": 1_u64 << 63, "completion_tokens": 1e300});
    let many = Chunks::event(&json!({"choices": [{"index": 0, "delta": {"tool_calls": calls}}]}));
    app.upstream.on(ONE, stream([many, Chunks::finish("tool_calls"), Chunks::usage(&huge), Chunks::done()]));
    let (status, text) = caller.ask(&question(ONE)).await;
    let answer: Value = serde_json::from_str(&text).expect("one object");
    assert_eq!(status, StatusCode::OK);
    assert_eq!(answer["choices"][0]["message"]["tool_calls"].as_array().map(Vec::len), Some(200));
    let row = &rows_once(&app.pool, 1).await[0];
    assert_eq!((row.outcome.as_str(), row.usage_source.as_deref()), ("success", Some("estimated")));
    assert!(row.tokens_out.is_some_and(|tokens| tokens < 100_000), "{row:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_larger_than_its_bound_ends_the_answer_and_not_the_server(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    let content = |size: usize| Chunks::delta(&"a".repeat(size));
    // Half a bound passes; an event that is larger, or never ends, does not.
    app.upstream.on(ONE, stream([content(16 * MB), Chunks::end(3, 2)]));
    let (_, text) = caller.ask(&streamed(ONE)).await;
    assert!(text.len() > 16 * MB && text.ends_with("data: [DONE]\n\n"), "{:.200}", text);
    app.upstream.on(ONE, stream([Chunks::delta("a"), content(33 * MB), Chunks::end(3, 2)]));
    let (_, text) = caller.ask(&streamed(ONE)).await;
    assert!(text.contains("too_large"), "{:.200}", text);
    let endless = Step::Forever(vec![b'x'; 64 * 1024], Duration::ZERO);
    app.upstream
        .on(ONE, Behaviour::steps([Behaviour::event_stream(), Step::Body(b"data: ".to_vec()), endless.clone()]));
    let (status, text) = caller.ask(&streamed(ONE)).await;
    assert_eq!((status, text.contains("too_large")), (StatusCode::BAD_GATEWAY, true), "{text}");
    // Comments without end before the first output are passed on in the end, and bounded as everything is.
    let head = vec![("content-type".to_owned(), "application/json".to_owned()), ("x-large".to_owned(), "x".repeat(MB))];
    app.upstream.on(ONE, Behaviour::steps([Step::Head(200, head), Step::Body(b"{}".to_vec()), Step::End]));
    assert_eq!(caller.ask(&question(ONE)).await.0, StatusCode::BAD_GATEWAY);
    app.upstream.on(TWO, completion("Hello", &json!({"prompt_tokens": 3, "completion_tokens": 1})));
    assert_eq!(caller.ask(&question(TWO)).await.0, StatusCode::OK);
    let rows = rows_once(&app.pool, 5).await;
    let outcomes: Vec<_> = rows.iter().map(|row| row.outcome.as_str()).collect();
    assert_eq!(
        outcomes,
        ["success", "refused", "refused", "error", "success"],
        "a limit of this site is no failure of the model"
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn ten_thousand_chunks_in_a_second_and_another_shape_at_every_call_are_fine(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    let chunks: Vec<u8> = (0..10_000).flat_map(|_| Chunks::delta("a")).collect();
    app.upstream.on(ONE, stream([chunks, Chunks::end(3, 10_000)]));
    let (_, text) = caller.ask(&streamed(ONE)).await;
    assert_eq!(text.matches("\"content\":\"a\"").count(), 10_000);
    let usage = json!({"prompt_tokens": 3, "completion_tokens": 1});
    let shapes = [completion("Hi", &usage), Behaviour::answer("Hi"), completion("Hi", &usage), Behaviour::answer("Hi")];
    app.upstream.on_each(TWO, shapes);
    for is_stream in [true, true, false, false] {
        let asked = if is_stream { streamed(TWO) } else { question(TWO) };
        let (status, text) = caller.ask(&asked).await;
        assert!(status == StatusCode::OK && text.contains("Hi") && text.starts_with("data:") == is_stream, "{text}");
    }
    for row in rows_once(&app.pool, 5).await {
        assert_eq!(row.outcome, "success");
    }
}
