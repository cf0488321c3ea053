//! The account room behind its real router, and a way to talk to it.

use std::{net::SocketAddr, num::NonZeroU32, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Body,
    extract::ConnectInfo,
    http::{HeaderMap, Request, StatusCode, header},
    routing::get,
};
use crypto::{Keyring, MasterKeys};
use domain::accounts::SignUpMode;
use foundation::{
    clock::{Clock, TestClock},
    shutdown::Tasks,
};
use serde_json::{Value, json};
use services::{
    PublicUrl,
    accounts::{self, AccountService, AccountSettings, AdminViewer, LimitSettings, Rate, TrustedProxies, with_caller},
    api,
};
use sqlx::PgPool;
use tower::ServiceExt;
use zeroize::Zeroizing;

pub(crate) const EMAIL: &str = "ada@example.org";
pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) struct Site {
    pub(crate) accounts: Arc<AccountService>,
    pub(crate) clock: TestClock,
    pub(crate) router: Router,
    pub(crate) pool: PgPool,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The cookie as a browser would send it back.
    pub(crate) fn cookie(&self) -> String {
        let set = self.headers[header::SET_COOKIE].to_str().expect("ASCII");
        set.split(';').next().unwrap_or_default().to_owned()
    }

    pub(crate) fn token(&self) -> String {
        self.cookie().split_once('=').expect("a value").1.to_owned()
    }

    #[track_caller]
    pub(crate) fn is_problem(&self, status: u16, code: &str) -> Value {
        let document = self.json();
        assert_eq!((self.status.as_u16(), document["code"].as_str()), (status, Some(code)), "{}", self.text);
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(self.headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(document["status"], status);
        assert!(document["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
        document
    }
}

pub(crate) fn unlimited() -> LimitSettings {
    let rate = Rate { burst: NonZeroU32::MAX, period: Duration::ZERO };
    LimitSettings { account: rate, address: rate }
}

impl Site {
    pub(crate) async fn new(pool: PgPool) -> Self {
        Self::with(pool, SignUpMode::Open, "http://127.0.0.1:3000", unlimited()).await
    }

    pub(crate) async fn with(pool: PgPool, sign_up: SignUpMode, public_url: &str, limits: LimitSettings) -> Self {
        let clock = TestClock::at("2026-11-21T10:00:00Z".parse().expect("a time"));
        let keys = MasterKeys::new(vec![Zeroizing::new([7; 32])]).expect("a key");
        let keyring = Arc::new(Keyring::load(&pool, keys, clock.now()).await.expect("starts"));
        let public_url: PublicUrl = public_url.parse().expect("a URL");
        let trusted_proxies = TrustedProxies::parse("", public_url.is_https()).expect("nothing");
        let settings = AccountSettings { public_url, trusted_proxies, sign_up, limits };
        let accounts = AccountService::new(pool.clone(), Arc::new(clock.clone()), Tasks::default(), keyring, &settings);
        let accounts = Arc::new(accounts.expect("starts"));
        let routes = accounts::router(Arc::clone(&accounts))
            .route(
                "/api/admin/hello",
                get(|AdminViewer(admin): AdminViewer| async move { Json(admin.viewer().clone()) }),
            )
            .route("/api/panic", get(|| async { panicking() }));
        let router =
            with_caller(api::surface(routes), Arc::clone(&accounts)).layer(api::same_origin(&settings.public_url));
        Self { accounts, clock, router, pool }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(post(path).body(body.to_string().into()).expect("a request")).await
    }

    pub(crate) async fn post_as(&self, cookie: &str, path: &str, body: Value) -> Answer {
        let request = post(path).header(header::COOKIE, cookie).body(body.to_string().into());
        self.send(request.expect("a request")).await
    }

    pub(crate) async fn get_as(&self, cookie: &str, path: &str) -> Answer {
        let request = Request::get(path).header(header::COOKIE, cookie).body(Body::empty());
        self.send(request.expect("a request")).await
    }

    pub(crate) async fn sign_up(&self, email: &str) -> Answer {
        self.post("/api/auth/sign-up", json!({"email": email, "password": PASSWORD})).await
    }

    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.post("/api/auth/sign-in", json!({"email": email, "password": password})).await
    }

    pub(crate) async fn me(&self, cookie: &str) -> Answer {
        self.get_as(cookie, "/api/auth/me").await
    }

    pub(crate) async fn count(&self, table: &'static str) -> i64 {
        let statement = match table {
            "users" => "SELECT count(*) FROM users",
            "sign_ins" => "SELECT count(*) FROM sign_ins",
            other => panic!("no such count: {other}"),
        };
        sqlx::query_scalar(statement).fetch_one(&self.pool).await.expect("counts")
    }
}

pub(crate) fn post(path: &str) -> axum::http::request::Builder {
    let peer: SocketAddr = "127.0.0.1:4000".parse().expect("an address");
    Request::post(path).header(header::CONTENT_TYPE, "application/json").extension(ConnectInfo(peer))
}

#[expect(clippy::panic, reason = "it is what is tested")]
fn panicking() -> &'static str {
    panic!("on purpose")
}
