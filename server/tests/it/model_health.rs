//! What refusals show of models: told to admins, whoever was refused, and ended by the next success.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    gateway::support::{Caller, completion, question},
    support::{
        app::{MODELS, Member, TestApp, eventually},
        fake_upstream::{Behaviour, FakeUpstream},
    },
};

const ONE: &str = MODELS[0];

/// As a provider says that it has retired a model.
fn retired() -> Behaviour {
    Behaviour::json(404, &json!({"error": {"message": "No endpoints found for acme/old-7b:free.", "code": 404}}))
}

fn answer() -> Behaviour {
    completion("Hello", &json!({"prompt_tokens": 3, "completion_tokens": 1}))
}

async fn health(admin: &Member<'_>) -> Value {
    let models = admin.get("/api/admin/models").await;
    let model = models["models"].as_array().unwrap().iter().find(|model| model["public_name"] == ONE).unwrap();
    model["health"].clone()
}

async fn page(admin: &Member<'_>, path: &str) -> String {
    admin.request(Method::GET, path).send().await.unwrap().text().await.unwrap()
}

async fn becomes(admin: &Member<'_>, expected: Option<(&str, u64)>) {
    eventually(&format!("the health of the model is {expected:?}"), || async {
        let health = health(admin).await;
        match expected {
            None => health.is_null(),
            // The count of a state that goes on is written every 30 s, so that only its beginning is exact.
            Some((state, least)) => health["state"] == state && health["count"].as_u64() >= Some(least),
        }
    })
    .await;
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_state_is_told_from_the_first_refusal_to_the_next_success_wherever_it_comes_from(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let ada = app.member("ada@example.org").await;
    let caller = Caller::with(&app, &ada, json!({"name": "tests"})).await;
    assert_eq!(health(&admin).await, Value::Null);

    let spent = json!({"type": "error", "error": {"type": "invalid_request_error",
        "message": "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing."}});
    let loading = json!({"error": "Model acme/m is currently loading", "estimated_time": 20.0});
    let overloaded = json!({"error": {"message": "The model is overloaded. Please try again later.", "code": 503, "status": "UNAVAILABLE"}});
    for (behaviour, state) in [
        (retired(), "retired"),
        (Behaviour::json(400, &spent), "out_of_money"),
        (Behaviour::status(401), "bad_key"),
        (Behaviour::json(503, &loading), "loading"),
        (Behaviour::json(503, &overloaded), "overloaded"),
    ] {
        app.upstream.on(ONE, behaviour);
        assert_ne!(caller.ask(&question(ONE)).await.0, StatusCode::OK);
        becomes(&admin, Some((state, 1))).await;
    }
    assert!(page(&admin, "/admin/models").await.contains("data-health=\"overloaded\""));
    app.upstream.on(ONE, answer());
    assert_eq!(caller.ask(&question(ONE)).await.0, StatusCode::OK);
    becomes(&admin, None).await;

    // The playground and the direct test tell it too.
    app.upstream.on(ONE, retired());
    ada.compare("Hello", &[ONE]).await;
    becomes(&admin, Some(("retired", 1))).await;
    app.upstream.on(ONE, Behaviour::answer("Hello"));
    assert_eq!(admin.post("/api/admin/models/fake-one/test", json!({})).await.0, StatusCode::OK);
    becomes(&admin, None).await;
    // What is no state of the model is none.
    app.upstream.on(
        ONE,
        Behaviour::json(400, &json!({"error": {"message": "temperature is too high", "param": "temperature"}})),
    );
    caller.ask(&question(ONE)).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(health(&admin).await, Value::Null);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_state_that_lasts_is_a_notice_for_admins_alone_and_is_known_to_every_replica(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let admin = app.admin("root@example.org").await;
    let ada = app.member("ada@example.org").await;
    let caller = Caller::with(&app, &ada, json!({"name": "tests"})).await;
    app.upstream.on(ONE, retired());
    caller.ask(&question(ONE)).await;
    becomes(&admin, Some(("retired", 1))).await;
    assert!(!page(&admin, "/dashboard").await.contains("Models that do not answer"), "once is not worth a notice");
    // As other replicas would add it.
    sqlx::query("UPDATE model_health SET count = count + 2").execute(&pool).await.unwrap();
    let notice = page(&admin, "/dashboard").await;
    assert!(notice.contains("Models that do not answer") && notice.contains("/admin/models/fake-one/test"), "{notice}");
    assert!(!page(&ada, "/dashboard").await.contains("Models that do not answer"));

    let other = TestApp::replica(pool, FakeUpstream::start().await).await;
    let elsewhere = Caller { app: &other, secret: caller.secret.clone(), key: caller.key.clone() };
    app.upstream.on(ONE, answer());
    // The other replica reads the states of others when it starts, and every 30 s.
    eventually("a success at another replica ends the state", || async {
        assert_eq!(elsewhere.ask(&question(ONE)).await.0, StatusCode::OK);
        health(&admin).await.is_null()
    })
    .await;
}
