//! What members and programs get.

use std::time::Duration;

use foundation::clock::Clock;
use serde_json::json;
use services::{
    leaderboard::{RollUp, due},
    usage,
};

use super::{INGEST_TOKEN, recorder::Recorder, text};
use crate::{
    gateway::support::{completion, question},
    support::{
        app::{MODELS, Member, PASSWORD, eventually},
        fake_upstream::Behaviour,
        traffic::{success, successes, time},
    },
};

/// Within the window of a server whose clock stands at ten.
const SOME_TIME: &str = "2026-11-20T12:30:00Z";

pub(super) async fn record(recorder: &mut Recorder<'_>) {
    let app = recorder.app;
    let ada = app.member("ada@example.org").await;
    auth(recorder).await;
    playground(recorder, &ada).await;
    keys(recorder, &ada).await;
    settings(recorder, &ada).await;
    leaderboard(recorder).await;
    recorder.ask(&ada, "GET /api/auth/export", &[]).await;
}

async fn auth(recorder: &mut Recorder<'_>) {
    let app = recorder.app;
    let form = json!({"email": "eve@example.org", "password": PASSWORD});
    for route in ["POST /api/auth/sign-up", "POST /api/auth/sign-in"] {
        let request = recorder.request(route, &[]).json(&form);
        recorder.keep(route, request).await;
    }
    let new = json!({"password": PASSWORD, "new_password": "another horse battery"});
    let member = app.member("kim@example.org").await;
    recorder.ask(&member, "GET /api/auth/me", &[]).await;
    recorder.send(&member, "POST /api/auth/password", &[], new).await;
    let member = app.member("lea@example.org").await;
    recorder.ask(&member, "POST /api/auth/sign-out", &[]).await;
    let member = app.member("mia@example.org").await;
    recorder.ask(&member, "POST /api/auth/sign-out-everywhere", &[]).await;
    let member = app.member("noa@example.org").await;
    recorder.send(&member, "POST /api/auth/delete-account", &[], json!({"password": PASSWORD})).await;
}

async fn playground(recorder: &mut Recorder<'_>, ada: &Member<'_>) {
    let app = recorder.app;
    // Long enough for a rate of tokens.
    app.upstream.on(MODELS[0], Behaviour::tokens(3, Duration::from_millis(20)));
    app.upstream.on(MODELS[1], Behaviour::status(429).with_header("retry-after", "20"));
    let body = json!({"prompt": "Hello", "system_prompt": "Be brief.", "models": MODELS[..2],
        "parameters": {"temperature": 0.5}});
    let made = recorder.send(ada, "POST /api/playground", &[], body).await;
    let (id, run) = (text(&made, "/id"), text(&made, "/runs/0/id"));
    let failed = text(&made, "/runs/1/id");
    let one = [("id", id)];
    recorder.ask(ada, "GET /api/playground", &[]).await;
    recorder.ask(ada, "GET /api/playground/{id}", &one).await;

    app.upstream.on(MODELS[1], Behaviour::silence());
    let again = [("id", id), ("run_id", failed)];
    recorder.ask(ada, "POST /api/playground/{id}/runs/{run_id}/retry", &again).await;
    recorder.ask(ada, "POST /api/playground/{id}/runs/{run_id}/cancel", &again).await;
    eventually("the run has ended", async || {
        ada.get(&format!("/api/playground/{id}")).await["runs"][1]["status"] == "cancelled"
    })
    .await;

    recorder.send(ada, "POST /api/playground/{id}/pick", &one, json!({"run_id": run})).await;
    let link = recorder.send(ada, "POST /api/playground/{id}/share", &one, json!({})).await;
    let shared = [("slug", text(&link, "/share_slug"))];
    recorder.ask(ada, "GET /api/playground/shared/{slug}", &shared).await;
    let copy = recorder.ask(ada, "POST /api/playground/shared/{slug}/copy", &shared).await;
    recorder.ask(ada, "DELETE /api/playground/{id}/share", &one).await;
    recorder.ask(ada, "DELETE /api/playground/{id}", &[("id", text(&copy, "/id"))]).await;
}

async fn keys(recorder: &mut Recorder<'_>, ada: &Member<'_>) {
    let app = recorder.app;
    let body = json!({"name": "build server", "models": [MODELS[0]], "requests_per_minute": 60});
    let key = recorder.send(ada, "POST /api/keys", &[], body).await;
    let (id, secret) = (text(&key, "/id"), text(&key, "/secret"));
    let one = [("id", id)];
    let user = text(&ada.get("/api/auth/me").await, "/id").parse().unwrap();
    let (key_id, now) = (id.parse().unwrap(), app.clock.now());
    let event = usage::UsageEvent { user_id: Some(user), api_key_id: Some(key_id), ..success(MODELS[0], now) };
    usage::insert(&app.pool, &[event]).await.unwrap();
    recorder.ask(ada, "GET /api/keys", &[]).await;
    recorder.ask(ada, "GET /api/keys/{id}", &one).await;
    recorder.ask(ada, "GET /api/keys/{id}/analytics", &one).await;
    recorder.send(ada, "PATCH /api/keys/{id}", &one, json!({"name": "nightly build"})).await;

    let route = "GET /v1/models";
    let request = recorder.request(route, &[]).bearer_auth(secret);
    recorder.keep(route, request).await;
    let route = "GET /v1/models/{*name}";
    let request = recorder.request(route, &[("*name", MODELS[0])]).bearer_auth(secret);
    recorder.keep(route, request).await;
    app.upstream.on(MODELS[0], completion("Hello", &json!({"prompt_tokens": 3, "completion_tokens": 1})));
    let route = "POST /v1/chat/completions";
    let request = recorder.request(route, &[]).bearer_auth(secret).json(&question(MODELS[0]));
    recorder.keep(route, request).await;
    let route = "POST /api/ingest/litellm";
    let request = recorder.request(route, &[]).bearer_auth(INGEST_TOKEN).body("[]");
    recorder.keep(route, request).await;

    recorder.ask(ada, "DELETE /api/keys/{id}", &one).await;
}

async fn settings(recorder: &mut Recorder<'_>, ada: &Member<'_>) {
    recorder.send(ada, "PUT /api/routing", &[], json!({"models": [MODELS[1], MODELS[0]]})).await;
    recorder.ask(ada, "GET /api/routing", &[]).await;
    let draft = json!({"name": "Greeting", "prompt": "Hello", "system_prompt": "Be brief."});
    let template = recorder.send(ada, "POST /api/templates", &[], draft.clone()).await;
    let one = [("id", text(&template, "/id"))];
    recorder.ask(ada, "GET /api/templates", &[]).await;
    recorder.send(ada, "PUT /api/templates/{id}", &one, draft).await;
    recorder.ask(ada, "DELETE /api/templates/{id}", &one).await;
}

async fn leaderboard(recorder: &mut Recorder<'_>) {
    let app = recorder.app;
    usage::insert(&app.pool, &successes(MODELS[0], time(SOME_TIME), 100, 500)).await.unwrap();
    let roll_up = RollUp::new(app.pool.clone(), app.state.runtime.clock.clone(), app.state.runtime.tasks.clone());
    roll_up.run(due(app.clock.now())).await.unwrap();
    app.state.services.leaderboard.changed();
    for route in ["GET /api/models", "GET /api/leaderboard"] {
        let request = recorder.request(route, &[]);
        recorder.keep(route, request).await;
    }
    let route = "GET /api/leaderboard/{*model_public_name}";
    let request = recorder.request(route, &[("*model_public_name", MODELS[0])]);
    recorder.keep(route, request).await;
}
