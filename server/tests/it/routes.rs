//! Who gets in where: every route of the real router, every kind of caller. The table is in `routes.txt`; a route that is not in
//! it fails, and so does a line whose route is gone.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::{Method, StatusCode};
use reqwest::Response;
use serde_json::json;
use server::router::router;
use sqlx::PgPool;

use crate::support::app::{MODELS, Member, TestApp, read};

const TABLE: &str = include_str!("routes.txt");
const NOWHERE: &str = "00000000-0000-7000-8000-000000000000";
const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// What the table expects: visitor, API key, another member, admin, the member whose things they are.
pub(crate) struct Expectation {
    outcomes: Vec<String>,
    /// A query string or a form, where a server function has to be given something.
    form: String,
}

/// The lines of `routes.txt`, by method and path.
pub(crate) fn table() -> BTreeMap<(String, String), Expectation> {
    let lines = TABLE.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (line, form) = line.split_once(" | ").unwrap_or((line, ""));
            let words: Vec<&str> = line.split_whitespace().collect();
            assert_eq!(words.len(), 7, "a line of routes.txt: {line}");
            let outcomes = words[2..].iter().map(|word| (*word).to_owned()).collect();
            ((words[0].to_owned(), words[1].to_owned()), Expectation { outcomes, form: form.trim().to_owned() })
        })
        .collect()
}

/// Every path of the router, read from its `Debug` output: the one complete list there is. axum gives out no other, the OpenAPI
/// document has only what lies below `/api`, Leptos lists only its pages and server functions, and a wrapper that records
/// `.route(…)` would miss what is merged from elsewhere, while the route that somebody adds without a thought is the one to find.
/// Should a release of axum write its `Debug` differently, this test fails, since lines of the table are then without a route.
fn paths(app: &TestApp) -> BTreeSet<String> {
    let told = format!("{:?}", router(&app.state));
    let mut paths = BTreeSet::new();
    for piece in told.split("RouteId(").skip(1) {
        // `3): "/api/models"` is what is looked for; `3): MethodRouter {` is not.
        let Some((_, rest)) = piece.split_once("): \"") else { continue };
        if piece.starts_with(|c: char| c.is_ascii_digit()) && piece.find("): \"") == piece.find("): ") {
            paths.insert(rest.split('"').next().unwrap().to_owned());
        }
    }
    paths
}

/// A visitor's 405 tells which methods there are.
async fn methods(app: &TestApp, path: &str) -> Vec<Method> {
    let mut found = Vec::new();
    for method in METHODS {
        let answer = app.request(method.clone(), &filled(path, "", "")).send().await.unwrap();
        if answer.status() != StatusCode::METHOD_NOT_ALLOWED {
            found.push(method);
        }
    }
    found
}

/// The path with something in the place of its parameters.
fn filled(path: &str, comparison: &str, key: &str) -> String {
    let or = |id: &str| if id.is_empty() { NOWHERE.to_owned() } else { id.to_owned() };
    let id = match path {
        path if path.starts_with("/api/playground") || path.starts_with("/playground") => or(comparison),
        path if path.contains("/keys/") => or(key),
        _ => NOWHERE.to_owned(),
    };
    let piece = |piece: &str| match piece {
        "{id}" => id.clone(),
        "{run_id}" => NOWHERE.to_owned(),
        "{slug}" | "{model_public_name}" => "fake-four".to_owned(),
        other if other.starts_with('{') => "nowhere".to_owned(),
        other => other.to_owned(),
    };
    path.split('/').map(piece).collect::<Vec<_>>().join("/")
}

/// In one word: refused, sent to the sign-in page, or let in.
fn word(answer: &Response) -> String {
    let to = answer.headers().get("location").and_then(|to| to.to_str().ok()).unwrap_or_default();
    match answer.status().as_u16() {
        300..=399 if to.starts_with("/sign-in") => "sign-in".into(),
        401 | 403 | 404 => answer.status().as_u16().to_string(),
        status if status < 500 => "in".into(),
        status => format!("broken:{status}"),
    }
}

