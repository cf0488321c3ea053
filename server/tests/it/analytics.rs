//! What keys were used for, from the events as they are.

use chrono::{DateTime, TimeDelta, Utc};
use foundation::clock::Clock;
use reqwest::{Method, StatusCode};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use services::usage::{self, ErrorClass, EventSource, Outcome, UsageEvent, UsageSource};
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::app::{MODELS, Member, TestApp};

/// A member with a key.
struct Owner<'a> {
    member: Member<'a>,
    user: Uuid,
    key: Uuid,
}

impl<'a> Owner<'a> {
    async fn new(app: &'a TestApp, email: &str) -> Self {
        let member = app.member(email).await;
        let user = member.send(Method::GET, "/api/auth/me", None).await.1["id"].as_str().unwrap().parse().unwrap();
        let (status, key) = member.send(Method::POST, "/api/keys", Some(json!({"name": "CI"}))).await;
        assert_eq!(status, StatusCode::CREATED);
        let key = key["id"].as_str().unwrap().parse().unwrap();
        Self { member, user, key }
    }

    /// A streamed success of 100 ms with 10 tokens in and 20 out.
    fn success(&self, occurred_at: DateTime<Utc>) -> UsageEvent {
        UsageEvent {
            id: Uuid::now_v7(),
            occurred_at,
            request_id: None,
            api_key_id: Some(self.key),
            user_id: Some(self.user),
            model_public_name: MODELS[0].into(),
            upstream_id: None,
            status_code: Some(200),
            outcome: Outcome::Success,
            error_class: None,
            is_stream: true,
            tokens_in: Some(10),
            tokens_out: Some(20),
            usage_source: Some(UsageSource::Upstream),
            latency_ms: 100,
            upstream_latency_ms: Some(90),
            ttft_ms: Some(40),
            attempt: 1,
            cost_usd: Some(Decimal::new(5, 5)),
            source: EventSource::Gateway,
        }
    }

    fn ending(&self, at: DateTime<Utc>, outcome: Outcome, class: ErrorClass, status: u16) -> UsageEvent {
        let nothing =
            UsageEvent { tokens_in: None, tokens_out: None, usage_source: None, cost_usd: None, ..self.success(at) };
        let ending =
            UsageEvent { outcome, error_class: Some(class), status_code: Some(status), ttft_ms: None, ..nothing };
        UsageEvent { latency_ms: 9_000, ..ending }
    }

    async fn analytics(&self, query: &str) -> Value {
        let (status, report) =
            self.member.send(Method::GET, &format!("/api/keys/{}/analytics{query}", self.key), None).await;
        assert_eq!(status, StatusCode::OK, "{report}");
        report
    }

