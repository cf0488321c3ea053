//! Good answers: the upstream's bytes, and one event.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::support::{Caller, ONE, TWO, completion, question, rows_once, streamed, whole};
use crate::support::{
    app::{MODELS, TestApp, eventually, read},
    fake_upstream::{Behaviour, Chunks},
};

#[sqlx::test(migrations = "../migrations")]
async fn a_whole_answer_comes_back_byte_for_byte_but_for_the_models_name(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    let body = "{ \"id\":\"x\", \"model\" : \"up/1\",\n\"choices\":[{\"message\":{\"content\":\"h\\u00efß\"}}], \"new\":1.50,\
                \"usage\":{\"prompt_tokens\":31,\"completion_tokens\":9}}";
    app.upstream.on(ONE, Behaviour::reply(200, "application/json; x=1", body));
    let sent = "{\"messages\":[{\"role\":\"user\",\"content\":\"h\\u00ef\"}],\"model\":\"fake/one\",\"x_new\":[1.0,{}],\"temperature\":0.70}";
    let request = caller.request().header("content-type", "application/json").header("x-request-id", "mine-1");
    let answer = request.body(sent).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "application/json; x=1");
    assert_eq!(answer.headers()["x-quadrille-model"], ONE);
    assert_eq!(answer.headers()["x-quadrille-attempts"], "1");
    let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert_eq!(answer.text().await.unwrap(), body.replace("\"up/1\"", "\"fake/one\""));

    let asked = &app.upstream.journal()[0];
    assert_eq!(asked.body["x_new"], json!([1.0, {}]));
    assert_eq!(asked.header("authorization"), Some("Bearer sk-fake-upstream-key"));
    assert_eq!(asked.body.get("stream_options"), None);

    let row = &rows_once(&app.pool, 1).await[0];
    assert_eq!(row.id.to_string(), id);
    assert_eq!(row.request_id.as_deref(), Some("mine-1"));
    assert_eq!(row.api_key_id.map(|id| id.to_string()).as_deref(), caller.key["id"].as_str());
    assert_eq!(row.ending(), ("success", None, Some(200)));
    assert_eq!((row.model_public_name.as_str(), row.attempt, row.is_stream), (ONE, 1, false));
    assert_eq!((row.tokens_in, row.tokens_out, row.usage_source.as_deref()), (Some(31), Some(9), Some("upstream")));
    assert_eq!(row.cost_usd.map(|cost| cost.to_string()).as_deref(), Some("0.000049"));
    assert!(row.upstream_latency_ms.is_some_and(|ms| ms <= row.latency_ms) && row.ttft_ms.is_none());
    assert_eq!(row.source, "gateway");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_stream_comes_back_as_it_is_without_the_counts_that_nobody_asked_for(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    let wire = |model: &str| {
        let delta = format!(
            "data: {{\"model\": \"{model}\",\"choices\":[{{\"delta\":{{\"content\":\"Grüße\"}}}}],\"usage\":null}}\n\n"
        );
        let text = |chunk: &Value| format!("data: {chunk}\n\n");
        let finish = text(&json!({"model": model, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}));
        let usage = json!({"prompt_tokens": 5, "completion_tokens": 2});
        (format!(": hi\n\n{delta}"), finish, text(&json!({"model": model, "choices": [], "usage": usage})))
    };
    let (head, finish, usage) = wire("up/1");
    app.upstream.on(ONE, Behaviour::stream(format!("{head}{finish}{usage}data: [DONE]\n\n")));
    let (head, finish, usage) = wire(ONE);

    let (status, text) = caller.ask(&streamed(ONE)).await;
    assert_eq!((status, text), (StatusCode::OK, format!("{head}{finish}data: [DONE]\n\n")));
    let mut asking = streamed(ONE);
    asking["stream_options"] = json!({"include_usage": true});
    let (_, text) = caller.ask(&asking).await;
    assert_eq!(text, format!("{head}{finish}{usage}data: [DONE]\n\n"));
    for asked in app.upstream.journal() {
        assert_eq!(asked.body["stream_options"], json!({"include_usage": true}));
    }
    for row in rows_once(&app.pool, 2).await {
        assert_eq!(row.ending(), ("success", None, Some(200)));
        assert_eq!((row.tokens_in, row.tokens_out, row.is_stream), (Some(5), Some(2), true));
        assert!(row.ttft_ms.is_some_and(|ms| ms <= row.latency_ms));
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn every_piece_is_handed_on_when_it_comes(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    app.upstream.on(ONE, Behaviour::hang_after("first"));
    let mut answer = caller.send(&streamed(ONE)).await;
    let first =
        tokio::time::timeout(Duration::from_secs(20), answer.chunk()).await.expect("it is not held back").unwrap();
    assert!(String::from_utf8_lossy(&first.unwrap()).contains("first"));
}

#[sqlx::test(migrations = "../migrations")]
async fn tools_and_thoughts_are_output_and_emptiness_is_not(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    let usage = json!({"prompt_tokens": 3, "completion_tokens": 4});
    let with = |message: Value| {
        let mut body = whole("", &usage);
        body["choices"][0]["message"] = message;
        Behaviour::json(200, &body)
    };
    let call = json!([{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]);
    app.upstream.on_each(
        ONE,
        [
            with(json!({"content": null, "tool_calls": call})),
            with(json!({"content": "", "reasoning_content": "hm"})),
            with(json!({"content": null, "refusal": "no"})),
            with(json!({"content": ""})),
        ],
    );
    for _ in 0..4 {
        assert_eq!(caller.ask(&question(ONE)).await.0, StatusCode::OK);
    }
    app.upstream.on(TWO, Behaviour::stream([Chunks::finish("stop"), Chunks::done()].concat()));
    assert_eq!(caller.ask(&streamed(TWO)).await.0, StatusCode::OK);
    let rows = rows_once(&app.pool, 5).await;
    let outcomes: Vec<_> = rows.iter().map(|row| (row.outcome.as_str(), row.error_class.as_deref())).collect();
    let good = ("success", None);
    let empty = ("error", Some("empty"));
    assert_eq!(outcomes, [good, good, good, empty, empty]);
}

#[sqlx::test(migrations = "../migrations")]
async fn counts_that_are_missing_or_none_are_estimated_and_flagged(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    let usages = [
        Value::Null,
        json!({"prompt_tokens": null, "completion_tokens": null}),
        json!({"prompt_tokens": -5, "completion_tokens": -1}),
        json!({"prompt_tokens": "12", "completion_tokens": "3"}),
        json!({"prompt_tokens": 1e300, "completion_tokens": 18446744073709551615_u64}),
        json!([1, 2]),
    ];
    app.upstream.on_each(ONE, usages.iter().map(|usage| completion("eight by", usage)));
    for _ in &usages {
        assert_eq!(caller.ask(&question(ONE)).await.0, StatusCode::OK);
    }
    app.upstream
        .on(TWO, Behaviour::stream([Chunks::delta("eight by"), Chunks::finish("stop"), Chunks::done()].concat()));
    caller.ask(&streamed(TWO)).await;
    for row in rows_once(&app.pool, usages.len() + 1).await {
        assert_eq!(row.ending(), ("success", None, Some(200)));
        // Eighteen characters of prompt and one message around them; eight of answer.
        assert_eq!((row.tokens_in, row.tokens_out), (Some(5 + 4), Some(2)), "{row:?}");
        assert_eq!(row.usage_source.as_deref(), Some("estimated"));
        assert!(row.cost_usd.is_some());
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn the_models_that_a_key_may_ask_are_listed(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let all = Caller::with(&app, &ada, json!({"name": "all"})).await;
    let one = Caller::with(&app, &ada, json!({"name": "one", "models": [ONE]})).await;
    let get = async |secret: &str, path: &str| {
        read(app.request(Method::GET, path).bearer_auth(secret).send().await.unwrap()).await
    };
    let ids = |list: &Value| {
        let ids = list["data"].as_array().unwrap().iter();
        ids.map(|entry| entry["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (status, list) = get(&all.secret, "/v1/models").await;
    assert_eq!((status, &list["object"]), (StatusCode::OK, &json!("list")));
    let mut expected = MODELS.map(str::to_owned);
    expected.sort();
    let mut listed = ids(&list);
    listed.sort();
    assert_eq!(listed, expected);
    assert_eq!(ids(&get(&one.secret, "/v1/models").await.1), [ONE]);
    assert_eq!(get(&one.secret, "/v1/models/fake/one").await.1["id"], ONE);
    assert_eq!(get(&one.secret, "/v1/models/fake/two").await.0, StatusCode::NOT_FOUND);
    assert_eq!(get("qd-wrong", "/v1/models").await.0, StatusCode::UNAUTHORIZED);

    let list = json!({"models": [TWO, ONE]});
    assert_eq!(ada.send(Method::PUT, "/api/routing", Some(list)).await.0, StatusCode::OK);
    eventually("auto is listed", async || ids(&get(&all.secret, "/v1/models").await.1)[0] == "auto").await;
    assert_eq!(app.count("usage_events").await, 0, "listing is no request to a model");
}

#[sqlx::test(migrations = "../migrations")]
async fn the_figures_say_nothing_about_who_asked_what(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    app.upstream.on(ONE, completion("Hello", &json!({"prompt_tokens": 3, "completion_tokens": 4})));
    caller.ask(&question(ONE)).await;
    caller.ask(&question("fake/unknown-one")).await;
    rows_once(&app.pool, 2).await;
    let (status, text) = read(app.request(Method::GET, "/metrics").send().await.unwrap()).await;
    let text = text.as_str().unwrap();
    assert_eq!(status, StatusCode::OK);
    for line in [
        "quadrille_gateway_requests_total{outcome=\"success\",error_class=\"\",stream=\"false\"} 1",
        "quadrille_gateway_requests_total{outcome=\"refused\",error_class=\"caller\",stream=\"false\"} 1",
        "quadrille_gateway_upstream_calls_total 1",
        "quadrille_gateway_requests_in_flight 0",
        "quadrille_gateway_request_seconds_count 2",
        "quadrille_event_log_appended_total 2",
        "quadrille_event_log_moved_total 2",
        "quadrille_event_log_events_waiting 0",
        "quadrille_event_log_has_room 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is missing:\n{text}");
    }
    for private in ["ada", "fake", "Say hello", "qd-", &caller.secret] {
        assert!(!text.contains(private), "{private}:\n{text}");
    }
}
