//! The whole server on a real database, on a port of its own, with a clock that tests move and an upstream that does as it
//! is told.

use std::{fs, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{TimeZone, Utc};
use clap::Parser;
use eventlog::{EventLog, LogSettings};
use foundation::{clock::TestClock, shutdown::Tasks};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use server::{
    cli::Cli,
    config::{ProcessEnv, Settings},
    jobs, listen,
    router::router,
    state::{AppState, Runtime},
    storage::open_keyring,
    web::Site,
};
use services::{
    catalog::{ModelEntry, UpstreamEntry},
    external::External,
};
use sqlx::PgPool;
use tokio::net::TcpListener;
use upstream::{Lookup, SystemLookup};

use super::fake_upstream::FakeUpstream;
use crate::program::TempDir;

/// The password of every member that tests make.
pub(crate) const PASSWORD: &str = "correct horse battery";
/// The models in the catalogue of every test.
/// The key of the upstream that every test site has.
pub(crate) const UPSTREAM_KEY: &str = "sk-fake-upstream-key";
pub(crate) const MODELS: [&str; 4] = ["fake/one", "fake/two", "fake/three", "fake/four"];

/// A running server and what surrounds it.
pub(crate) struct TestApp {
    pub(crate) address: SocketAddr,
    pub(crate) pool: PgPool,
    pub(crate) clock: TestClock,
    pub(crate) state: AppState,
    pub(crate) upstream: FakeUpstream,
    pub(crate) http: reqwest::Client,
    /// Holds the event log and the site's manifest.
    pub(crate) data: TempDir,
}

impl TestApp {
    /// Starts a server on this database with the fake upstream's four models in the catalogue, at $1 and $2 a million tokens.
    pub(crate) async fn start(pool: PgPool) -> Self {
        let upstream = FakeUpstream::start().await;
        let app = Self::replica(pool, upstream).await;
        app.publish(&MODELS).await;
        app
    }

    /// The same, with LiteLLM's callback open to whoever has this token.
    pub(crate) async fn with_ingest_token(pool: PgPool, token: &str) -> Self {
        let upstream = FakeUpstream::start().await;
        let mut settings = settings();
        settings.litellm_ingest_token = Some(token.to_owned().into());
        let app = Self::serve(pool, upstream, settings, Arc::new(SystemLookup)).await;
        app.publish(&MODELS).await;
        app
    }

    /// The same, with a name server of the test's.
    pub(crate) async fn with_lookup(pool: PgPool, lookup: Arc<dyn Lookup>) -> Self {
        let app = Self::serve(pool, FakeUpstream::start().await, settings(), lookup).await;
        app.publish(&MODELS).await;
        app
    }

    /// A further server on a database that has its models.
    pub(crate) async fn replica(pool: PgPool, upstream: FakeUpstream) -> Self {
        Self::serve(pool, upstream, settings(), Arc::new(SystemLookup)).await
    }

    async fn serve(pool: PgPool, upstream: FakeUpstream, settings: Settings, lookup: Arc<dyn Lookup>) -> Self {
        let data = TempDir::new();
        let log = EventLog::open(LogSettings::new(data.path().join("event-log"))).unwrap();
        let tasks = Tasks::default();
        let clock = TestClock::at(Utc.with_ymd_and_hms(2026, 11, 21, 10, 0, 0).unwrap());
        let runtime = Runtime::new(pool.clone(), External { clock: Arc::new(clock.clone()), lookup }, tasks.clone());
        let keyring = open_keyring(&pool, settings.master_key.load().unwrap(), &clock).await.unwrap();
        let state = AppState::new(settings, site(data.path()), log, runtime, keyring).unwrap();
        jobs::start(&state);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(tokio::spawn({
            let (router, tasks) = (router(&state), tasks.clone());
            async move { listen::serve(listener, router, &tasks, listen::Patience::default()).await }
        }));
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { address, pool, clock, state, upstream, http, data }
    }

    /// Puts models of the fake upstream into the catalogue.
    pub(crate) async fn publish(&self, models: &[&str]) {
        let entry = UpstreamEntry {
            name: "fake".into(),
            base_url: self.upstream.base_url(),
            api_key: Some(UPSTREAM_KEY.to_owned().into()),
            allow_private: true,
            is_simulated: false,
        };
        let id = self.state.services.catalog.register_upstream(entry).await.unwrap();
        let models = models.iter().map(|model| ModelEntry {
            upstream_model: (*model).to_owned(),
            family: Some("Fake".into()),
            context_window: Some(8_192),
            input_price_per_million_usd: Some(1.into()),
            output_price_per_million_usd: Some(2.into()),
        });
        self.state.services.catalog.register_models(id, "fake".into(), models.collect()).await.unwrap();
    }

    /// A request without a sign-in.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("http://{}{path}", self.address))
    }

    /// Signs a new member up through the front door.
    pub(crate) async fn member(&self, email: &str) -> Member<'_> {
        self.sign_up(json!({"email": email, "password": PASSWORD})).await
    }

    /// Signs up with this form.
    pub(crate) async fn sign_up(&self, form: Value) -> Member<'_> {
        let answer = self.request(Method::POST, "/api/auth/sign-up").json(&form).send().await.unwrap();
        let cookie = cookie(&answer);
        let (status, viewer) = read(answer).await;
        assert_eq!(status, StatusCode::CREATED, "{viewer}");
        Member { app: self, cookie }
    }

    /// Rows of a table.
    pub(crate) async fn count(&self, table: &'static str) -> i64 {
        let statement = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        sqlx::query_scalar(statement).fetch_one(&self.pool).await.unwrap()
    }
}

