//! A member's list of models for `auto`.

use app::domain::UserId;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    app::{MODELS, Member, TestApp, eventually},
    fake_upstream::FakeUpstream,
};

async fn save(member: &Member<'_>, body: Value) -> (StatusCode, Value) {
    member.send(Method::PUT, "/api/routing", Some(body)).await
}

async fn id(member: &Member<'_>) -> UserId {
    let (_, me) = member.send(Method::GET, "/api/auth/me", None).await;
    UserId(me["id"].as_str().unwrap().parse().unwrap())
}

#[sqlx::test(migrations = "../migrations")]
async fn a_list_is_saved_whole_and_in_its_order(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let none = json!({"strategy": "priority", "models": [], "updated_at": null});
    assert_eq!(ada.send(Method::GET, "/api/routing", None).await, (StatusCode::OK, none));

    let (status, saved) = save(&ada, json!({"models": [MODELS[2], MODELS[0]]})).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        saved,
        json!({"strategy": "priority", "models": [MODELS[2], MODELS[0]], "updated_at": "2026-11-21T10:00:00Z"})
    );
    assert_eq!(ada.send(Method::GET, "/api/routing", None).await.1, saved);
    save(&ada, json!({"models": [MODELS[0]], "strategy": "priority"})).await;
    assert_eq!(ada.send(Method::GET, "/api/routing", None).await.1["models"], json!([MODELS[0]]));
    assert_eq!(save(&ada, json!({"models": []})).await.1["models"], json!([]));

    let eve = app.member("eve@example.org").await;
    assert_eq!(eve.send(Method::GET, "/api/routing", None).await.1["updated_at"], Value::Null);
    assert_eq!(app.count("routes").await, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_list_that_breaks_a_rule_changes_nothing(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    save(&ada, json!({"models": [MODELS[0]]})).await;
    let many: Vec<String> = (0..21).map(|n| format!("model/{n}")).collect();
    for (body, field, code) in [
        (json!({}), "models", "missing"),
        (json!({"models": null}), "models", "wrong_type"),
        (json!({"models": [1]}), "models[0]", "wrong_type"),
        (json!({"models": [MODELS[1], MODELS[1]]}), "models[1]", "duplicate"),
        (json!({"models": [MODELS[1], "no/such"]}), "models[1]", "unknown_model"),
        (json!({"models": ["auto"]}), "models[0]", "invalid_value"),
        (json!({"models": many}), "models", "too_many"),
        (json!({"models": [], "strategy": "random"}), "strategy", "invalid_value"),
        (json!({"models": [], "user_id": "x"}), "user_id", "unknown_field"),
    ] {
        let (status, problem) = save(&ada, body.clone()).await;
        let error = &problem["errors"][0];
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!((&error["field"], &error["code"]), (&json!(field), &json!(code)), "{body}");
    }
    assert_eq!(ada.send(Method::GET, "/api/routing", None).await.1["models"], json!([MODELS[0]]));

    let nobody = app.request(Method::PUT, "/api/routing").json(&json!({"models": []})).send().await.unwrap();
    assert_eq!(nobody.status(), StatusCode::UNAUTHORIZED);
    let elsewhere =
        ada.request(Method::PUT, "/api/routing").header("origin", "https://evil.example").json(&json!({"models": []}));
    assert_eq!(elsewhere.send().await.unwrap().status(), StatusCode::FORBIDDEN);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_model_that_is_gone_may_stay_in_the_list_that_has_it(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    save(&ada, json!({"models": [MODELS[0], MODELS[1]]})).await;
    sqlx::query("UPDATE models SET is_enabled = false WHERE public_name = $1")
        .bind(MODELS[0])
        .execute(&app.pool)
        .await
        .unwrap();
    assert_eq!(save(&ada, json!({"models": [MODELS[1], MODELS[0]]})).await.0, StatusCode::OK);
    assert_eq!(save(&ada, json!({"models": [MODELS[1]]})).await.0, StatusCode::OK);
    assert_eq!(save(&ada, json!({"models": [MODELS[1], MODELS[0]]})).await.0, StatusCode::UNPROCESSABLE_ENTITY);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_saved_list_is_what_every_server_goes_by(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let other = TestApp::replica(pool, FakeUpstream::start().await).await;
    let ada = app.member("ada@example.org").await;
    let user = id(&ada).await;
    for server in [&app, &other] {
        assert_eq!(server.state.routing.models_for(user).await.unwrap(), Vec::<String>::new());
    }
    for models in [vec![MODELS[0]], vec![MODELS[1], MODELS[0]], vec![]] {
        save(&ada, json!({"models": models})).await;
        assert_eq!(app.state.routing.models_for(user).await.unwrap(), models);
        eventually("the other server goes by it", || async {
            other.state.routing.models_for(user).await.unwrap() == models
        })
        .await;
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_known_list_outlives_the_database_being_away(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let ada = app.member("ada@example.org").await;
    let user = id(&ada).await;
    save(&ada, json!({"models": [MODELS[0]]})).await;
    // Started after the change, it has nothing more to hear of it.
    let other = TestApp::replica(pool, FakeUpstream::start().await).await;
    assert_eq!(other.state.routing.models_for(user).await.unwrap(), [MODELS[0]]);
    other.pool.close().await;
    other.clock.advance(chrono::TimeDelta::seconds(60));
    assert_eq!(other.state.routing.models_for(user).await.unwrap(), [MODELS[0]]);
    assert!(other.state.routing.models_for(UserId(uuid::Uuid::now_v7())).await.is_err());
}