    async fn page(&self, path: &str) -> String {
        let answer = self.member.request(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.text().await.unwrap()
    }
}

async fn record(app: &TestApp, events: &[UsageEvent]) {
    let today = app.clock.now().date_naive();
    usage::ensure_partitions(&app.pool, today - TimeDelta::days(31), today + TimeDelta::days(1)).await.unwrap();
    usage::insert(&app.pool, events).await.unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn a_request_made_ten_seconds_ago_is_there(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = Owner::new(&app, "ada@example.org").await;
    assert_eq!(ada.analytics("").await["totals"]["requests"], 0);
    record(&app, &[ada.success(app.clock.now() - TimeDelta::seconds(10))]).await;
    for window in ["1h", "24h", "7d", "30d"] {
        let report = ada.analytics(&format!("?window={window}")).await;
        assert_eq!((&report["window"], &report["totals"]["requests"]), (&json!(window), &json!(1)));
        assert_eq!(report["totals"]["cost_usd"], "0.00005");
    }
    let html = ada.page(&format!("/keys/{}/analytics?window=1h", ada.key)).await;
    assert!(html.contains("<svg") && html.contains(MODELS[0]) && html.contains("100 %"), "{html}");
    let dashboard = ada.page("/dashboard").await;
    assert!(dashboard.contains("Usage, last 24 hours") && dashboard.contains("$0.00005"), "{dashboard}");
}

#[sqlx::test(migrations = "../migrations")]
async fn every_ending_is_counted_where_it_belongs(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = Owner::new(&app, "ada@example.org").await;
    let at = app.clock.now() - TimeDelta::minutes(90);
    let mut events: Vec<_> = (1..=95).map(|n| UsageEvent { latency_ms: n, ..ada.success(at) }).collect();
    events.extend((96..=100).map(|n| UsageEvent {
        latency_ms: 10 * n,
        is_stream: false,
        ttft_ms: None,
        ..ada.success(at)
    }));
    events.extend((0..20).map(|_| ada.ending(at, Outcome::Error, ErrorClass::RateLimited, 429)));
    events.extend((0..5).map(|_| ada.ending(at, Outcome::Error, ErrorClass::Timeout, 504)));
    events.extend((0..3).map(|_| ada.ending(at, Outcome::Refused, ErrorClass::Caller, 404)));
    events.extend((0..2).map(|_| ada.ending(at, Outcome::Abandoned, ErrorClass::HangUp, 200)));
    let unknown =
        UsageEvent { tokens_in: None, tokens_out: None, cost_usd: None, usage_source: None, ..ada.success(at) };
    let estimated = UsageEvent { usage_source: Some(UsageSource::Estimated), ..ada.success(at) };
    let other = |event: UsageEvent| UsageEvent { model_public_name: MODELS[1].into(), ..event };
    events.extend([other(unknown), other(estimated)]);
    record(&app, &events).await;

    let report = ada.analytics("").await;
    let totals = &report["totals"];
    assert_eq!((&totals["requests"], &totals["successes"], &totals["errors"]), (&json!(127), &json!(102), &json!(25)));
    assert_eq!((&totals["refused"], &totals["abandoned"], &totals["estimated"]), (&json!(3), &json!(2), &json!(1)));
    assert_eq!(totals["success_rate"], 102.0 / 127.0);
    assert_eq!((&totals["tokens_in"], &totals["tokens_out"]), (&json!(1_010), &json!(2_020)));
    assert_eq!(totals["cost_usd"], "0.00505");
    assert_eq!(totals["p50_ttft_ms"], 40);
    // Half of the first model's hundred successes took 50 ms or less, nineteen of twenty 95 ms or less.
    let first = &report["models"][0];
    assert_eq!(
        (&first["model"], &first["p50_latency_ms"], &first["p95_latency_ms"]),
        (&json!(MODELS[0]), &json!(50), &json!(95))
    );
    let second = &report["models"][1];
    assert_eq!(
        (&second["model"], &second["requests"], &second["tokens_in"]),
        (&json!(MODELS[1]), &json!(2), &json!(10))
    );
    assert_eq!(
        report["endings"],
        json!([
            {"outcome": "error", "error_class": "rate_limited", "status_code": 429, "count": 20},
            {"outcome": "error", "error_class": "timeout", "status_code": 504, "count": 5},
            {"outcome": "refused", "error_class": "caller", "status_code": 404, "count": 3},
            {"outcome": "abandoned", "error_class": "hang_up", "status_code": 200, "count": 2},
        ])
    );
    let steps = report["steps"].as_array().unwrap();
    assert_eq!((steps.len(), &report["step_seconds"]), (24, &json!(3_600)));
    let used: Vec<_> = steps.iter().filter(|step| step["requests"] != 0).collect();
    assert_eq!((used.len(), &used[0]["at"], &used[0]["requests"]), (1, &json!("2026-11-21T08:00:00Z"), &json!(127)));
    assert_eq!((&steps[0]["p50_latency_ms"], &steps[0]["tokens_in"]), (&Value::Null, &Value::Null));

    let alone = ada.analytics(&format!("?model={}", MODELS[1])).await;
    assert_eq!((&alone["totals"]["requests"], &alone["model"]), (&json!(2), &json!(MODELS[1])));
    assert_eq!(ada.analytics("?window=1h").await["totals"]["requests"], 0);
    let html = ada.page(&format!("/keys/{}/analytics", ada.key)).await;
    assert!(html.contains("Rate limited") && html.contains("5 not counted") && html.contains("≈"), "{html}");
}

#[sqlx::test(migrations = "../migrations")]
async fn only_the_keys_own_events_of_its_member_are_shown(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = Owner::new(&app, "ada@example.org").await;
    let eve = Owner::new(&app, "eve@example.org").await;
    let at = app.clock.now() - TimeDelta::minutes(5);
    // An event of a former owner of the id, one of no key, one of another key.
    let former = UsageEvent { user_id: Some(Uuid::now_v7()), ..ada.success(at) };
    let nobodys = UsageEvent { api_key_id: None, ..ada.success(at) };
    record(&app, &[ada.success(at), former, nobodys, eve.success(at)]).await;
    assert_eq!(ada.analytics("").await["totals"]["requests"], 1);

    for path in [
        format!("/api/keys/{}/analytics", ada.key),
        format!("/api/keys/{}/analytics.csv", ada.key),
        "/api/keys/1/analytics".into(),
    ] {
        let answer = eve.member.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let page = eve.member.request(Method::GET, &format!("/keys/{}/analytics", ada.key)).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::NOT_FOUND);
    for query in ["?window=1y", "?window=24h&window=7d", "?page=2"] {
        let path = format!("/api/keys/{}/analytics{query}", ada.key);
        assert_eq!(ada.member.send(Method::GET, &path, None).await.0, StatusCode::BAD_REQUEST, "{query}");
    }
    // A revoked key keeps its figures.
    ada.member.send(Method::DELETE, &format!("/api/keys/{}", ada.key), None).await;
    assert_eq!(ada.analytics("").await["totals"]["requests"], 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn figures_can_be_taken_along_as_csv(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = Owner::new(&app, "ada@example.org").await;
    let at = app.clock.now() - TimeDelta::minutes(90);
    let odd = UsageEvent { model_public_name: "=cmd(\"x\")".into(), ..ada.success(at) };
    record(&app, &[ada.success(at), ada.success(at), ada.success(at - TimeDelta::hours(3)), odd]).await;
    let path = format!("/api/keys/{}/analytics.csv?window=24h", ada.key);
    let answer = ada.member.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    assert!(answer.headers()["content-disposition"].to_str().unwrap().starts_with("attachment; filename=\"usage-24h-"));
    let text = answer.text().await.unwrap();
    let lines: Vec<_> = text.split("\r\n").collect();
    assert!(lines[0].starts_with("step,model,requests,"));
    assert_eq!(lines[1], "2026-11-21T05:00:00Z,\"fake/one\",1,1,0,0,0,100,100,40,40,10,20,0.00005,0");
    assert!(lines[2].starts_with("2026-11-21T08:00:00Z,\"'=cmd(\"\"x\"\")\",1,"));
    assert!(lines[3].starts_with("2026-11-21T08:00:00Z,\"fake/one\",2,2,0,"));
    assert_eq!(lines[4..], [""]);
}
