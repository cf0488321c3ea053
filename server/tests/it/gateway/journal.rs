//! Requests of mixed fate, many at once: what the upstream did and what the callers saw against the table.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use futures::{StreamExt, stream};
use reqwest::StatusCode;
use serde_json::json;
use sqlx::PgPool;
use tokio::time::timeout;
use uuid::Uuid;

use super::support::{Caller, completion, rows_once};
use crate::support::{
    app::{TestApp, eventually},
    fake_upstream::{Behaviour, Chunks, Step},
};

/// Requests; a fifth of the callers hang up.
const REQUESTS: usize = 10_000;
const AT_ONCE: usize = 32;

/// What a request is to meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fate {
    model: &'static str,
    is_stream: bool,
    hangs_up: bool,
    outcome: &'static str,
    class: Option<&'static str>,
    upstream_calls: usize,
}

const fn fate(model: &'static str, is_stream: bool, outcome: &'static str, class: Option<&'static str>) -> Fate {
    Fate { model, is_stream, hangs_up: false, outcome, class, upstream_calls: 1 }
}

const FATES: [Fate; 15] = [
    fate("m/plain", false, "success", None),
    fate("m/plain", false, "success", None),
    fate("m/stream", true, "success", None),
    fate("m/stream", true, "success", None),
    fate("m/uncounted", true, "success", None),
    fate("m/limited", false, "error", Some("rate_limited")),
    fate("m/broken", true, "error", Some("upstream_5xx")),
    fate("m/cut", true, "error", Some("cut_off")),
    fate("m/empty", false, "error", Some("empty")),
    fate("m/refuses", false, "refused", Some("caller")),
    Fate { upstream_calls: 0, ..fate("m/unknown", false, "refused", Some("caller")) },
    Fate { upstream_calls: 2, ..fate("auto", true, "success", None) },
    Fate { hangs_up: true, ..fate("m/silent", false, "abandoned", Some("hang_up")) },
    Fate { hangs_up: true, ..fate("m/silent", true, "abandoned", Some("hang_up")) },
    Fate { hangs_up: true, ..fate("m/long", true, "abandoned", Some("hang_up")) },
];

fn set_up(app: &TestApp) {
    let usage = json!({"prompt_tokens": 3, "completion_tokens": 2});
    app.upstream.on("m/plain", completion("Hello there", &usage));
    app.upstream.on("m/stream", Behaviour::answer("Hello there"));
    let uncounted = [Chunks::delta("Hello"), Chunks::finish("stop"), Chunks::done()].concat();
    app.upstream.on("m/uncounted", Behaviour::stream(uncounted));
    app.upstream.on("m/limited", Behaviour::status(429));
    app.upstream.on("m/broken", Behaviour::status(500));
    app.upstream.on("m/cut", Behaviour::cut_after("Hello"));
    app.upstream.on("m/empty", completion("", &usage));
    app.upstream.on("m/refuses", Behaviour::status(400));
    app.upstream.on("m/silent", Behaviour::silence());
    let without_end = Step::Forever(Chunks::delta("more "), Duration::from_millis(5));
    app.upstream.on("m/long", Behaviour::steps([Behaviour::event_stream(), without_end]));
}

/// Asks, and hangs up where that is the fate. The id of the answer, if there was one.
async fn meet(caller: &Caller<'_>, n: usize, fate: Fate) -> Option<Uuid> {
    let body = json!({"model": fate.model, "stream": fate.is_stream, "messages": [{"role": "user", "content": "Hi"}]});
    let request = caller.request().header("x-client-request-id", format!("r{n}")).json(&body).send();
    if fate.hangs_up && fate.model == "m/silent" {
        // It has to have arrived: until the upstream has it, hanging up is another story.
        assert!(timeout(Duration::from_millis(400), request).await.is_err(), "nobody answers");
        return None;
    }
    let mut answer = request.await.unwrap();
    let id = answer.headers()["x-request-id"].to_str().unwrap().parse().unwrap();
    if fate.hangs_up {
        answer.chunk().await.unwrap().expect("a first piece");
        return Some(id);
    }
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    let is_good = status == StatusCode::OK && !text.contains("\"error\"");
    assert_eq!(is_good, fate.outcome == "success" || fate.class == Some("empty"), "{fate:?}: {status} {text}");
    Some(id)
}

