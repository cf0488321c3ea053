//! Models as admins make and change them, and what the audit log says of it.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::{PgPool, postgres::PgListener};

use crate::support::{admin::codes, app::TestApp};

const ALL: &str = "/api/admin/models";

fn names(list: &Value) -> Vec<&str> {
    list["models"].as_array().unwrap().iter().map(|model| model["public_name"].as_str().unwrap()).collect()
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_model_is_made_changed_and_deleted(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let form = json!({
        "public_name": "acme/Qwen 2.5", "upstream": "fake", "upstream_model": "fake/five", "family": "Qwen",
        "context_window": 32_768, "is_featured": true, "input_price_per_million_usd": "0.5",
        "output_price_per_million_usd": "1.25",
    });
    let (status, made) = admin.post(ALL, form).await;
    assert_eq!((status, &made["slug"]), (StatusCode::CREATED, &json!("acme-qwen-2.5")), "{made}");
    assert_eq!(made["output_price_per_million_usd"], "1.250000");
    assert_eq!(names(&admin.get("/api/models").await)[0], "acme/Qwen 2.5", "featured comes first");

    let one = format!("{ALL}/acme-qwen-2.5");
    let (status, changed) = admin.patch(&one, json!({"family": null, "is_enabled": false})).await;
    assert_eq!((status, &changed["family"]), (StatusCode::OK, &Value::Null));
    assert_eq!(changed["context_window"], 32_768, "what is absent stays");
    assert!(!names(&admin.get("/api/models").await).contains(&"acme/Qwen 2.5"));
    let body = json!({"prompt": "Hello", "models": ["acme/Qwen 2.5"]});
    assert_eq!(admin.post("/api/playground", body).await.0, StatusCode::UNPROCESSABLE_ENTITY);

    assert_eq!(admin.delete(&one).await.0, StatusCode::NO_CONTENT);
    for (method, body) in [(Method::GET, None), (Method::PATCH, Some(json!({}))), (Method::DELETE, None)] {
        assert_eq!(admin.send(method, &one, body).await.0, StatusCode::NOT_FOUND);
    }
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_bad_model_names_every_field_and_writes_nothing(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let good = json!({"public_name": "a", "upstream": "fake", "upstream_model": "m"});
    for (change, code) in [
        (json!({"public_name": ""}), "empty"),
        (json!({"public_name": "x".repeat(201)}), "too_long"),
        (json!({"public_name": "a\u{202e}b"}), "invalid_character"),
        (json!({"public_name": "fake/one"}), "taken"),
        (json!({"slug": "fake-one"}), "taken"),
        (json!({"slug": "Not A Slug"}), "invalid_slug"),
        (json!({"upstream": "nobody"}), "unknown"),
        (json!({"context_window": 0}), "out_of_range"),
        (json!({"input_price_per_million_usd": "-1"}), "invalid_price"),
        (json!({"output_price_per_million_usd": "1e9"}), "invalid_price"),
    ] {
        let mut form = good.clone();
        form.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let (status, problem) = admin.post(ALL, form).await;
        assert_eq!((status, codes(&problem)), (StatusCode::UNPROCESSABLE_ENTITY, vec![code]), "{change}: {problem}");
    }
    assert_eq!(admin.post(ALL, json!({})).await.1["errors"].as_array().unwrap().len(), 3);
    assert_eq!(app.count("models").await, 4);
    assert_eq!(admin.get("/api/admin/audit").await["entries"], json!([]));
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn renaming_takes_the_history_along_and_keeps_the_slug(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let id = admin.compare("Hello", &["fake/one"]).await["id"].as_str().unwrap().to_owned();
    // Usage events are left alone, however many there are.
    let mut events = app.pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE usage_events").execute(&mut *events).await.unwrap();
    let (one, change) = (format!("{ALL}/fake-one"), json!({"public_name": "acme/first"}));
    let renaming = tokio::time::timeout(Duration::from_secs(20), admin.patch(&one, change));
    let (status, renamed) = renaming.await.expect("no event is touched");
    events.rollback().await.unwrap();
    assert_eq!((status, &renamed["slug"]), (StatusCode::OK, &json!("fake-one")), "{renamed}");
    let comparison = admin.get(&format!("/api/playground/{id}")).await;
    assert_eq!(comparison["runs"][0]["model"], "acme/first");
    assert_eq!(admin.compare("Again", &["acme/first"]).await["runs"][0]["status"], "succeeded");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn several_models_are_changed_together_or_not_at_all(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let change = json!({"family": "Test", "output_price_per_million_usd": "3"});
    let bulk = |slugs: &[&str], change: &Value| json!({"slugs": slugs, "change": change});
    let (status, done) = admin.patch(ALL, bulk(&["fake-one", "fake-two"], &change)).await;
    assert_eq!((status, done), (StatusCode::OK, json!({"changed": 2})));
    let all = admin.get(ALL).await;
    let families: Vec<&Value> = all["models"].as_array().unwrap().iter().map(|model| &model["family"]).collect();
    assert_eq!(families.iter().filter(|family| ***family == "Test").count(), 2);

    let off = json!({"is_enabled": false});
    assert_eq!(admin.patch(ALL, bulk(&["fake-one", "nowhere"], &off)).await.0, StatusCode::NOT_FOUND);
    assert_eq!(names(&admin.get("/api/models").await).len(), 4);
    for (slugs, change) in [(&[][..], off), (&["fake-one"][..], json!({"public_name": "x"}))] {
        assert_eq!(admin.patch(ALL, bulk(slugs, &change)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn the_picker_follows_the_order_that_admins_give(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    assert_eq!(names(&admin.get("/api/models").await), ["fake/four", "fake/one", "fake/three", "fake/two"]);
    for (slug, to, expected) in [
        ("fake-two", "top", ["fake/two", "fake/four", "fake/one", "fake/three"]),
        ("fake-four", "down", ["fake/two", "fake/one", "fake/four", "fake/three"]),
        ("fake-two", "bottom", ["fake/one", "fake/four", "fake/three", "fake/two"]),
        ("fake-one", "up", ["fake/one", "fake/four", "fake/three", "fake/two"]),
    ] {
        let (status, _) = admin.post(&format!("{ALL}/{slug}/move"), json!({"to": to})).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
        assert_eq!(names(&admin.get("/api/models").await), expected, "{slug} {to}");
    }
    assert_eq!(admin.patch(&format!("{ALL}/fake-two"), json!({"is_featured": true})).await.0, StatusCode::OK);
    assert_eq!(names(&admin.get("/api/models").await)[0], "fake/two");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn every_change_is_in_the_audit_log_and_told_to_every_replica(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let mut listener = PgListener::connect_with(&app.pool).await.unwrap();
    listener.listen("quadrille_catalog").await.unwrap();
    let mut told = async |what: &str| {
        let heard = tokio::time::timeout(Duration::from_secs(10), listener.recv()).await;
        assert!(heard.is_ok_and(|heard| heard.is_ok()), "{what}");
    };
    assert_eq!(admin.patch(&format!("{ALL}/fake-one"), json!({"is_enabled": false})).await.0, StatusCode::OK);
    told("model.change").await;
    assert_eq!(admin.post(&format!("{ALL}/fake-one/move"), json!({"to": "top"})).await.0, StatusCode::NO_CONTENT);
    told("model.move").await;
    assert_eq!(admin.delete(&format!("{ALL}/fake-one")).await.0, StatusCode::NO_CONTENT);
    told("model.delete").await;
    let upstream = json!({"name": "new", "base_url": "https://8.8.8.8/v1", "api_key": "sk-secret-0123456789"});
    let (_, made) = admin.post("/api/admin/upstreams", upstream).await;
    told("upstream.create").await;
    assert_eq!(admin.delete(&format!("/api/admin/upstreams/{}", made["id"].as_str().unwrap())).await.0.as_u16(), 204);
    told("upstream.delete").await;

    let log = admin.get("/api/admin/audit").await;
    let entries = log["entries"].as_array().unwrap();
    let actions: Vec<&str> = entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["upstream.delete", "upstream.create", "model.delete", "model.move", "model.change"]);
    assert!(entries.iter().all(|entry| entry["actor"] == "root@example.org"));
    assert_eq!(entries[4]["detail"], json!({"is_enabled": false}));
    assert_eq!((&entries[1]["detail"]["api_key"], &log["next"]), (&json!("set"), &Value::Null));
    assert!(!log.to_string().contains("sk-secret"));
    let before = entries[2]["id"].as_str().unwrap();
    let rest = admin.get(&format!("/api/admin/audit?before={before}")).await;
    assert_eq!(rest["entries"].as_array().unwrap().len(), 2);
}
