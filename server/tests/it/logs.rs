//! What the real program logs at its most talkative about direct tests: nothing of what was asked, answered or kept secret.

use std::{net::TcpListener, process::Command};

use axum::http::StatusCode;
use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::Client;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::task::spawn_blocking;

use crate::{
    gateway::support::{completion, question},
    program::{Serving, TempDir},
    support::{
        app::{PASSWORD, eventually},
        detour::Detour,
        fake_upstream::{Behaviour, FakeUpstream},
        tls::client,
    },
};

const KEY: &str = "sk-KEY-CANARY-0123456789";
const TYPED_KEY: &str = "sk-TYPED-CANARY-0123456789";
const HEADER: &str = "HEADER-CANARY-0123456789";
const CANARIES: [&str; 7] = ["SYSTEM-CANARY", "PROMPT-CANARY", "ANSWER-CANARY", "ERROR-CANARY", KEY, TYPED_KEY, HEADER];

/// The program on the database of a test, with an admin who is signed in.
struct House {
    url: String,
    http: Client,
    cookie: String,
}

impl House {
    fn command(dir: &TempDir, detour: &Detour, port: u16, upstream: &FakeUpstream) -> Command {
        let mut command = dir.quadrille(&["serve"]);
        command
            .env("DATABASE_URL", detour.url())
            .env("QUADRILLE_MASTER_KEY", STANDARD.encode([7; 32]))
            .env("QUADRILLE_LISTEN", format!("127.0.0.1:{port}"))
            .env("QUADRILLE_LOG", "debug")
            .env("QUADRILLE_ADMIN_EMAIL", "root@example.org")
            .env("QUADRILLE_ADMIN_PASSWORD", PASSWORD)
            .env("QUADRILLE_UPSTREAM_URL", upstream.base_url())
            .env("QUADRILLE_UPSTREAM_KEY", KEY);
        command
    }

    async fn enter(port: u16) -> Self {
        let (url, http) = (format!("http://127.0.0.1:{port}"), client());
        let form = json!({"email": "root@example.org", "password": PASSWORD});
        let answer = http.post(format!("{url}/api/auth/sign-in")).json(&form).send().await.unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        Self { url, http, cookie }
    }

    async fn send(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let request = self.http.request(method, format!("{}{path}", self.url)).header("cookie", &self.cookie);
        let request = if let Some(body) = body { request.json(&body) } else { request };
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap_or_default())
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.send(reqwest::Method::POST, path, Some(body)).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn direct_tests_count_nothing_and_log_no_content_even_while_debugging(pool: PgPool) {
    let (dir, detour, upstream) = (TempDir::new(), Detour::to(&pool), FakeUpstream::start().await);
    upstream.lists(&["m/one"]);
    upstream.on("m/one", completion("Hello", &json!({"prompt_tokens": 3, "completion_tokens": 1})));
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let command = House::command(&dir, &detour, port, &upstream);
    let serving = spawn_blocking(move || Serving::start(command)).await.unwrap();
    let house = House::enter(port).await;
    let (http, url) = (&house.http, &house.url);

    // One call through the gateway, so that there is something that could have changed.
    let key = house.post("/api/keys", json!({"name": "mine"})).await;
    let call = http.post(format!("{url}/v1/chat/completions")).bearer_auth(key["secret"].as_str().unwrap());
    assert_eq!(call.json(&question("m/one")).send().await.unwrap().status(), StatusCode::OK);
    let events = async || -> Vec<String> {
        sqlx::query_scalar("SELECT e::text FROM usage_events e ORDER BY id").fetch_all(&pool).await.unwrap()
    };
    eventually("the call is counted", || async { events().await.len() == 1 }).await;
    let before = events().await;

    let (_, upstreams) = house.send(reqwest::Method::GET, "/api/admin/upstreams", None).await;
    let id = upstreams["upstreams"][0]["id"].as_str().unwrap();
    let headers = json!({"headers": {"x-second-key": HEADER}});
    let (status, _) = house.send(reqwest::Method::PATCH, &format!("/api/admin/upstreams/{id}"), Some(headers)).await;
    assert_eq!(status, StatusCode::OK);

    let png = STANDARD.encode(b"\x89PNG\r\n\x1a\nIMAGE-CANARY");
    let asked =
        json!({"system": "SYSTEM-CANARY", "message": "PROMPT-CANARY", "image": format!("data:image/png;base64,{png}")});
    let echo = format!("ERROR-CANARY: no {KEY} {TYPED_KEY} {HEADER}");
    let refused = |status| Behaviour::json(status, &json!({"error": {"message": echo, "code": "ERROR-CANARY"}}));
    let mut verdicts = Vec::new();
    for behaviour in [
        Behaviour::answer("ANSWER-CANARY"),
        refused(400),
        refused(401),
        refused(500),
        Behaviour::reply(200, "text/html", format!("<html>{echo}</html>")),
        Behaviour::reply(200, "application/json", echo.clone()),
        Behaviour::cut_after("ANSWER-CANARY"),
        Behaviour::stream(format!("data: {{\"error\": {{\"message\": \"{echo}\"}}}}\n\n")),
    ] {
        upstream.on("m/one", behaviour);
        let report = house.post("/api/admin/models/m-one/test", asked.clone()).await;
        verdicts.push(report["verdict"].as_str().unwrap().to_owned());
        let values = json!({"base_url": upstream.base_url(), "upstream_id": id, "api_key": TYPED_KEY,
            "headers": {"x-second-key": null}, "upstream_model": "m/one", "request": asked});
        let tested = house.post("/api/admin/test-values", values).await;
        for secret in [KEY, TYPED_KEY, HEADER] {
            assert!(!format!("{report}{tested}").contains(secret), "{report} {tested}");
        }
    }
    assert_eq!(verdicts[0], "works");
    assert!(verdicts[1..].iter().all(|verdict| verdict == "failed"), "{verdicts:?}");
    house.send(reqwest::Method::POST, "/api/admin/test-all", None).await;
    for address in ["/dashboard?q=", "/api/playground?q=", "/playground/shared/", "/sign-up?invite=", "/nowhere/"] {
        house.send(reqwest::Method::GET, &format!("{address}ADDRESS-CANARY"), None).await;
    }

    // What would have been counted comes within the second; another call shows that counting goes on.
    upstream.on("m/one", completion("Hello", &json!({"prompt_tokens": 3, "completion_tokens": 1})));
    let call = http.post(format!("{url}/v1/chat/completions")).bearer_auth(key["secret"].as_str().unwrap());
    assert_eq!(call.json(&question("m/one")).send().await.unwrap().status(), StatusCode::OK);
    eventually("the second call is counted", || async { events().await.len() > 1 }).await;
    let after = events().await;
    assert_eq!((&after[..1], after.len()), (&before[..], 2), "direct tests are no usage");

    let log = serving.log();
    assert!(log.contains("DEBUG"), "it is talkative: {log}");
    assert!(log.contains("/api/admin/models/{slug}/test"), "and tells of the tests");
    for canary in CANARIES.into_iter().chain(["IMAGE-CANARY", "ADDRESS-CANARY", &png]) {
        let found = log.lines().find(|line| line.contains(canary));
        assert_eq!(found, None, "{canary} is in the log");
    }
    drop(spawn_blocking(move || serving.terminate()).await);
}
