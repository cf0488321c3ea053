//! The real program, killed and cut off from its database under load: no event whose answer somebody has seen is missing, and
//! none is there twice.

use std::{
    collections::HashSet,
    env,
    net::TcpListener,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::task::{JoinHandle, spawn_blocking};
use uuid::Uuid;

use crate::{
    gateway::support::{completion, question, streamed},
    program::{Serving, TempDir},
    support::{
        app::{PASSWORD, eventually},
        detour::Detour,
        fake_upstream::{Behaviour, FakeUpstream},
        tls::client,
    },
};

const MODEL: &str = "m/plain";
const STREAM: &str = "m/stream";

/// How often the program is killed; the whole fifty take some minutes.
fn kills() -> usize {
    env::var("QUADRILLE_TEST_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(4)
}

/// How long the database stays away.
fn outage() -> Duration {
    let seconds = env::var("QUADRILLE_TEST_OUTAGE_S").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(6))
}

/// The program on a database, and what it takes to start it again.
struct House {
    dir: TempDir,
    port: u16,
    detour: Detour,
    upstream: FakeUpstream,
    http: Client,
}

impl House {
    async fn new(pool: &PgPool) -> Self {
        let upstream = FakeUpstream::start().await;
        upstream.lists(&[MODEL, STREAM]);
        upstream.on(MODEL, completion("Hello", &json!({"prompt_tokens": 3, "completion_tokens": 1})));
        upstream.on(STREAM, Behaviour::tokens(5, Duration::from_millis(2)));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { dir: TempDir::new(), port, detour: Detour::to(pool), upstream, http: client() }
    }

    fn command(&self) -> Command {
        let mut command = self.dir.quadrille(&["serve"]);
        command
            .env("DATABASE_URL", self.detour.url())
            .env("QUADRILLE_MASTER_KEY", STANDARD.encode([7; 32]))
            .env("QUADRILLE_SIGN_UP", "open")
            .env("QUADRILLE_LISTEN", format!("127.0.0.1:{}", self.port))
            .env("QUADRILLE_UPSTREAM_URL", self.upstream.base_url());
        command
    }

    /// Starts the program. The way to its database and its upstream are tasks of the test, which go on meanwhile.
    async fn start(&self) -> Serving {
        let command = self.command();
        spawn_blocking(move || Serving::start(command)).await.unwrap()
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The secret of a new key.
    async fn key(&self) -> String {
        let form = json!({"email": "ada@example.org", "password": PASSWORD});
        let answer = self.http.post(self.url("/api/auth/sign-up")).json(&form).send().await.unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let request = self.http.post(self.url("/api/keys")).header("cookie", cookie).json(&json!({"name": "load"}));
        let key: Value = request.send().await.unwrap().json().await.unwrap();
        key["secret"].as_str().unwrap().to_owned()
    }

    async fn is_ready(&self, path: &str, status: StatusCode) -> bool {
        self.http.get(self.url(path)).send().await.is_ok_and(|answer| answer.status() == status)
    }
}

/// Callers who ask without a pause, and note which answers they saw the end of.
struct Load {
    seen: Arc<Mutex<HashSet<Uuid>>>,
    failed: Arc<Mutex<Vec<Failure>>>,
    is_over: Arc<AtomicBool>,
    callers: Vec<JoinHandle<()>>,
}

impl Load {
    fn start(house: &House, key: &str) -> Self {
        let seen: Arc<Mutex<HashSet<Uuid>>> = Arc::default();
        let failed: Arc<Mutex<Vec<Failure>>> = Arc::default();
        let is_over = Arc::new(AtomicBool::new(false));
        let caller = |n: usize| {
            let (seen, failed, is_over) = (Arc::clone(&seen), Arc::clone(&failed), Arc::clone(&is_over));
            let (http, url, key) = (house.http.clone(), house.url("/v1/chat/completions"), key.to_owned());
            let body = if n.is_multiple_of(2) { question(MODEL) } else { streamed(STREAM) };
            tokio::spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    match ask(&http, &url, &key, &body).await {
                        Ok(id) => {
                            seen.lock().unwrap().insert(id);
                        }
                        Err(why) => {
                            failed.lock().unwrap().push(why);
                            tokio::time::sleep(Duration::from_millis(5)).await;
                        }
                    }
                }
            })
        };
        let callers = (0..8).map(caller).collect();
        Self { seen, failed, is_over, callers }
    }

    fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// Stops; returns what was seen and what failed.
    async fn stop(self) -> (HashSet<Uuid>, Vec<Failure>) {
        self.is_over.store(true, Ordering::Relaxed);
        for caller in self.callers {
            caller.await.unwrap();
        }
        (self.seen.lock().unwrap().clone(), self.failed.lock().unwrap().clone())
    }
}

