//! Streams as providers really send them: what comes before the first output, how answers end, the other shape, output that is
//! not text, counts. Every input is one that was reported by users of other gateways and playgrounds, with invented values.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::support::{Caller, ONE, TWO, completion, question, rows_once, streamed, whole};
use crate::support::{
    app::{TestApp, UPSTREAM_KEY},
    events::event_data,
    fake_upstream::{Behaviour, Chunks, Step},
};

fn chunk(delta: &Value, finish: &Value) -> Vec<u8> {
    Chunks::event(&json!({
        "id": "chatcmpl-up", "object": "chat.completion.chunk", "created": 1, "model": "up",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }))
}

fn delta(delta: &Value) -> Vec<u8> {
    chunk(delta, &Value::Null)
}

fn body(pieces: impl IntoIterator<Item = Vec<u8>>) -> Vec<Step> {
    [Behaviour::event_stream()].into_iter().chain(pieces.into_iter().map(Step::Body)).collect()
}

fn stream(pieces: impl IntoIterator<Item = Vec<u8>>) -> Behaviour {
    Behaviour::steps([body(pieces), vec![Step::End]].concat())
}

fn cut(pieces: impl IntoIterator<Item = Vec<u8>>) -> Behaviour {
    Behaviour::steps([body(pieces), vec![Step::Cut]].concat())
}

/// The text that a client reads from a stream, and its last finish reason.
fn read(wire: &str) -> (String, Option<String>) {
    let chunks: Vec<Value> = event_data(wire).iter().filter_map(|data| serde_json::from_str(data).ok()).collect();
    let text = chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect();
    let finish = chunks.iter().rev().find_map(|chunk| chunk["choices"][0]["finish_reason"].as_str().map(str::to_owned));
    (text, finish)
}

async fn with_auto(app: &TestApp) -> Caller<'_> {
    let ada = app.member("ada@example.org").await;
    let (status, body) = ada.send(Method::PUT, "/api/routing", Some(json!({"models": [ONE, TWO]}))).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    Caller::with(app, &ada, json!({"name": "auto"})).await
}