async fn ask(
    app: &TestApp,
    cookie: Option<&str>,
    key: Option<&str>,
    method: &Method,
    path: &str,
    form: &str,
) -> String {
    let mut path = path.to_owned();
    let is_get = *method == Method::GET;
    if is_get && !form.is_empty() {
        path = format!("{path}?{form}");
    }
    let mut request = app.request(method.clone(), &path);
    if path.starts_with("/_server/") {
        request = request.header("content-type", "application/x-www-form-urlencoded");
        request = if is_get { request } else { request.body(form.to_owned()) };
    } else if !is_get {
        request = request.json(&json!({}));
    }
    if let Some(cookie) = cookie {
        request = request.header("cookie", cookie);
    }
    if let Some(key) = key {
        request = request.bearer_auth(key);
    }
    let answer = request.send().await.unwrap();
    let refused = word(&answer);
    // A server function may answer every refusal with the same status; what it says is in its code.
    if path.starts_with("/_server/") && refused.starts_with("broken") {
        return match read(answer).await.1["code"].as_str() {
            Some("unauthenticated") => "401".into(),
            Some("forbidden") => "403".into(),
            Some("not_found") => "404".into(),
            _ => refused,
        };
    }
    refused
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn every_route_lets_in_whom_the_table_says(pool: PgPool) {
    let app = TestApp::start(pool).await;
    app.upstream.lists(&["fake/one"]);
    let member = app.member("ada@example.org").await;
    let other = app.member("bob@example.org").await;
    let admin = app.admin("root@example.org").await;
    // Signing out everywhere is asked twice, and is everywhere.
    let spare =
        [app.member("eve@example.org").await, app.admin("top@example.org").await, app.member("kim@example.org").await];
    let (_, key) = member.post("/api/keys", json!({"name": "mine"})).await;
    let secret = key["secret"].as_str().unwrap();
    let table = table();
    let mut complaints = Vec::new();
    let mut seen = BTreeSet::new();
    // Signing out ends what the others need.
    let mut paths: Vec<String> = paths(&app).into_iter().collect();
    paths.sort_by_key(|path| (path.contains("sign-out"), !path.contains("everywhere")));
    assert!(paths.len() > 40, "{paths:?}");
    for path in paths {
        for method in methods(&app, &path).await {
            let line = (method.to_string(), path.clone());
            let form = table.get(&line).map(|expected| expected.form.clone()).unwrap_or_default();
            let (comparison, key) = fresh(&app, &member, &path).await;
            let place = filled(&path, &comparison, &key);
            let form = form.replace("{comparison}", &comparison).replace("{id}", NOWHERE);
            let callers = match path.as_str() {
                "/_server/sign-out-everywhere" => spare.each_ref(),
                _ => [&other, &admin, &member],
            };
            let callers = callers.map(|caller| (Some(caller.cookie.as_str()), None));
            let mut found = Vec::new();
            for (cookie, key) in [(None, None), (None, Some(secret))].into_iter().chain(callers) {
                found.push(ask(&app, cookie, key, &method, &place, &form).await);
            }
            let told = found.join(" ");
            match table.get(&line) {
                None => complaints.push(format!("not in routes.txt: {method} {path} {told}")),
                Some(expected) if expected.outcomes != found => {
                    complaints.push(format!("{method} {path}: {told}, expected {}", expected.outcomes.join(" ")));
                }
                Some(_) => {}
            }
            seen.insert(line);
        }
    }
    for (method, path) in table.keys().filter(|line| !seen.contains(*line)) {
        complaints.push(format!("in routes.txt, but no route: {method} {path}"));
    }
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// What a path is about: a comparison and an API key of the member's own, and a model, which the line before may have deleted.
async fn fresh(app: &TestApp, member: &Member<'_>, path: &str) -> (String, String) {
    if path.contains("{slug}") {
        app.publish(&MODELS).await;
    }
    let comparison = match path.contains("playground/{id}") || path.contains("comparison") {
        true => member.compare("Hello", &["fake/one"]).await["id"].as_str().unwrap().to_owned(),
        false => String::new(),
    };
    let key = match path.contains("/keys/{id}") {
        true => member.post("/api/keys", json!({"name": "another"})).await.1["id"].as_str().unwrap().to_owned(),
        false => String::new(),
    };
    (comparison, key)
}