/// A request whose answer was not seen to its end.
#[derive(Clone, Debug)]
struct Failure {
    why: String,
    /// Whether the server may have got the request: there was a connection.
    was_sent: bool,
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        Self { why: error.to_string(), was_sent: !error.is_connect() }
    }
}

/// Asks once. The id of an answer that was seen to its end.
async fn ask(http: &Client, url: &str, key: &str, body: &Value) -> Result<Uuid, Failure> {
    let answer = http.post(url).bearer_auth(key).json(body).send().await?;
    let id = answer.headers().get("x-request-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let status = answer.status();
    let text = answer.text().await?;
    let is_whole = if body["stream"] == true { text.ends_with("data: [DONE]\n\n") } else { text.ends_with('}') };
    match id {
        Some(id) if status == StatusCode::OK && is_whole => Ok(id),
        _ => Err(Failure { why: format!("{status}: {text}"), was_sent: true }),
    }
}

async fn ids(pool: &PgPool) -> Vec<Uuid> {
    sqlx::query_scalar("SELECT id FROM usage_events").fetch_all(pool).await.unwrap()
}

/// Waits until everything that was seen is in the table, and looks whether anything is there twice.
async fn compare(pool: &PgPool, seen: &HashSet<Uuid>) {
    let missing = async || {
        let there: HashSet<Uuid> = ids(pool).await.into_iter().collect();
        seen.difference(&there).count()
    };
    eventually("everything that was seen is in the table", async || missing().await == 0).await;
    let all = ids(pool).await;
    let different: HashSet<&Uuid> = all.iter().collect();
    assert_eq!(all.len(), different.len(), "something is there twice");
}

#[sqlx::test(migrations = "../migrations")]
async fn killed_under_load_no_event_that_somebody_saw_is_lost(pool: PgPool) {
    let house = House::new(&pool).await;
    let mut serving = Some(house.start().await);
    let key = house.key().await;
    eventually("the models are known", async || {
        ask(&house.http, &house.url("/v1/chat/completions"), &key, &question(MODEL)).await.is_ok()
    })
    .await;
    let load = Load::start(&house, &key);
    for kill in 0..kills() {
        let before = load.count();
        eventually("requests are answered", async || load.count() > before + 20).await;
        tokio::time::sleep(Duration::from_millis(((kill * 37) % 211) as u64)).await;
        serving.take().unwrap().kill_hard();
        serving = Some(house.start().await);
    }
    let before = load.count();
    eventually("requests are answered", async || load.count() > before + 20).await;
    let (seen, failed) = load.stop().await;
    compare(&pool, &seen).await;
    // The first request's event is one that the load did not see. Each other one belongs to a request that a kill cut off after
    // its event was written, and each of the eight callers has one request at a time.
    let unseen = ids(&pool).await.len() - seen.len() - 1;
    let cut_off = failed.iter().filter(|failure| failure.was_sent).count();
    assert!(cut_off > 0, "no kill hit a request");
    assert!(unseen <= cut_off.min(kills() * 8), "{unseen} events nobody saw, {cut_off} requests cut off: {failed:?}");
    assert_eq!(spawn_blocking(|| serving.unwrap().terminate()).await.unwrap(), Some(0));
}

#[sqlx::test(migrations = "../migrations")]
async fn without_its_database_the_gateway_goes_on_and_events_follow(pool: PgPool) {
    let house = House::new(&pool).await;
    let serving = house.start().await;
    let key = house.key().await;
    eventually("the models are known", async || {
        ask(&house.http, &house.url("/v1/chat/completions"), &key, &question(MODEL)).await.is_ok()
    })
    .await;
    assert!(house.is_ready("/readyz", StatusCode::OK).await);
    let load = Load::start(&house, &key);
    eventually("requests are answered", async || load.count() > 50).await;

    house.detour.block();
    let failed_before = load.failed.lock().unwrap().len();
    let (began, mut checked) = (std::time::Instant::now(), 0);
    while began.elapsed() < outage() {
        let before = load.count();
        eventually("requests go on", async || load.count() > before + 10).await;
        assert!(house.is_ready("/healthz", StatusCode::OK).await);
        checked += 1;
    }
    assert!(house.is_ready("/readyz", StatusCode::SERVICE_UNAVAILABLE).await);
    assert!(checked > 0);
    let failed = load.failed.lock().unwrap().split_off(failed_before);
    assert!(failed.is_empty(), "{} requests failed meanwhile, such as {}", failed.len(), failed[0].why);
    house.detour.open();

    let (seen, failed) = load.stop().await;
    assert!(failed.is_empty(), "{failed:?}");
    compare(&pool, &seen).await;
    eventually("it is ready again", async || house.is_ready("/readyz", StatusCode::OK).await).await;
    assert_eq!(ids(&pool).await.len(), seen.len() + 1, "one event for each request, and one for the first");
    assert_eq!(spawn_blocking(|| serving.terminate()).await.unwrap(), Some(0));
}
