//! A member's list of models for `auto`.

use domain::UserId;
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
        assert_eq!(server.state.services.routing.models_for(user).await.unwrap(), Vec::<String>::new());
    }
    for models in [vec![MODELS[0]], vec![MODELS[1], MODELS[0]], vec![]] {
        save(&ada, json!({"models": models})).await;
        assert_eq!(app.state.services.routing.models_for(user).await.unwrap(), models);
        eventually("the other server goes by it", || async {
            other.state.services.routing.models_for(user).await.unwrap() == models
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
    assert_eq!(other.state.services.routing.models_for(user).await.unwrap(), [MODELS[0]]);
    other.pool.close().await;
    other.clock.advance(chrono::TimeDelta::seconds(60));
    assert_eq!(other.state.services.routing.models_for(user).await.unwrap(), [MODELS[0]]);
    assert!(other.state.services.routing.models_for(UserId(uuid::Uuid::now_v7())).await.is_err());
}

async fn page(member: &Member<'_>, path: &str) -> String {
    let answer = member.request(Method::GET, path).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    answer.text().await.unwrap()
}

/// The models in the list of the page, in its order.
fn shown(html: &str) -> Vec<&str> {
    html.split("data-model=\"").skip(1).map(|rest| rest.split_once('"').unwrap().0).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn the_page_arranges_and_saves_a_list_without_script(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    assert!(page(&ada, "/routing").await.contains("No model yet"));
    save(&ada, json!({"models": [MODELS[0], MODELS[1]]})).await;

    // A model that was picked comes first, is announced, and nothing is saved.
    let html = page(&ada, &format!("/routing?model={}", MODELS[2])).await;
    assert_eq!(shown(&html), [MODELS[2], MODELS[0], MODELS[1]]);
    assert!(html.contains("fake/three is on top now") && html.contains("Not saved yet"), "{html}");
    assert_eq!(ada.send(Method::GET, "/api/routing", None).await.1["models"], json!([MODELS[0], MODELS[1]]));
    assert_eq!(shown(&page(&ada, "/routing").await), [MODELS[0], MODELS[1]]);
    let html = page(&ada, "/routing?model=no/%3Cb%3Esuch").await;
    assert!(html.contains("There is no model “no/&lt;b") && !html.contains("<b>such"), "{html}");

    let draft = format!("/routing?draft=1&models={}&models={}", MODELS[0], MODELS[1]);
    assert_eq!(shown(&page(&ada, &format!("{draft}&move=up.1")).await), [MODELS[1], MODELS[0]]);
    assert_eq!(shown(&page(&ada, &format!("{draft}&move=remove.0")).await), [MODELS[1]]);
    let added = page(&ada, &format!("{draft}&move=add&add={}", MODELS[3])).await;
    assert_eq!(shown(&added), [MODELS[0], MODELS[1], MODELS[3]]);

    let fields = [("draft", "1"), ("models", MODELS[3]), ("models", MODELS[0]), ("add", "")];
    let answer = ada.form("/routing", &fields).send().await.unwrap();
    assert_eq!(
        (answer.status(), &answer.headers()["location"]),
        (StatusCode::SEE_OTHER, &"/routing?saved=1".parse().unwrap())
    );
    let html = page(&ada, "/routing?saved=1").await;
    assert_eq!(shown(&html), [MODELS[3], MODELS[0]]);
    assert!(html.contains("Saved."));

    // What cannot be saved is still there.
    let fields = [("draft", "1"), ("models", "no/such"), ("models", MODELS[0])];
    let answer = ada.form("/routing", &fields).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(shown(&answer.text().await.unwrap()), ["no/such", MODELS[0]]);
    assert_eq!(ada.send(Method::GET, "/api/routing", None).await.1["models"], json!([MODELS[3], MODELS[0]]));
}

#[sqlx::test(migrations = "../migrations")]
async fn beside_each_model_stand_the_leaderboards_own_statistics(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    save(&ada, json!({"models": [MODELS[0], MODELS[1]]})).await;
    // 90 successes of about 100 ms in one hour, 10 of about a second in another, and 25 errors: p95 is among the slow ones.
    for (hour, requests, successes, ms, count) in [(8, 115_i64, 90_i64, 100_i64, 90_i64), (7, 10, 10, 1_000, 10)] {
        sqlx::query(
            "INSERT INTO model_perf_hourly (hour, model_public_name, requests, successes, refused, abandoned, errors_by_class,
                                            generated_tokens, generation_ms, latency_histogram, ttft_histogram, rolled_up_at)
             VALUES ('2026-11-21 00:00Z'::timestamptz + $1 * interval '1 hour', $2, $3, $4, 0, 0, '{}', 0, 0,
                     ARRAY[(usage_bucket($5)::bigint << 40) + $6], '{}', now())",
        )
        .bind(hour)
        .bind(MODELS[0])
        .bind(requests)
        .bind(successes)
        .bind(ms)
        .bind(count)
        .execute(&app.pool)
        .await
        .unwrap();
    }
    let html = page(&ada, "/routing").await;
    let (first, second) = html.split_once(&format!("data-model=\"{}\"", MODELS[1])).unwrap();
    assert!(first.contains("80.00 %"), "{first}");
    assert!(["999 ms", "1.00 s", "1.01 s"].iter().any(|p95| first.contains(p95)), "{first}");
    assert!(first.contains("$1") && first.contains("$2"));
    assert!(second.contains("—") && !second.contains(" ms"), "{second}");
}
