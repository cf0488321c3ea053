//! `auto`: the first model of the list, and the next one where that fails before its first byte.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::support::{Caller, ONE, TWO, code, completion, question, rows_once, streamed};
use crate::support::{
    app::{MODELS, Member, TestApp, eventually},
    fake_upstream::{Behaviour, Chunks, Step},
};

const THREE: &str = MODELS[2];

async fn save(member: &Member<'_>, models: &[&str]) {
    let list = json!({"models": models});
    let (status, body) = member.send(Method::PUT, "/api/routing", Some(list)).await;
    assert_eq!(status, StatusCode::OK, "{body}");
}

/// Who answered, after how many attempts.
fn marks(answer: &Response) -> (&str, &str) {
    let mark = |name| answer.headers()[name].to_str().unwrap();
    (mark("x-quadrille-model"), mark("x-quadrille-attempts"))
}

#[sqlx::test(migrations = "../migrations")]
async fn the_next_model_takes_over_and_the_answer_says_so(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let caller = Caller::with(&app, &ada, json!({"name": "auto"})).await;
    save(&ada, &[ONE, TWO, THREE]).await;
    let usage = json!({"prompt_tokens": 3, "completion_tokens": 4});
    app.upstream.on(THREE, completion("Hello", &usage));
    let faults = [Behaviour::status(429), Behaviour::status(500), Behaviour::status(503), Behaviour::status(401)];
    for fault in &faults {
        app.upstream.on(ONE, fault.clone());
        app.upstream.on(TWO, Behaviour::steps([Step::Cut]));
        let answer = caller.send(&question("auto")).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(marks(&answer), (THREE, "3"));
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["model"], THREE);
    }
    // A stream that fails with its first event has not begun.
    let error = Chunks::event(&json!({"error": {"message": "overloaded"}}));
    app.upstream.on(ONE, Behaviour::stream(error));
    app.upstream.on(TWO, Behaviour::answer("Hello there"));
    let answer = caller.send(&streamed("auto")).await;
    assert_eq!(marks(&answer), (TWO, "2"));
    assert!(answer.text().await.unwrap().ends_with("data: [DONE]\n\n"));

    let rows = rows_once(&app.pool, faults.len() + 1).await;
    for row in &rows[..faults.len()] {
        assert_eq!(row.ending(), ("success", None, Some(200)));
        assert_eq!((row.model_public_name.as_str(), row.attempt), (THREE, 3));
    }
    assert_eq!((rows[4].model_public_name.as_str(), rows[4].attempt), (TWO, 2));
}

#[sqlx::test(migrations = "../migrations")]
async fn what_another_model_would_refuse_too_is_not_asked_again(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let caller = Caller::with(&app, &ada, json!({"name": "auto"})).await;
    save(&ada, &[ONE, TWO]).await;
    app.upstream.on(ONE, Behaviour::status(400));
    assert_eq!(caller.ask(&question("auto")).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(app.upstream.journal().len(), 1);
    // After the first byte nobody takes over.
    app.upstream.on(ONE, Behaviour::cut_after("Hello"));
    let (status, text) = caller.ask(&streamed("auto")).await;
    assert!(status == StatusCode::OK && text.contains("cut_off"), "{text}");
    assert_eq!(app.upstream.journal().len(), 2);
    // When all have failed, the last failure is told.
    app.upstream.on(ONE, Behaviour::status(500));
    app.upstream.on(TWO, Behaviour::status(429).with_header("retry-after", "9"));
    let answer = caller.send(&question("auto")).await;
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers()["retry-after"], "9");
    let rows = rows_once(&app.pool, 3).await;
    assert_eq!(rows[2].ending(), ("error", Some("rate_limited"), Some(429)));
    assert_eq!((rows[2].model_public_name.as_str(), rows[2].attempt), (TWO, 2));
}

#[sqlx::test(migrations = "../migrations")]
async fn the_list_holds_at_once_and_a_key_keeps_to_its_own_models(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let caller = Caller::with(&app, &ada, json!({"name": "two only", "models": [TWO]})).await;
    for model in [ONE, TWO, THREE] {
        app.upstream.on(model, completion("Hello", &Value::Null));
    }
    assert_eq!(code(&caller.ask(&question("auto")).await.1), "no_route");
    save(&ada, &[ONE, TWO]).await;
    let model = async || {
        let answer = caller.send(&question("auto")).await;
        answer.headers().get("x-quadrille-model").map(|model| model.to_str().unwrap().to_owned())
    };
    eventually("the list holds", async || model().await.as_deref() == Some(TWO)).await;
    save(&ada, &[ONE, THREE]).await;
    let (status, text) = caller.ask(&question("auto")).await;
    assert_eq!((status, code(&text).as_str()), (StatusCode::FORBIDDEN, "model_not_allowed"));
}