#[sqlx::test(migrations = "../migrations")]
async fn until_the_first_output_another_model_takes_over_in_one_clean_stream(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = with_auto(&app).await;
    app.upstream.on(
        TWO,
        stream([
            delta(&json!({"role": "assistant", "content": ""})),
            delta(&json!({"content": "Hi"})),
            Chunks::end(3, 1),
        ]),
    );
    let processing = b": OPENROUTER PROCESSING\n\n".to_vec();
    let failed = Chunks::event(&json!({
        "id": "gen-1", "error": {"code": 503, "message": "No instances available"},
        "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}],
    }));
    let begun = delta(&json!({"role": "assistant", "content": ""}));
    let unable = [
        stream([processing.clone(), processing.clone(), failed]),
        cut([begun.clone()]),
        cut([processing.clone(), begun.clone(), delta(&json!({"reasoning_content": "", "tool_calls": []}))]),
        cut([b"event: ping\ndata: {\"type\":\"ping\"}\n\n".to_vec()]),
        stream([begun.clone()]),
        Behaviour::stream(Vec::new()),
        Behaviour::stream(Chunks::done()),
    ];
    let n = unable.len();
    for behaviour in unable {
        let shown = format!("{behaviour:?}");
        app.upstream.on(ONE, behaviour);
        let answer = caller.send(&streamed("auto")).await;
        assert_eq!((answer.status(), answer.headers()["x-quadrille-model"].to_str().ok()), (StatusCode::OK, Some(TWO)));
        let wire = answer.text().await.unwrap();
        assert_eq!(read(&wire), ("Hi".into(), Some("stop".into())), "{shown:.300}: {wire}");
        assert!(
            !wire.contains("PROCESSING") && !wire.contains("gen-1") && wire.ends_with("data: [DONE]\n\n"),
            "{wire}"
        );
    }
    // From the first output on the answer is this model's, whatever becomes of it.
    for output in [
        json!({"reasoning": "Hm"}),
        json!({"refusal": "No"}),
        json!({"tool_calls": [{"index": 0, "function": {"name": "f"}}]}),
    ] {
        app.upstream.on(ONE, cut([begun.clone(), delta(&output)]));
        let (status, wire) = caller.ask(&streamed("auto")).await;
        assert!(status == StatusCode::OK && wire.contains("cut_off") && !wire.contains("Hi"), "{wire}");
    }
    rows_once(&app.pool, n + 3).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_model_that_thinks_for_long_keeps_its_caller_with_comments(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = with_auto(&app).await;
    let role = delta(&json!({"role": "assistant", "content": ""}));
    app.upstream
        .on(ONE, Behaviour::steps([body([role]), vec![Step::Wait(Duration::from_millis(6_500)), Step::Cut]].concat()));
    app.upstream.on(TWO, Behaviour::answer("Hi"));
    let wire = caller.ask(&streamed("auto")).await.1;
    assert!(wire.starts_with(": keep-alive\n\n"), "{wire}");
    assert_eq!((read(&wire).0.as_str(), wire.matches("chatcmpl-up").count()), ("Hi", 0));
    // A caller who has seen the head learns of a failure by an event.
    app.upstream.on(TWO, Behaviour::status(500));
    let (status, wire) = caller.ask(&streamed("auto")).await;
    assert!(status == StatusCode::OK && wire.contains("\"error\""), "{wire}");
    let rows = rows_once(&app.pool, 2).await;
    assert_eq!(rows[0].ending(), ("success", None, Some(200)));
    assert_eq!((rows[1].outcome.as_str(), rows[1].status_code), ("error", Some(200)));
}

#[sqlx::test(migrations = "../migrations")]
async fn an_answer_is_a_success_only_where_it_has_ended_and_nothing_of_it_is_missing(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    let empty = |text: &str| chunk(&json!({"content": text}), &json!(""));
    let choice = |index: u64, finish: Value| {
        Chunks::event(&json!({"choices": [{"index": index, "delta": {"content": "x"}, "finish_reason": finish}]}))
    };
    let broken = b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\": \"lost\n\n".to_vec();
    let cases = [
        ("an empty reason on every chunk, then the end", cut([empty("Par"), empty("is")]), 1, "error"),
        ("an empty reason on every chunk, closed", stream([empty("Par"), empty("is")]), 1, "error"),
        (
            "an empty reason on every chunk, then DONE",
            stream([empty("Par"), empty("is"), Chunks::done()]),
            1,
            "success",
        ),
        (
            "a broken chunk among good ones",
            stream([Chunks::delta("a"), broken, Chunks::delta("b"), Chunks::end(3, 2)]),
            1,
            "error",
        ),
        ("one of two choices cut", cut([choice(0, json!("stop")), choice(1, Value::Null)]), 2, "error"),
        ("one of two choices never begun", stream([choice(0, json!("stop"))]), 2, "error"),
        ("both of two choices", stream([choice(0, json!("stop")), choice(1, json!("length"))]), 2, "success"),
        (
            "a reason of 10 kB",
            stream([chunk(&json!({"content": "a"}), &json!("x".repeat(10_000))), Chunks::done()]),
            1,
            "success",
        ),
    ];
    let expected: Vec<_> = cases.iter().map(|(name, .., outcome)| (*name, *outcome)).collect();
    for (_, behaviour, n, _) in cases {
        app.upstream.on(ONE, behaviour);
        let mut asked = streamed(ONE);
        asked["n"] = json!(n);
        caller.ask(&asked).await;
    }
    let rows = rows_once(&app.pool, expected.len()).await;
    let found: Vec<_> = expected.iter().zip(&rows).map(|((name, _), row)| (*name, row.outcome.as_str())).collect();
    assert_eq!(found, expected);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_caller_gets_the_shape_that_it_asked_for(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    let call = json!({"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}});
    let mut with_call = whole("", &json!({"prompt_tokens": 3, "completion_tokens": 4}));
    with_call["choices"][0]["message"] = json!({"role": "assistant", "content": null, "tool_calls": [call]});
    with_call["choices"][0]["finish_reason"] = json!("tool_calls");

    // A stream was asked for, one object comes, whatever it is declared to be.
    for content_type in ["application/json", "text/event-stream"] {
        app.upstream.on(ONE, Behaviour::reply(200, content_type, with_call.to_string()));
        let mut asked = streamed(ONE);
        asked["stream_options"] = json!({"include_usage": true});
        let answer = caller.send(&asked).await;
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        let wire = answer.text().await.unwrap();
        let chunks: Vec<Value> = event_data(&wire).iter().filter_map(|data| serde_json::from_str(data).ok()).collect();
        assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
        assert_eq!(chunks[1]["choices"][0]["delta"]["tool_calls"][0]["index"], 0);
        assert_eq!(chunks[1]["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"], "{\"a\":1}");
        assert_eq!(chunks[2]["choices"][0]["finish_reason"], "tool_calls");
        assert_eq!((&chunks[3]["choices"], &chunks[3]["usage"]["completion_tokens"]), (&json!([]), &json!(4)));
        assert!(chunks.iter().all(|chunk| chunk["model"] == ONE) && wire.ends_with("data: [DONE]\n\n"), "{wire}");
    }
    app.upstream.on(ONE, completion("Hello", &json!({"prompt_tokens": 3})));
    let wire = caller.ask(&streamed(ONE)).await.1;
    assert_eq!((read(&wire), wire.contains("usage")), (("Hello".into(), Some("stop".into())), false));

    // No stream was asked for, a stream comes: fragments of tool calls are joined by their number.
    let fragment = |index: u64, id: Option<&str>, arguments: &str| {
        delta(
            &json!({"tool_calls": [{"index": index, "id": id, "type": "function", "function": {"name": id.map(|_| "f"), "arguments": arguments}}]}),
        )
    };
    let pieces = [
        delta(&json!({"role": "assistant", "content": null})),
        fragment(0, Some("call_1"), "{\"a\""),
        fragment(1, Some("call_2"), "{"),
        fragment(0, None, ":1}"),
        fragment(1, None, "}"),
        chunk(&json!({}), &json!("tool_calls")),
        Chunks::usage(&json!({"prompt_tokens": 3, "completion_tokens": 4})),
        Chunks::done(),
    ];
    app.upstream.on(ONE, Behaviour::reply(200, "application/json", pieces.concat()));
    let (status, text) = caller.ask(&question(ONE)).await;
    let answer: Value = serde_json::from_str(&text).expect("one object");
    assert_eq!((status, &answer["object"], &answer["model"]), (StatusCode::OK, &json!("chat.completion"), &json!(ONE)));
    let calls = &answer["choices"][0]["message"]["tool_calls"];
    assert_eq!(calls[0], call);
    assert_eq!((&calls[1]["function"]["arguments"], calls.as_array().map(Vec::len)), (&json!("{}"), Some(2)));
    assert_eq!(
        (&answer["choices"][0]["finish_reason"], &answer["usage"]["prompt_tokens"]),
        (&json!("tool_calls"), &json!(3))
    );

    // A stream that is not complete is no answer.
    app.upstream.on(ONE, cut([Chunks::delta("Hel")]));
    assert_eq!(caller.ask(&question(ONE)).await.0, StatusCode::BAD_GATEWAY);
    let rows = rows_once(&app.pool, 5).await;
    assert!(rows[..4].iter().all(|row| row.outcome == "success" && row.tokens_in == Some(3)), "{rows:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_picture_of_almost_two_megabytes_passes_unchanged_in_both_shapes(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    let url = format!("data:image/png;base64,{}", "iVBORw0KGgo".repeat(160_000));
    let images = json!([{"type": "image_url", "image_url": {"url": url}}]);
    let wire = Chunks::event(&json!({"model": ONE, "choices": [{"index": 0, "delta": {"images": images}}]}));
    app.upstream.on(ONE, stream([wire.clone(), Chunks::end(3, 1)]));
    let (_, text) = caller.ask(&streamed(ONE)).await;
    assert!(text.as_bytes().starts_with(&wire), "the picture is changed");
    let mut answer = whole("", &json!({"prompt_tokens": 3, "completion_tokens": 1}));
    answer["choices"][0]["message"]["images"] = images;
    app.upstream.on(ONE, Behaviour::json(200, &answer));
    answer["model"] = json!(ONE);
    let (_, text) = caller.ask(&question(ONE)).await;
    assert!(serde_json::from_str::<Value>(&text).unwrap() == answer, "the picture is changed");
    for row in rows_once(&app.pool, 2).await {
        assert_eq!(row.ending(), ("success", None, Some(200)));
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn counts_that_are_known_are_never_replaced_by_unknown_ones(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    let counted = |usage: Value, finish: Value| {
        Chunks::event(
            &json!({"model": "", "usage": usage, "choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": finish}]}),
        )
    };
    let counts = json!({"prompt_tokens": 12, "completion_tokens": 34});
    app.upstream
        .on(ONE, stream([counted(counts.clone(), Value::Null), counted(json!({}), json!("stop")), Chunks::done()]));
    assert!(!caller.ask(&streamed(ONE)).await.1.contains("\"model\":\"\""));
    // A last chunk without choices, and a choice without a delta.
    let bare = Chunks::event(&json!({"usage": counts}));
    let bald = Chunks::event(&json!({"choices": [{"index": 0, "finish_reason": "stop"}]}));
    app.upstream.on(ONE, stream([Chunks::delta("a"), bald, bare, Chunks::done()]));
    let mut asked = streamed(ONE);
    asked["stream_options"] = json!({"include_usage": true});
    let wire = caller.ask(&asked).await.1;
    for data in event_data(&wire).iter().filter(|data| *data != "[DONE]") {
        let chunk: Value = serde_json::from_str(data).expect("json");
        let choices = chunk["choices"].as_array().expect("choices");
        assert!(chunk["model"] == ONE && choices.iter().all(|choice| choice["delta"].is_object()), "{data}");
    }
    for row in rows_once(&app.pool, 2).await {
        assert_eq!((row.outcome.as_str(), row.tokens_in, row.tokens_out), ("success", Some(12), Some(34)));
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn the_upstreams_own_key_reaches_no_caller(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    let key = UPSTREAM_KEY;
    let answer = |content: &str| completion(content, &Value::Null);
    let escaped: String = key.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let mut cases = vec![
        (answer(&format!("You sent Authorization: Bearer {key}")), question(ONE)),
        (
            Behaviour::reply(200, "application/json", whole("KEY", &Value::Null).to_string().replace("KEY", &escaped)),
            question(ONE),
        ),
        (answer(&format!("You sent {key}.")), streamed(ONE)),
        (Behaviour::answer(&format!("It is {key} .")), streamed(ONE)),
        (Behaviour::answer(&format!("It is {key} .")), question(ONE)),
    ];
    for at in 1..key.len() {
        let (head, tail) = key.split_at(at);
        cases.push((
            stream([Chunks::delta("It is "), Chunks::delta(head), Chunks::delta(tail), Chunks::end(3, 2)]),
            streamed(ONE),
        ));
    }
    for (behaviour, asked) in cases {
        app.upstream.on(ONE, behaviour);
        let (status, text) = caller.ask(&asked).await;
        let (content, _) = read(&text);
        assert!(status == StatusCode::OK && !text.contains(key) && !content.contains(key), "{text}");
        assert!(text.contains("[redacted]"), "{text}");
    }
}
