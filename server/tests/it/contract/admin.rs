//! What admins get.

use serde_json::{Value, json};

use super::{recorder::Recorder, text};
use crate::support::{
    app::{MODELS, Member},
    fake_upstream::Behaviour,
};

pub(super) async fn record(recorder: &mut Recorder<'_>) {
    let app = recorder.app;
    app.upstream.lists(&[MODELS[0], MODELS[1], "fake/five"]);
    for model in MODELS {
        app.upstream.on(model, Behaviour::answer("Hello"));
    }
    let root = app.admin("root@example.org").await;
    upstreams(recorder, &root).await;
    models(recorder, &root).await;
    catalog(recorder, &root).await;
    users(recorder, &root).await;
    recorder.ask(&root, "GET /api/admin/audit", &[]).await;
}

async fn upstreams(recorder: &mut Recorder<'_>, root: &Member<'_>) {
    let all = recorder.ask(root, "GET /api/admin/upstreams", &[]).await;
    let fake = text(&all, "/upstreams/0/id");
    let form = json!({"name": "new", "base_url": "https://models.example/v1", "headers": {"x-title": "Q"}});
    let made = recorder.send(root, "POST /api/admin/upstreams", &[], form).await;
    let one = [("id", text(&made, "/id"))];
    recorder.ask(root, "GET /api/admin/upstreams/{id}", &one).await;
    recorder.send(root, "PATCH /api/admin/upstreams/{id}", &one, json!({"timeout_ms": 5_000})).await;
    recorder.ask(root, "DELETE /api/admin/upstreams/{id}", &one).await;
    recorder.ask(root, "GET /api/admin/upstreams/{id}/models", &[("id", fake)]).await;
    let choice = json!({"models": ["fake/five"], "prefix": "imported/"});
    recorder.send(root, "POST /api/admin/upstreams/{id}/import", &[("id", fake)], choice).await;
    let values =
        json!({"base_url": recorder.app.upstream.base_url(), "upstream_id": fake, "upstream_model": MODELS[0]});
    recorder.send(root, "POST /api/admin/test-values", &[], values).await;
}

async fn models(recorder: &mut Recorder<'_>, root: &Member<'_>) {
    recorder.ask(root, "GET /api/admin/models", &[]).await;
    let form = json!({"public_name": "fake/new", "upstream": "fake", "upstream_model": "fake/five"});
    let made = recorder.send(root, "POST /api/admin/models", &[], form).await;
    let one = [("slug", text(&made, "/slug"))];
    recorder.ask(root, "GET /api/admin/models/{slug}", &one).await;
    recorder.send(root, "PATCH /api/admin/models/{slug}", &one, json!({"context_window": 8_192})).await;
    let bulk = json!({"slugs": [one[0].1], "change": {"is_enabled": false}});
    recorder.send(root, "PATCH /api/admin/models", &[], bulk).await;
    recorder.send(root, "POST /api/admin/models/{slug}/move", &one, json!({"to": "top"})).await;
    let field = [one[0], ("field", "temperature")];
    recorder.ask(root, "DELETE /api/admin/models/{slug}/adjustments/{field}", &field).await;
    recorder.ask(root, "DELETE /api/admin/models/{slug}", &one).await;
    recorder.send(root, "POST /api/admin/models/{slug}/test", &[("slug", "fake-one")], json!({})).await;
    recorder.ask(root, "POST /api/admin/test-all", &[]).await;
}

async fn catalog(recorder: &mut Recorder<'_>, root: &Member<'_>) {
    let prices = json!({"fake/one": {"input_cost_per_token": 2.5e-6, "max_input_tokens": 128_000, "mode": "chat"}});
    recorder.send(root, "POST /api/admin/prices", &[], prices).await;
    let Value::String(file) = root.get("/api/admin/catalog").await else { panic!("a catalogue is TOML") };
    let route = "POST /api/admin/catalog";
    let request = root.request(reqwest::Method::POST, "/api/admin/catalog?dry_run=true");
    let file = file.replace("context_window = 8192", "context_window = 4096");
    recorder.keep(route, request.header("content-type", "application/toml").body(file)).await;
}

async fn users(recorder: &mut Recorder<'_>, root: &Member<'_>) {
    let all = recorder.ask(root, "GET /api/admin/users", &[]).await;
    let is_eve = |user: &&Value| user["email"] == "eve@example.org";
    let eve = all["users"].as_array().unwrap().iter().find(is_eve).unwrap();
    let one = [("id", text(eve, "/id"))];
    recorder.send(root, "PATCH /api/admin/users/{id}", &one, json!({"is_disabled": true})).await;
    recorder.ask(root, "DELETE /api/admin/users/{id}", &one).await;
    let invite = json!({"email": "new@example.org", "role": "member", "days": 3});
    recorder.send(root, "POST /api/admin/invites", &[], invite).await;
}