/// A signed-in member.
pub(crate) struct Member<'a> {
    app: &'a TestApp,
    pub(crate) cookie: String,
}

impl Member<'_> {
    /// A request with this member's cookie.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.app.request(method, path).header("cookie", &self.cookie)
    }

    /// A request with this member's cookie, and a JSON body where there is one; the answer's status and body.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let request = self.request(method, path);
        let request = if let Some(body) = body { request.json(&body) } else { request };
        read(request.send().await.unwrap()).await
    }

    /// A form of this member's, as a browser without script posts it.
    pub(crate) fn form(&self, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        form(self.request(Method::POST, path), fields)
    }

    /// A comparison of these models, to its end.
    pub(crate) async fn compare(&self, prompt: &str, models: &[&str]) -> Value {
        let body = json!({"prompt": prompt, "models": models});
        let (status, comparison) = self.send(Method::POST, "/api/playground", Some(body)).await;
        assert_eq!(status, StatusCode::CREATED, "{comparison}");
        comparison
    }
}

/// Gives a request the fields of a form.
pub(crate) fn form(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    request.header("content-type", "application/x-www-form-urlencoded").header("accept", "text/html").body(body)
}

/// An answer's status and JSON body; text where it is no JSON, `null` where there is none.
pub(crate) async fn read(answer: Response) -> (StatusCode, Value) {
    let status = answer.status();
    let text = answer.text().await.unwrap();
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) };
    (status, body)
}

/// Waits until something is so.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    for _ in 0..200 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never came to pass that {what}");
}

fn settings() -> Settings {
    let cli = Cli::try_parse_from([
        "quadrille",
        "--database-url=postgres://unused/unused",
        &format!("--master-key={}", STANDARD.encode([7; 32])),
        "--sign-up=open",
    ]);
    let env = ProcessEnv { home: Some("/nonexistent".into()), ..ProcessEnv::default() };
    Settings::new(cli.unwrap().options, &env).unwrap()
}

/// The browser's files: a manifest alone, since nothing in these tests is shown in a browser.
fn site(data: &Path) -> Site {
    let manifest = r#"{"js": "none.js", "wasm": "none.wasm", "css": "none.css"}"#;
    fs::write(data.join("manifest.json"), manifest).unwrap();
    Site::open(data).unwrap()
}

fn cookie(answer: &Response) -> String {
    let header = answer.headers().get("set-cookie").expect("a cookie").to_str().unwrap();
    header.split(';').next().unwrap().to_owned()
}