#[sqlx::test(migrations = "../migrations")]
async fn ten_thousand_requests_leave_one_event_each(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    set_up(&app);
    let mut models: Vec<&str> =
        FATES.iter().map(|fate| fate.model).filter(|model| !matches!(*model, "auto" | "m/unknown")).collect();
    models.dedup();
    app.publish(&models).await;
    let list = json!({"models": ["m/broken", "m/stream"]});
    assert_eq!(ada.send(reqwest::Method::PUT, "/api/routing", Some(list)).await.0, StatusCode::OK);
    let caller = Arc::new(Caller::with(&app, &ada, json!({"name": "load"})).await);
    let is_ready = async || {
        app.clock.advance(chrono::TimeDelta::seconds(2));
        let (status, list) = crate::support::app::read(
            app.request(reqwest::Method::GET, "/v1/models").bearer_auth(&caller.secret).send().await.unwrap(),
        )
        .await;
        status == StatusCode::OK
            && list["data"].as_array().is_some_and(|list| list.iter().any(|entry| entry["id"] == "m/long"))
    };
    eventually("the models are known", is_ready).await;

    let seen: HashMap<usize, Option<Uuid>> = stream::iter(0..REQUESTS)
        .map(|n| {
            let caller = caller.clone();
            async move { (n, meet(&caller, n, FATES[n % FATES.len()]).await) }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;

    let rows = rows_once(&app.pool, REQUESTS).await;
    let mut calls: BTreeMap<&str, usize> = BTreeMap::new();
    let mut found: HashMap<usize, &super::support::Row> = HashMap::new();
    for row in &rows {
        let n: usize = row.request_id.as_deref().unwrap().trim_start_matches('r').parse().unwrap();
        assert!(found.insert(n, row).is_none(), "request {n} is there twice");
    }
    for n in 0..REQUESTS {
        let (fate, row) = (FATES[n % FATES.len()], found[&n]);
        let ending = (row.outcome.as_str(), row.error_class.as_deref());
        assert_eq!(ending, (fate.outcome, fate.class), "{fate:?}: {row:?}");
        let attempts = row.attempt as usize;
        if fate.hangs_up && attempts == 0 {
            // On a machine that is busy enough, a caller hangs up before the upstream is asked.
            continue;
        }
        assert_eq!(row.is_stream, fate.is_stream, "{row:?}");
        if let Some(id) = seen[&n] {
            assert_eq!(row.id, id, "the id that the caller was told");
        }
        if fate.outcome == "success" {
            assert!(row.tokens_in.is_some() && row.tokens_out.is_some() && row.cost_usd.is_some(), "{row:?}");
        }
        assert_eq!(attempts, fate.upstream_calls, "{fate:?}: {row:?}");
        let model = if fate.model == "auto" {
            "m/stream"
        } else if fate.model == "m/unknown" {
            ""
        } else {
            fate.model
        };
        assert_eq!(row.model_public_name, model);
        if attempts > 0 {
            *calls.entry(model).or_default() += 1;
        }
        if attempts == 2 {
            *calls.entry("m/broken").or_default() += 1;
        }
    }
    let mut journal: BTreeMap<&str, usize> = BTreeMap::new();
    let entries = app.upstream.journal();
    for entry in &entries {
        *journal.entry(entry.model.as_str()).or_default() += 1;
    }
    assert_eq!(journal, calls, "the upstream's journal and the table agree");
    let sum: i64 = rows
        .iter()
        .filter(|row| row.usage_source.as_deref() == Some("upstream"))
        .map(|row| row.tokens_out.unwrap_or(0))
        .sum();
    let counted =
        rows.iter().filter(|row| row.usage_source.as_deref() == Some("upstream") && row.tokens_out.is_some()).count();
    assert_eq!(sum, 2 * counted as i64);
    assert_eq!(app.state.log.waiting(), 0);
}
