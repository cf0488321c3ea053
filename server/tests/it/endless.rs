//! Upstreams that send too much, or never come to an end: what is read of them is bounded, and so is the time.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    app::{Member, TestApp},
    fake_upstream::{Behaviour, Chunks, Step},
};

const MB: usize = 1024 * 1024;
/// What the sockets between the two ends hold beyond what was read.
const IN_FLIGHT: usize = 8 * MB;

fn forever(status: u16, content_type: &str, piece: Vec<u8>, pause: Duration) -> Behaviour {
    let headers = vec![("content-type".to_owned(), content_type.to_owned())];
    Behaviour::steps([Step::Head(status, headers), Step::Forever(piece, pause)])
}

fn flood(status: u16, content_type: &str) -> Behaviour {
    forever(status, content_type, vec![b' '; 64 * 1024], Duration::ZERO)
}

fn whole() -> Behaviour {
    Behaviour::json(200, &json!({"choices": [{"message": {"content": "H"}, "finish_reason": "length"}]}))
}

/// The step that the test of the one model failed at, with what was found and what to do.
async fn failed(admin: &Member<'_>) -> (String, String, String) {
    let (status, report) = admin.post("/api/admin/models/fake-one/test", json!({})).await;
    assert_eq!((status, &report["verdict"]), (StatusCode::OK, &json!("failed")), "{report}");
    let stages = report["stages"].as_array().unwrap();
    let stage = stages.iter().find(|stage| stage["name"] == report["failed_stage"]).unwrap();
    let text = |key: &str| stage[key].as_str().unwrap_or_default().to_owned();
    (text("name"), text("detail"), text("remedy"))
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_flood_is_cut_off_wherever_it_comes(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let upstreams = admin.get("/api/admin/upstreams").await;
    let list = format!("/api/admin/upstreams/{}/models", upstreams["upstreams"][0]["id"].as_str().unwrap());

    app.upstream.on_models(flood(200, "application/json"));
    let (status, problem) = admin.send(Method::GET, &list, None).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("larger than this site takes") && detail.contains("base URL"), "{detail}");
    app.upstream.on_models(flood(500, "text/plain"));
    let (status, problem) = admin.send(Method::GET, &list, None).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("HTTP 500"), "{problem}");

    app.upstream.on_models(Behaviour::json(200, &json!({"data": [{"id": "fake/one"}]})));
    for (behaviours, stage, words) in [
        (vec![flood(200, "application/json")], "reply", "larger than this site takes"),
        (vec![flood(400, "application/json")], "reply", "HTTP 400"),
        (vec![whole(), flood(200, "application/json")], "streaming", "larger than this site takes"),
        (
            vec![whole(), forever(200, "text/event-stream", Chunks::delta(&"x".repeat(64 * 1024)), Duration::ZERO)],
            "streaming",
            "larger than this site takes",
        ),
    ] {
        app.upstream.on_each("fake/one", behaviours);
        let (name, detail, remedy) = failed(&admin).await;
        assert_eq!(name, stage, "{detail}");
        assert!(detail.contains(words) && !remedy.is_empty() && detail.len() < 1_000, "{detail} {remedy}");
    }
    let most = app.upstream.journal().into_iter().map(|entry| entry.bytes_sent).max().unwrap();
    assert!(most < 8 * MB + IN_FLIGHT, "{most} bytes were taken");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_trickle_ends_with_the_time_that_the_upstream_is_given(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let upstreams = admin.get("/api/admin/upstreams").await;
    let one = format!("/api/admin/upstreams/{}", upstreams["upstreams"][0]["id"].as_str().unwrap());
    assert_eq!(admin.patch(&one, json!({"timeout_ms": 1_000, "first_byte_ms": 1_000})).await.0, StatusCode::OK);
    let trickle = |content_type| forever(200, content_type, b" \n".to_vec(), Duration::from_millis(50));

    app.upstream.on_models(trickle("application/json"));
    let (status, problem) = admin.send(Method::GET, &format!("{one}/models"), None).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("not complete within 1 s"), "{problem}");

    app.upstream.on_models(Behaviour::json(200, &json!({"data": [{"id": "fake/one"}]})));
    for (behaviours, stage) in [
        (vec![trickle("application/json")], "reply"),
        (vec![whole(), trickle("text/event-stream")], "streaming"),
        (vec![Behaviour::silence()], "reply"),
    ] {
        app.upstream.on_each("fake/one", behaviours);
        let (name, detail, remedy) = failed(&admin).await;
        assert_eq!(name, stage, "{detail}");
        assert!(remedy.contains("time limits"), "{detail} {remedy}");
    }
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn ten_thousand_models_are_shown_in_part_and_imported_whole(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let upstreams = admin.get("/api/admin/upstreams").await;
    let id = upstreams["upstreams"][0]["id"].as_str().unwrap();
    // Nothing of these names is left in a slug, so that all of them want the same one.
    let names: Vec<String> = (0..10_500u32).map(|n| char::from_u32(0x4e00 + n).unwrap().to_string()).collect();
    app.upstream.lists(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let listing = admin.get(&format!("/api/admin/upstreams/{id}/models")).await;
    let count = |list: &Value| list["models"].as_array().unwrap().len();
    assert_eq!((count(&listing), &listing["total"]), (500, &json!(10_000)));

    let (status, done) = admin.post(&format!("/api/admin/upstreams/{id}/import"), json!({"filter": ""})).await;
    assert_eq!((status, done), (StatusCode::OK, json!({"imported": 10_000})));
    for page in
        [format!("/admin/upstreams/{id}/import"), "/admin/models".into(), "/admin/models?filter=%E4%B8%80".into()]
    {
        let answer = admin.request(Method::GET, &page).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{page}");
        let html = answer.text().await.unwrap();
        assert!(html.len() < 2 * MB, "{page}: {} bytes", html.len());
        assert!(html.contains("10,000") || html.contains("10000") || html.contains("10004"), "{page}");
    }
}
