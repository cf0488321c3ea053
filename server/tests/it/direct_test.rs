//! The direct test of a model: the right step is named, nothing is counted, nothing is kept of what was said.

use std::{net::TcpListener, time::Duration};

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    admin::codes,
    app::{Member, TestApp},
    events::json_events,
    fake_upstream::{Behaviour, Chunks, Ending},
    tls,
};

const TEST: &str = "/api/admin/models/fake-one/test";
const MESSAGE: &str = "a-message-to-be-found-nowhere";
const ANSWER: &str = "an-answer-to-be-found-nowhere";

fn stage<'a>(report: &'a Value, name: &str) -> &'a Value {
    let stages = report["stages"].as_array().unwrap_or_else(|| panic!("no stages in {report}"));
    stages.iter().find(|stage| stage["name"] == name).unwrap_or_else(|| panic!("no {name} in {report}"))
}

/// The verdict, and the step that it names.
fn outcome(report: &Value) -> (&str, &str) {
    (report["verdict"].as_str().unwrap_or("none"), report["failed_stage"].as_str().unwrap_or("none"))
}

async fn test(admin: &Member<'_>) -> Value {
    let (status, report) = admin.post(TEST, json!({})).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    report
}

/// Changes the one upstream behind the admin's back, as far as its guard would not let it be changed.
async fn set_base_url(app: &TestApp, base_url: &str) {
    let done = sqlx::query("UPDATE upstreams SET base_url = $1").bind(base_url).execute(&app.pool).await.unwrap();
    assert_eq!(done.rows_affected(), 1);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_model_that_answers_works_and_leaves_no_trace_of_what_was_said(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    app.upstream.lists(&["fake/one", "fake/two"]);
    app.upstream.on("fake/one", Behaviour::answer(ANSWER));
    let request = json!({"system": "Be brief.", "message": MESSAGE, "temperature": 0.5, "max_tokens": 20});
    let (status, report) = admin.post(TEST, request).await;
    assert_eq!((status, outcome(&report)), (StatusCode::OK, ("works", "none")), "{report}");
    let names: Vec<&str> =
        report["stages"].as_array().unwrap().iter().map(|stage| stage["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["address", "tcp", "tls", "auth", "model", "reply", "streaming", "usage"]);
    assert!(report["stages"].as_array().unwrap().iter().all(|stage| stage["ok"] == true && stage["ms"].is_u64()));
    assert_eq!((&report["response_content"], &report["tokens_in"]), (&json!(ANSWER), &json!(7)));
    assert_eq!(report["list_cost_usd"], "0.000009");
    assert!(report["latency_ms"].is_u64() && report["ttft_ms"].is_u64());

    let asked = app.upstream.ended(3).await;
    assert_eq!(asked.len(), 3, "a list, one token, an answer");
    assert_eq!(asked[1].body["max_tokens"], 1);
    assert_eq!(asked[2].body["messages"][1]["content"], MESSAGE);
    assert_eq!((&asked[2].body["temperature"], &asked[2].body["max_tokens"]), (&json!(0.5), &json!(20)));

    let kept = admin.get("/api/admin/models/fake-one").await["last_test"].clone();
    assert_eq!((&kept["verdict"], &kept["latency_ms"]), (&json!("works"), &report["latency_ms"]));
    assert_eq!(app.count("usage_events").await, 0);
    assert_eq!((app.count("playground_runs").await, app.count("model_tests").await), (0, 1));
    let stored: String = sqlx::query_scalar(
        "SELECT string_agg(t::text, '') || (SELECT string_agg(a::text, '') FROM audit_log a) FROM model_tests t",
    )
    .fetch_one(&app.pool)
    .await
    .unwrap();
    assert!(stored.contains("model.test") && !stored.contains(MESSAGE) && !stored.contains(ANSWER), "{stored}");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn whatever_is_broken_its_own_step_is_named(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    app.upstream.lists(&["fake/one", "fake/two"]);
    let good = app.upstream.base_url();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let unknown_authority = tls::show_self_signed_once();
    let plain = tls::answer_plainly_once();
    for (base_url, failed, words) in [
        ("http://no-such-host.invalid/v1".to_owned(), "address", "no address"),
        (format!("http://127.0.0.1:{free}/v1"), "tcp", "refused"),
        (format!("https://{unknown_authority}/v1"), "tls", "an authority that this site does not know"),
        (format!("https://{plain}/v1"), "tls", "does not speak TLS"),
    ] {
        set_base_url(&app, &base_url).await;
        let report = test(&admin).await;
        assert_eq!(outcome(&report), ("failed", failed), "{base_url}: {report}");
        let stage = stage(&report, failed);
        assert!(stage["detail"].as_str().unwrap().contains(words), "{stage}");
        assert!(stage["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()), "{stage}");
        assert_eq!(stage["state"], "failed");
    }
    set_base_url(&app, &good).await;

    let refused = |status, code: &str| {
        Behaviour::json(status, &json!({"error": {"message": "no sk-fake-upstream-key", "code": code}}))
    };
    let html = Behaviour::reply(200, "text/html", "<html>Sign in to internal-wiki</html>");
    let whole = json!({"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]});
    for (list, completions, expected, words) in [
        (
            Some(refused(401, "invalid_api_key")),
            refused(401, "invalid_api_key"),
            ("failed", "auth"),
            "did not accept the key",
        ),
        (None, refused(401, "invalid_api_key"), ("failed", "auth"), "did not accept the key"),
        (None, refused(403, "forbidden"), ("failed", "reply"), "does not allow"),
        (None, refused(404, "model_not_found"), ("failed", "model"), "does not know this model"),
        (Some(Behaviour::status(404)), Behaviour::status(404), ("failed", "reply"), "no chat completion"),
        (Some(html.clone()), html, ("failed", "reply"), "a web page"),
        (None, refused(429, "insufficient_quota"), ("failed", "reply"), "no credit"),
        (None, refused(500, "x"), ("failed", "reply"), "HTTP 500"),
        (
            None,
            Behaviour::status(302).with_header("location", "http://10.0.0.1/"),
            ("failed", "reply"),
            "another address",
        ),
        (None, Behaviour::cut_after("Hel"), ("failed", "streaming"), "broke"),
        (Some(refused(403, "x")), Behaviour::answer("Hi"), ("works", "none"), ""),
        (Some(Behaviour::status(404)), Behaviour::answer("Hi"), ("works", "none"), ""),
        (None, Behaviour::json(200, &whole), ("works", "none"), ""),
    ] {
        match list {
            Some(behaviour) => app.upstream.on_models(behaviour),
            None => app.upstream.on_models(Behaviour::json(200, &json!({"data": [{"id": "fake/one"}]}))),
        }
        let is_cut = expected.1 == "streaming";
        match is_cut {
            true => app.upstream.on_each("fake/one", [Behaviour::json(200, &whole), completions]),
            false => app.upstream.on("fake/one", completions),
        }
        let report = test(&admin).await;
        assert_eq!(outcome(&report), expected, "{report}");
        let text = report.to_string();
        assert!(text.contains(words), "{words} is not in {text}");
        assert!(!text.contains("sk-fake") && !text.contains("internal-wiki") && !text.contains("10.0.0.1"), "{text}");
    }
    assert_eq!(app.count("usage_events").await, 0);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_model_that_is_not_listed_is_told_with_what_was_probably_meant(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    app.upstream.lists(&["fake/1", "fake/one-2", "other"]);
    let report = test(&admin).await;
    assert_eq!(outcome(&report), ("not_listed", "model"));
    assert!(stage(&report, "model")["remedy"].as_str().unwrap().contains("fake/one-2"), "{report}");
    assert_eq!(stage(&report, "reply")["ok"], true, "it answers all the same");
    let unknown = json!({"error": {"message": "model not found", "code": "model_not_found"}});
    app.upstream.on("fake/one", Behaviour::json(404, &unknown));
    assert_eq!(outcome(&test(&admin).await), ("not_listed", "model"));
    app.upstream.lists(&[]);
    app.upstream.on("fake/one", Behaviour::answer("Hi"));
    let report = test(&admin).await;
    assert_eq!((outcome(&report), &stage(&report, "model")["state"]), (("works", "none"), &json!("warning")));
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_wrong_path_is_told_with_the_right_one(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    set_base_url(&app, &app.upstream.base_url().replace("/v1", "/v2")).await;
    app.upstream.is_at("/v1/");
    let report = test(&admin).await;
    assert_eq!(outcome(&report), ("failed", "reply"), "{report}");
    assert!(stage(&report, "reply")["remedy"].as_str().unwrap().contains(&app.upstream.base_url()), "{report}");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_model_that_objects_to_max_tokens_is_asked_again_without(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    app.upstream.lists(&["fake/one"]);
    let objects = Behaviour::json(400, &json!({"error": "Unsupported parameter: use max_completion_tokens"}));
    app.upstream.on_each("fake/one", [objects.clone(), objects, Behaviour::answer("Hi")]);
    let report = test(&admin).await;
    assert_eq!(outcome(&report), ("works", "none"), "{report}");
    let asked = app.upstream.ended(5).await;
    assert_eq!((&asked[2].body["max_completion_tokens"], &asked[3].body["max_tokens"]), (&json!(16), &Value::Null));
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn the_answer_is_told_while_it_comes_and_hanging_up_ends_the_call(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    app.upstream.lists(&["fake/one"]);
    let whole = json!({"choices": [{"message": {"content": "H"}, "finish_reason": "length"}]});
    let hangs = Behaviour::hang_after("Hello");
    app.upstream.on_each("fake/one", [Behaviour::json(200, &whole), hangs]);
    let request = admin.request(Method::POST, TEST).header("accept", "text/event-stream").json(&json!({}));
    let mut answer = request.send().await.unwrap();
    let mut told = String::new();
    while !told.contains(r#""text":"Hello""#) {
        let piece = tokio::time::timeout(Duration::from_secs(20), answer.chunk()).await.unwrap().unwrap();
        told.push_str(std::str::from_utf8(&piece.expect("more")).unwrap());
    }
    assert!(told.contains(r#""type":"stage""#) && told.contains(r#""name":"model""#), "{told}");
    drop(answer);
    let journal = app.upstream.ended(3).await;
    assert_eq!(journal[2].ending(), Some(Ending::ClientHungUp));

    app.upstream.on("fake/one", Behaviour::answer("Hi"));
    let request = admin.request(Method::POST, TEST).header("accept", "text/event-stream").json(&json!({}));
    let told = request.send().await.unwrap().text().await.unwrap();
    let last = json_events(&told).pop().unwrap();
    assert_eq!((&last["type"], &last["report"]["verdict"]), (&json!("report"), &json!("works")), "{told}");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn values_that_are_not_saved_are_tested_and_a_stored_key_goes_nowhere_else(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    app.upstream.lists(&["fake/one"]);
    let upstreams = admin.get("/api/admin/upstreams").await;
    let id = &upstreams["upstreams"][0]["id"];
    let path = "/api/admin/test-values";
    let same = json!({"base_url": app.upstream.base_url(), "upstream_id": id});
    let (status, report) = admin.post(path, same.clone()).await;
    assert_eq!((status, outcome(&report)), (StatusCode::OK, ("works", "none")), "{report}");
    assert_eq!(stage(&report, "reply")["state"], "skipped", "no model was given");
    let asked = app.upstream.ended(1).await;
    assert_eq!(asked[0].header("authorization"), Some("Bearer sk-fake-upstream-key"));

    let mut with_model = same;
    with_model["upstream_model"] = json!("fake/one");
    with_model["api_key"] = json!("sk-another-key-0123456789");
    assert_eq!(outcome(&admin.post(path, with_model).await.1), ("works", "none"));
    let asked = app.upstream.ended(4).await;
    assert_eq!(asked[3].header("authorization"), Some("Bearer sk-another-key-0123456789"));

    let elsewhere = json!({"base_url": "http://127.0.0.1:9/v1", "upstream_id": id});
    let (status, problem) = admin.post(path, elsewhere).await;
    assert_eq!((status, codes(&problem)), (StatusCode::UNPROCESSABLE_ENTITY, vec!["address_blocked"]));
    assert_eq!(app.count("model_tests").await, 0);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn an_image_goes_along_and_a_bad_request_is_refused_before_any_call(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    app.upstream.lists(&["fake/one"]);
    let png = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==";
    let (status, _) = admin.post(TEST, json!({"message": "What is this?", "image": png})).await;
    assert_eq!(status, StatusCode::OK);
    let asked = app.upstream.ended(3).await;
    let parts = &asked[2].body["messages"][0]["content"];
    assert_eq!(parts[0], json!({"type": "text", "text": "What is this?"}));
    assert_eq!(parts[1], json!({"type": "image_url", "image_url": {"url": png}}));
    for (request, field) in [
        (json!({"image": "https://elsewhere.example/a.png"}), "image"),
        (json!({"image": "data:image/png;base64,PHN2Zy8+"}), "image"),
        (json!({"temperature": 3}), "temperature"),
        (json!({"max_tokens": 0}), "max_tokens"),
        (json!({"message": "x".repeat(50_001)}), "message"),
        (json!({"colour": 1}), "colour"),
    ] {
        let (status, problem) = admin.post(TEST, request).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)));
    }
    let (status, _) = admin.post("/api/admin/models/nowhere/test", json!({})).await;
    assert_eq!((status, app.upstream.journal().len()), (StatusCode::NOT_FOUND, 3));
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn all_models_are_tested_with_one_token_each_and_few_at_once(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let models: Vec<String> = (0..12).map(|n| format!("many/m{n}")).collect();
    let names: Vec<&str> = models.iter().map(String::as_str).chain(["fake/one", "fake/two", "fake/three"]).collect();
    app.publish(&names[..12]).await;
    app.upstream.lists(&names);
    for name in &names {
        let slow = Behaviour::stream([Chunks::delta("Hi"), Chunks::end(1, 1)].concat());
        app.upstream.on(name, slow.after(Duration::from_millis(200)));
    }
    app.upstream.on("fake/two", Behaviour::status(500));
    assert_eq!(admin.patch("/api/admin/models/fake-three", json!({"is_enabled": false})).await.0, StatusCode::OK);
    let (status, table) = admin.send(Method::POST, "/api/admin/test-all", None).await;
    assert_eq!(status, StatusCode::OK, "{table}");
    let rows = table["results"].as_array().unwrap();
    assert_eq!(rows.len(), 15);
    for row in rows {
        let expected = match row["slug"].as_str().unwrap() {
            "fake-two" => ("failed", "reply"),
            "fake-four" => ("not_listed", "model"),
            _ => ("works", "none"),
        };
        assert_eq!(outcome(&row["report"]), expected, "{row}");
    }
    let completions: Vec<_> =
        app.upstream.journal().into_iter().filter(|entry| entry.path.ends_with("/completions")).collect();
    assert_eq!(completions.len(), 15);
    let most = completions.iter().map(|entry| {
        let overlaps = |other: &&crate::support::fake_upstream::JournalEntry| {
            other.started <= entry.started && other.ended.is_some_and(|(_, ended)| ended > entry.started)
        };
        completions.iter().filter(overlaps).count()
    });
    assert!(most.max().unwrap() <= 4);
    assert_eq!(app.count("usage_events").await, 0);
}
