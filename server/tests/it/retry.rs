//! Doing one card anew, parameters of single cards, reasoning, and answers as HTML.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    app::{MODELS, Member, TestApp, eventually, read},
    fake_upstream::{Behaviour, Chunks, FakeUpstream},
};

const ONE: &str = MODELS[0];
const TWO: &str = MODELS[1];

fn path(comparison: &Value, position: usize, what: &str) -> String {
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    format!("/api/playground/{}/runs/{}/{what}", id(comparison), id(&comparison["runs"][position]))
}

async fn again(ada: &Member<'_>, made: &Value) -> Value {
    ada.send(Method::GET, &format!("/api/playground/{}", made["id"].as_str().unwrap()), None).await.1
}

/// Waits until of the newest comparison the first run has failed and the second writes.
async fn failed_and_running(ada: &Member<'_>) -> Value {
    let latest = || async { ada.send(Method::GET, "/api/playground", None).await.1["sessions"][0].clone() };
    eventually("one has failed and the other writes", || async {
        let runs = latest().await["runs"].clone();
        runs[0]["status"] == "failed" && runs[1]["status"] == "running"
    })
    .await;
    latest().await
}

#[sqlx::test(migrations = "../migrations")]
async fn a_card_done_anew_replaces_its_answer_and_leaves_the_others(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    app.upstream.on(ONE, Behaviour::status(500));
    app.upstream.on(TWO, Behaviour::answer("two"));
    let made = ada.compare("Hello", &[ONE, TWO]).await;
    assert_eq!(made["runs"][0]["status"], "failed");

    app.upstream.on(ONE, Behaviour::answer("better"));
    assert_eq!(ada.send(Method::POST, &path(&made, 0, "retry"), None).await.0, StatusCode::ACCEPTED);
    eventually("it is done", || async { again(&ada, &made).await["runs"][0]["status"] == "succeeded" }).await;
    let now = again(&ada, &made).await;
    assert_eq!((&now["runs"][0]["id"], &now["runs"][0]["error"]), (&made["runs"][0]["id"], &Value::Null));
    assert_eq!(now["runs"][0]["response_content"], "better");
    assert_eq!(now["runs"][1], made["runs"][1]);
    assert_eq!(app.upstream.journal().iter().filter(|entry| entry.model == TWO).count(), 1);

    // A pick was of the old answer.
    let pick = format!("/api/playground/{}/pick", made["id"].as_str().unwrap());
    ada.send(Method::POST, &pick, Some(json!({"run_id": made["runs"][0]["id"]}))).await;
    ada.send(Method::POST, &path(&made, 0, "retry"), None).await;
    eventually("it is done again", || async { again(&ada, &made).await["runs"][0]["status"] == "succeeded" }).await;
    assert_eq!(again(&ada, &made).await["picked_run_id"], Value::Null);

    let bob = app.member("bob@example.org").await;
    assert_eq!(bob.send(Method::POST, &path(&made, 0, "retry"), None).await.0, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_card_is_done_anew_while_another_still_runs_and_one_that_runs_is_not(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    app.upstream.on(ONE, Behaviour::status(500));
    app.upstream.on(TWO, Behaviour::hang_after("so far"));
    let meanwhile = async {
        let made = failed_and_running(&ada).await;
        let (status, problem) = ada.send(Method::POST, &path(&made, 1, "retry"), None).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(problem["detail"].as_str().unwrap().contains("still runs"));

        app.upstream.on(ONE, Behaviour::answer("better"));
        assert_eq!(ada.send(Method::POST, &path(&made, 0, "retry"), None).await.0, StatusCode::ACCEPTED);
        eventually("it is done anew", || async {
            let runs = again(&ada, &made).await["runs"].clone();
            runs[0]["response_content"] == "better" && runs[0]["status"] == "succeeded"
        })
        .await;
        assert_eq!(again(&ada, &made).await["runs"][1]["status"], "running");
        ada.send(Method::POST, &path(&made, 1, "cancel"), None).await;
    };
    let (made, ()) = tokio::join!(ada.compare("Hello", &[ONE, TWO]), meanwhile);
    assert_eq!((&made["runs"][0]["status"], &made["runs"][1]["status"]), (&json!("succeeded"), &json!("cancelled")));
    assert_eq!(again(&ada, &made).await["runs"], made["runs"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_card_is_done_anew_on_one_server_while_another_runs_on_the_other(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let other = TestApp::replica(pool, FakeUpstream::start().await).await;
    let ada = app.member("ada@example.org").await;
    app.upstream.on(ONE, Behaviour::status(500));
    app.upstream.on(TWO, Behaviour::hang_after("so far"));
    let there = |method: Method, path: &str| other.request(method, path).header("cookie", &ada.cookie).send();
    let runs = async |made: &Value| {
        let path = format!("/api/playground/{}", made["id"].as_str().unwrap());
        read(there(Method::GET, &path).await.unwrap()).await.1["runs"].clone()
    };
    let meanwhile = async {
        let made = failed_and_running(&ada).await;
        let events = format!("/api/playground/{}/events", made["id"].as_str().unwrap());
        let watching = ada.request(Method::GET, &events).send().await.unwrap();
        app.upstream.on(ONE, Behaviour::answer("better"));
        let refused = there(Method::POST, &path(&made, 1, "retry")).await.unwrap();
        assert_eq!(refused.status(), StatusCode::CONFLICT, "it still runs, there");
        assert_eq!(there(Method::POST, &path(&made, 0, "retry")).await.unwrap().status(), StatusCode::ACCEPTED);
        eventually("it is done anew", || async {
            let runs = runs(&made).await;
            runs[0]["response_content"] == "better" && runs[0]["status"] == "succeeded"
        })
        .await;
        assert_eq!(runs(&made).await[1]["status"], "running");
        // Stopped on the server where it does not run; then whoever watches there has been told of both.
        assert_eq!(there(Method::POST, &path(&made, 1, "cancel")).await.unwrap().status(), StatusCode::ACCEPTED);
        watching.text().await.unwrap()
    };
    let (made, events) = tokio::join!(ada.compare("Hello", &[ONE, TWO]), meanwhile);
    assert_eq!(
        (&made["runs"][0]["response_content"], &made["runs"][1]["status"]),
        (&json!("better"), &json!("cancelled"))
    );
    assert_eq!(made["runs"][1]["response_content"], "so far");
    assert!(
        events.contains("better") && events.trim_end().ends_with('}') && events.contains("session_finished"),
        "{events}"
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn of_two_who_do_it_anew_at_once_one_is_refused(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let made = ada.compare("Hello", &[ONE]).await;
    app.upstream.on(ONE, Behaviour::tokens(5, Duration::from_millis(50)));
    let retry = path(&made, 0, "retry");
    let (first, second) = tokio::join!(ada.send(Method::POST, &retry, None), ada.send(Method::POST, &retry, None));
    let mut statuses = [first.0, second.0];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::ACCEPTED, StatusCode::CONFLICT]);
    eventually("it is done", || async { again(&ada, &made).await["runs"][0]["status"] == "succeeded" }).await;
    assert_eq!(app.upstream.journal().len(), 2, "once before, once anew");
}

#[sqlx::test(migrations = "../migrations")]
async fn single_cards_are_asked_with_parameters_of_their_own(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let body = json!({"prompt": "Hello", "models": [ONE, ONE, ONE], "parameters": {"temperature": 1.0, "max_tokens": 64},
        "card_parameters": [null, {"temperature": 0.2}, {"temperature": 1.0, "max_tokens": 64}]});
    let (status, made) = ada.send(Method::POST, "/api/playground", Some(body)).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let mut sent: Vec<String> =
        app.upstream.journal().iter().map(|e| format!("{} {}", e.body["temperature"], e.body["max_tokens"])).collect();
    sent.sort();
    assert_eq!(sent, ["0.2 null", "1.0 64", "1.0 64"]);
    assert_eq!(made["runs"][1]["parameters"], json!({"temperature": 0.2}));
    assert_eq!((&made["runs"][0]["parameters"], &made["runs"][2]["parameters"]), (&Value::Null, &Value::Null));
    assert_eq!(again(&ada, &made).await["runs"], made["runs"]);
    // Done anew with the same.
    ada.send(Method::POST, &path(&made, 1, "retry"), None).await;
    eventually("it is done", || async { again(&ada, &made).await["runs"][1]["status"] == "succeeded" }).await;
    assert_eq!(app.upstream.journal().last().unwrap().body["temperature"], 0.2);

    for (bad, field) in [
        (json!([{"temperature": 3}]), "card_parameters[0].temperature"),
        (json!([null, null, {"max_tokens": 99_999_999}]), "card_parameters"),
    ] {
        let body = json!({"prompt": "Hello", "models": [ONE], "card_parameters": bad});
        let (status, problem) = ada.send(Method::POST, "/api/playground", Some(body)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(problem["errors"][0]["field"], field);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn answers_come_as_harmless_html_with_the_reasoning_folded_away(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let thought = json!({"choices": [{"index": 0, "delta": {"reasoning_content": "Hm, <b>trees</b>."}}]});
    let chunks = [
        format!("data: {thought}\n\n").into_bytes(),
        Chunks::delta("# Leaves\n\nThey <script>alert(1)</script> "),
        Chunks::delta("[x](javascript:alert(1)) **fall**"),
        Chunks::finish("stop"),
        Chunks::done(),
    ];
    app.upstream.on(ONE, Behaviour::stream(chunks.concat()));
    let made = ada.compare("Why?", &[ONE]).await;
    assert_eq!(made["runs"][0]["reasoning_content"], "Hm, <b>trees</b>.");
    let answer = ada.request(Method::GET, &path(&made, 0, "html")).send().await.unwrap();
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(answer.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    let html = answer.text().await.unwrap();
    for part in [
        "<details class=\"reasoning\"><summary>Reasoning</summary><div>Hm, &lt;b&gt;trees&lt;/b&gt;.</div></details>",
        "<h3 class=\"md-h1\">Leaves</h3>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "<strong>fall</strong>",
    ] {
        assert!(html.contains(part), "{part} is missing in {html}");
    }
    assert!(!html.contains("javascript:") && !html.contains("<script"));
    let stored: Vec<u8> =
        sqlx::query_scalar("SELECT reasoning_ct FROM playground_runs").fetch_one(&app.pool).await.unwrap();
    assert!(!String::from_utf8_lossy(&stored).contains("trees"));

    app.upstream.on(ONE, Behaviour::answer(&">".repeat(100_000)));
    let deep = ada.compare("Deep?", &[ONE]).await;
    assert_eq!(ada.send(Method::GET, &path(&deep, 0, "html"), None).await.0, StatusCode::NO_CONTENT);
    let bob = app.member("bob@example.org").await;
    assert_eq!(bob.send(Method::GET, &path(&deep, 0, "html"), None).await.0, StatusCode::NOT_FOUND);
}
