//! Names that lead to private addresses, or do so only now and then: nothing connects there, neither when an upstream is saved
//! nor when it is used, whichever way an admin or a member takes.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    admin::codes,
    app::{Member, TestApp},
    fake_upstream::FakeUpstream,
    lookup::FakeLookup,
};

const UPSTREAMS: &str = "/api/admin/upstreams";
/// Of the public internet, and nobody's.
const PUBLIC: &str = "2000::1";
const PRIVATE: &[&[&str]] = &[
    &["127.0.0.1"],
    &["127.8.8.8"],
    &["0.0.0.0"],
    &["::1"],
    &["::"],
    &["::ffff:127.0.0.1"],
    &["::127.0.0.1"],
    &["64:ff9b::7f00:1"],
    &["2002:7f00:1::"],
    &["10.0.0.1"],
    &["172.16.0.1"],
    &["192.168.1.1"],
    &["100.64.0.1"],
    &["169.254.169.254"],
    &["168.63.129.16"],
    &["fd00:ec2::254"],
    &["fe80::1"],
    &[PUBLIC, "127.0.0.1"],
    &["127.0.0.1", PUBLIC],
];

/// Everything that listens on this machine, on two ports.
struct Listeners(FakeUpstream, FakeUpstream);

impl Listeners {
    async fn start() -> Self {
        Self(FakeUpstream::start_on("0.0.0.0").await, FakeUpstream::start_on("::").await)
    }

    fn urls(&self) -> [String; 2] {
        [self.0.port(), self.1.port()].map(|port| format!("http://models.example:{port}/v1"))
    }

    fn connections(&self) -> usize {
        self.0.connections() + self.1.connections()
    }
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_name_that_leads_inside_is_not_saved_and_not_tested(pool: PgPool) {
    let lookup = FakeLookup::says(&[&[PUBLIC]]);
    let app = TestApp::with_lookup(pool, lookup.clone()).await;
    let admin = app.admin("root@example.org").await;
    let listeners = Listeners::start().await;
    let (_, made) = admin.post(UPSTREAMS, json!({"name": "public", "base_url": "https://8.8.8.8/v1"})).await;
    let one = format!("{UPSTREAMS}/{}", made["id"].as_str().unwrap());
    for answer in PRIVATE {
        for url in listeners.urls() {
            lookup.now_says(&[answer], false);
            for (status, problem) in [
                admin.post(UPSTREAMS, json!({"name": "inside", "base_url": url})).await,
                admin.patch(&one, json!({"base_url": url})).await,
                admin.post("/api/admin/test-values", json!({"base_url": url, "upstream_model": "m"})).await,
            ] {
                assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer:?}: {problem}");
                assert_eq!(codes(&problem), ["address_blocked"], "{answer:?}");
                let line =
                    format!("QUADRILLE_ALLOW_PRIVATE_UPSTREAMS={}", url.replace("http://", "").replace("/v1", ""));
                assert!(problem["detail"].as_str().unwrap().contains(&line), "{problem}");
            }
            assert_eq!(lookup.asked(), 3, "each of them looked the name up");
        }
    }
    assert_eq!((listeners.connections(), app.count("upstreams").await), (0, 2));
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_name_that_turns_inside_later_is_not_called(pool: PgPool) {
    let lookup = FakeLookup::says(&[&[PUBLIC]]);
    let app = TestApp::with_lookup(pool, lookup.clone()).await;
    app.upstream.lists(&["fake/one", "fake/two", "fake/three", "fake/four"]);
    let admin = app.admin("root@example.org").await;
    let listeners = Listeners::start().await;
    let (_, key) = admin.post("/api/keys", json!({"name": "mine"})).await;
    let secret = key["secret"].as_str().unwrap();
    let mut moved = Vec::new();
    for (n, url) in listeners.urls().iter().enumerate() {
        let (name, model) = (format!("moved-{n}"), format!("moved/{n}"));
        let (status, made) = admin.post(UPSTREAMS, json!({"name": name, "base_url": url})).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        let form = json!({"public_name": model, "upstream": name, "upstream_model": "m"});
        assert_eq!(admin.post("/api/admin/models", form).await.0, StatusCode::CREATED);
        moved.push((format!("{UPSTREAMS}/{}", made["id"].as_str().unwrap()), model));
    }
    for answer in PRIVATE {
        lookup.now_says(&[answer], false);
        for (upstream, model) in &moved {
            let (status, problem) = admin.send(Method::GET, &format!("{upstream}/models"), None).await;
            assert_eq!(status, StatusCode::CONFLICT, "{answer:?}: {problem}");
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains("QUADRILLE_ALLOW_PRIVATE_UPSTREAMS"), "{detail}");
            let report = test(&admin, model).await;
            assert_eq!(
                (&report["verdict"], &report["failed_stage"]),
                (&json!("failed"), &json!("address")),
                "{report}"
            );
        }
        assert!(lookup.asked() >= 4);
    }
    // Now and then: whoever looks up twice is told something else the second time.
    for answers in [&[&[PUBLIC][..], &["127.0.0.1"]][..], &[&["127.0.0.1"], &[PUBLIC]]] {
        lookup.now_says(answers, true);
        for (upstream, model) in &moved {
            use_every_way(&app, &admin, secret, upstream, model).await;
        }
    }
    lookup.now_says(&[&["127.0.0.1"]], false);
    for (upstream, model) in &moved {
        use_every_way(&app, &admin, secret, upstream, model).await;
    }
    assert_eq!(listeners.connections(), 0);
}

async fn test(admin: &Member<'_>, model: &str) -> Value {
    let path = format!("/api/admin/models/{}/test", model.replace('/', "-"));
    let (status, report) = admin.post(&path, json!({})).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    report
}

/// List, import, test, test of all, comparison, gateway: none of them succeeds.
async fn use_every_way(app: &TestApp, admin: &Member<'_>, secret: &str, upstream: &str, model: &str) {
    assert_eq!(admin.send(Method::GET, &format!("{upstream}/models"), None).await.0, StatusCode::CONFLICT);
    let import = admin.post(&format!("{upstream}/import"), json!({"filter": ""})).await;
    assert_eq!(import.0, StatusCode::CONFLICT, "{}", import.1);
    assert_eq!(test(admin, model).await["verdict"], "failed");
    let (_, table) = admin.send(Method::POST, "/api/admin/test-all", None).await;
    let rows = table["results"].as_array().unwrap();
    let row = rows.iter().find(|row| row["public_name"] == model).unwrap();
    assert_eq!(row["report"]["verdict"], "failed", "{row}");
    assert_eq!(rows.iter().filter(|row| row["report"]["verdict"] == "works").count(), 4, "the others work");
    let comparison = admin.compare("Hello", &[model]).await;
    assert_eq!(comparison["runs"][0]["status"], "failed", "{comparison}");
    let question = json!({"model": model, "messages": [{"role": "user", "content": "Hello"}]});
    let request = app.request(Method::POST, "/v1/chat/completions").bearer_auth(secret).json(&question);
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_server_error(), "{}", answer.status());
}
