//! The contract with programs, as snapshots: the OpenAPI document and one answer of every JSON route. A change of the contract
//! shows in review as a change of the files in `snapshots/`.
//!
//! After an intended change: `INSTA_UPDATE=always tools/cargo.sh test -p server --test it contract::`, then read the diff.

mod admin;
mod member;
mod recorder;
mod redact;

use std::collections::BTreeSet;

use serde_json::Value;
use sqlx::PgPool;

use self::recorder::Recorder;
use crate::{
    routes,
    support::app::{TestApp, read},
};

const INGEST_TOKEN: &str = "a token for LiteLLM";

/// Routes below `/api` and `/v1` that answer with files, an event stream or a page; and the document, which has its own test.
const OTHERS: [&str; 8] = [
    "GET /api/admin/catalog",
    "GET /api/keys/{id}/analytics.csv",
    "GET /api/openapi.json",
    "GET /api/playground/export",
    "GET /api/playground/{id}/code",
    "GET /api/playground/{id}/events",
    "GET /api/playground/{id}/export",
    "GET /api/playground/{id}/runs/{run_id}/html",
];

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn the_openapi_document_is_the_one_that_was_reviewed(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (_, document) = read(app.request(reqwest::Method::GET, "/api/openapi.json").send().await.unwrap()).await;
    recorder::assert_snapshot("openapi", &document);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn every_json_route_answers_in_the_shape_that_was_reviewed(pool: PgPool) {
    let app = TestApp::with_ingest_token(pool, INGEST_TOKEN).await;
    let mut recorder = Recorder::new(&app);
    member::record(&mut recorder).await;
    admin::record(&mut recorder).await;
    assert_eq!(recorder.routes(), json_routes(), "one answer of each route, and of no other");
    recorder.assert_snapshots();
}

/// The routes of the table that answer with JSON.
fn json_routes() -> BTreeSet<String> {
    let is_fallback = |path: &str| ["/api", "/api/", "/v1"].contains(&path) || path.ends_with("/{*rest}");
    let table = routes::table().into_keys();
    let programs = table.filter(|(_, path)| path.starts_with("/api") || path.starts_with("/v1"));
    programs
        .filter(|(_, path)| !is_fallback(path))
        .map(|(method, path)| format!("{method} {path}"))
        .filter(|route| !OTHERS.contains(&route.as_str()))
        .collect()
}

/// A text of an answer.
fn text<'a>(answer: &'a Value, pointer: &str) -> &'a str {
    answer.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer} in {answer}"))
}
