//! The leaderboard through the real router: what programs get, what they get for bad questions, and how fresh it is.

use std::{
    io::Read,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use domain::leaderboard::BoardQuery;
use foundation::clock::Clock;
use futures::future::join_all;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use services::{
    leaderboard::{RollUp, due},
    usage::{self, UsageEvent},
};
use sqlx::PgPool;

use crate::support::{
    admin::codes,
    app::{Member, TestApp, eventually, read},
    fake_upstream::FakeUpstream,
    traffic::{failures, success, successes, time},
};

/// Within the window of a server whose clock stands at ten.
const SOME_TIME: &str = "2026-11-20T12:30:00Z";

async fn get(app: &TestApp, path: &str) -> Response {
    app.request(Method::GET, path).send().await.unwrap()
}

async fn json_of(app: &TestApp, path: &str) -> Value {
    let (status, body) = read(get(app, path).await).await;
    assert_eq!(status, StatusCode::OK, "{path}: {body}");
    body
}

/// Writes events and rolls everything up that is due.
async fn happened(app: &TestApp, events: &[UsageEvent]) {
    usage::insert(&app.pool, events).await.unwrap();
    roll_up(app).await;
}

async fn roll_up(app: &TestApp) {
    let roll_up = RollUp::new(app.pool.clone(), app.state.runtime.clock.clone(), app.state.runtime.tasks.clone());
    roll_up.run(due(app.clock.now())).await.unwrap();
    // The notification of it is on its way to every replica; this one does not wait for it.
    app.state.services.leaderboard.changed();
}

async fn set(app: &TestApp, statement: &'static str) {
    sqlx::query(statement).execute(&app.pool).await.unwrap();
    app.state.services.leaderboard.changed();
}

/// Renames a model as an administrator does.
async fn rename(app: &TestApp, admin: &Member<'_>, slug: &str, name: &str) -> StatusCode {
    let (status, _) = admin.patch(&format!("/api/admin/models/{slug}"), json!({"public_name": name})).await;
    app.state.services.leaderboard.changed();
    status
}

fn names(board: &Value) -> Vec<&str> {
    board["entries"].as_array().unwrap().iter().map(|entry| entry["model_public_name"].as_str().unwrap()).collect()
}

/// Three models; what comes of them is computed by hand.
///
/// | model | requests | success | p95 | output price |
/// |---|---|---|---|---|
/// | fake/one | 1,000 | 0.998 | 528 ms | $0.30 |
/// | fake/two | 500 | 0.994 | 968 ms | $1.50 |
/// | fake/three | 200 | 0.970 | 1,628 ms | $0.60 |
///
/// Scores: one is best in all three, 1. Two: success (0.994 − 0.970) / 0.028 = 0.857, p95 (968 − 528) / 1,100 = 0.4, price 1:
/// 0.40·0.857 + 0.30·0.6 + 0 = 0.523. Three: 0 + 0 + 0.30·(1 − 0.25) = 0.225.
async fn worked_example(pool: PgPool) -> TestApp {
    let app = TestApp::start(pool).await;
    set(&app, "UPDATE models SET input_price_per_million_usd = 0.1, is_featured = public_name = 'fake/two',
               output_price_per_million_usd = CASE public_name WHEN 'fake/one' THEN 0.3 WHEN 'fake/two' THEN 1.5 ELSE 0.6 END").await;
    let at = time(SOME_TIME);
    let mut events = Vec::new();
    for (model, good, bad, ms) in [("fake/one", 998, 2, 528), ("fake/two", 497, 3, 968), ("fake/three", 194, 6, 1_628)]
    {
        events.extend(successes(model, at, good, ms));
        events.extend(failures(model, at, bad));
    }
    events.extend(successes("fake/four", at, 99, 10));
    happened(&app, &events).await;
    app
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn the_reply_has_the_documented_shape_field_by_field(pool: PgPool) {
    let app = worked_example(pool).await;
    let board = json_of(&app, "/api/leaderboard").await;
    let keys: Vec<_> = board.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["entries", "generated_at", "insufficient_data_models", "total_entries", "window_days"]);
    assert_eq!((&board["window_days"], &board["total_entries"]), (&json!(7), &json!(3)));
    assert_eq!(board["generated_at"], "2026-11-21T10:00:00Z");
    assert_eq!(board["insufficient_data_models"], json!(["fake/four"]));
    assert_eq!(names(&board), ["fake/one", "fake/two", "fake/three"]);
    // 968 and 200 ms as their histograms have them; 497 successes of 60 tokens in 768 ms each.
    let shown = |ms: u64| move |found: &Value| found.as_u64().unwrap().abs_diff(ms) as f64 <= 0.01 * ms as f64;
    let two = &board["entries"][1];
    let expected = json!({
        "model_public_name": "fake/two", "family": "Fake", "context_window": 8192, "is_featured": true, "requests": 500,
        "success_rate": 0.994, "error_rate": 0.006, "total_tokens_in": 14_910, "total_tokens_out": 29_820,
        "total_cost_usd": "0.50", "input_price_per_million_usd": "0.100000", "output_price_per_million_usd": "1.500000",
        "slug": "fake-two", "rank": 2, "is_tied_with_next": true, "tokens_per_second": 78.1, "is_simulated": false,
        "thin_figures": ["success_rate", "p95_latency_ms", "p95_ttft_ms"],
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&two[field], value, "{field}");
    }
    for (field, ms) in [("p50_latency_ms", 968), ("p95_latency_ms", 968), ("p50_ttft_ms", 200), ("p95_ttft_ms", 200)] {
        assert!(shown(ms)(&two[field]), "{field}: {}", two[field]);
    }
    assert!(shown(968)(&two["p95_latency_interval_ms"]["low"]) && shown(968)(&two["p95_latency_interval_ms"]["high"]));
    let interval = &two["success_rate_interval"];
    assert_eq!(
        format!("{:.3}–{:.3}", interval["low"].as_f64().unwrap(), interval["high"].as_f64().unwrap()),
        "0.983–0.998"
    );
    let others = [
        "p50_latency_ms",
        "p95_latency_ms",
        "p50_ttft_ms",
        "p95_ttft_ms",
        "p95_latency_interval_ms",
        "success_rate_interval",
        "ranking_score",
        "rank_best",
        "rank_worst",
    ];
    let known = |key: &String| expected.get(key).is_some() || others.contains(&key.as_str());
    assert!(
        two.as_object().unwrap().keys().all(known)
            && two.as_object().unwrap().len() == expected.as_object().unwrap().len() + others.len()
    );
    let scores: Vec<_> = board["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| format!("{:.3}", e["ranking_score"].as_f64().unwrap()))
        .collect();
    assert_eq!(scores, ["1.000", "0.523", "0.225"]);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn every_order_and_both_windows_can_be_asked_for(pool: PgPool) {
    let app = worked_example(pool).await;
    let older = time(SOME_TIME) - TimeDelta::days(15);
    happened(&app, &successes("fake/four", older, 120, 10)).await;
    for (query, expected) in [
        ("?sort_by=ranking_score", vec!["fake/one", "fake/two", "fake/three"]),
        ("?sort_by=p95_latency&window_days=7", vec!["fake/one", "fake/two", "fake/three"]),
        ("?sort_by=cost", vec!["fake/one", "fake/three", "fake/two"]),
        ("?sort_by=throughput", vec!["fake/one", "fake/two", "fake/three"]),
    ] {
        assert_eq!(names(&json_of(&app, &format!("/api/leaderboard{query}")).await), expected, "{query}");
    }
    let month = json_of(&app, "/api/leaderboard?window_days=30").await;
    assert_eq!((month["window_days"].clone(), month["total_entries"].clone()), (json!(30), json!(4)));
    assert_eq!(month["insufficient_data_models"], json!([]));
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn questions_that_are_not_meant_like_this_are_refused(pool: PgPool) {
    let app = worked_example(pool).await;
    for query in [
        "window_days=8",
        "window_days=",
        "window_days",
        "window_days=7&window_days=7",
        "sort_by=price",
        "sort_by=Cost",
        "sort_by=cost&sort_by=cost",
        "limit=3",
        "window_days=7&x",
        "%00=1",
        "window_days=%37%20",
        "sort_by=%FF",
    ] {
        let answer = get(&app, &format!("/api/leaderboard?{query}")).await;
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        assert_eq!(answer.headers()["access-control-allow-origin"], "*", "a page elsewhere can read what is wrong");
        let (status, problem) = read(answer).await;
        assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("malformed")), "{query}");
        assert!(problem["errors"][0]["field"].is_string(), "{query}: {problem}");
    }
    // Encoded is as good as plain.
    assert_eq!(json_of(&app, "/api/leaderboard?window%5Fdays=%37").await["window_days"], 7);
    let long = format!("/api/leaderboard?{}=1", "x".repeat(10_000));
    assert_eq!(get(&app, &long).await.status(), StatusCode::BAD_REQUEST);
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let answer = app
            .request(method, "/api/leaderboard")
            .header("origin", format!("http://{}", app.address))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_model_is_found_by_its_name_however_that_is_encoded_and_nothing_else_is(pool: PgPool) {
    let app = worked_example(pool).await;
    let plain = json_of(&app, "/api/leaderboard/fake/two").await;
    assert_eq!(json_of(&app, "/api/leaderboard/fake%2Ftwo").await, plain);
    assert_eq!(json_of(&app, "/api/leaderboard/f%61ke%2ftwo?window_days=7").await, plain);
    assert_eq!(
        (&plain["model_public_name"], &plain["rank"], &plain["window_days"]),
        (&json!("fake/two"), &json!(2), &json!(7))
    );
    assert_eq!(plain["errors_by_class"], json!({"upstream_5xx": 3}));
    let hourly = plain["hourly"].as_array().unwrap();
    assert_eq!(hourly.len(), 168);
    assert_eq!(
        (&hourly[0]["hour"], &hourly[167]["hour"]),
        (&json!("2026-11-14T09:00:00Z"), &json!("2026-11-21T08:00:00Z"))
    );
    let with_traffic: Vec<_> = hourly.iter().filter(|hour| hour["requests"] != 0).collect();
    assert_eq!(with_traffic.len(), 1);
    assert_eq!((&with_traffic[0]["hour"], &with_traffic[0]["requests"]), (&json!("2026-11-20T12:00:00Z"), &json!(500)));
    assert_eq!(with_traffic[0]["thin_figures"], json!(["success_rate", "p95_latency_ms"]));
    let gap = &hourly[0];
    assert_eq!(gap["thin_figures"], json!([]));
    assert!(
        ["success_rate", "p50_latency_ms", "p95_latency_ms", "tokens_per_second", "tokens_in"]
            .iter()
            .all(|field| gap[field].is_null()),
        "{gap}"
    );

    let new = json_of(&app, "/api/leaderboard/fake/four").await;
    assert_eq!((&new["requests"], &new["rank"], &new["ranking_score"]), (&json!(99), &Value::Null, &Value::Null));

    let huge = "x".repeat(10_000);
    for name in [
        "fake",
        "fake/",
        "fake/two/",
        "/fake/two",
        "fake%252Ftwo",
        "fake%2F%2Ftwo",
        "fake two",
        "Fake/two",
        "fake%00two",
        "%FF",
        "%0D%0A",
        "..%2F..",
        "",
        &huge,
    ] {
        let path = format!("/api/leaderboard/{name}").replace(' ', "%20");
        let (status, problem) = read(get(&app, &path).await).await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::NOT_FOUND, &json!("not_found")),
            "{}",
            &path[..path.len().min(80)]
        );
        assert!(!problem.to_string().contains("xxx"), "what was asked is not repeated");
    }
    for query in ["window_days=8", "sort_by=cost", "x=1"] {
        assert_eq!(get(&app, &format!("/api/leaderboard/fake/two?{query}")).await.status(), StatusCode::BAD_REQUEST);
    }
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn what_is_not_in_the_catalogue_any_more_is_not_on_the_board(pool: PgPool) {
    let app = worked_example(pool).await;
    let admin = app.admin("root@example.org").await;
    assert_eq!(rename(&app, &admin, "fake-one", "fake/first").await, StatusCode::OK);
    set(&app, "UPDATE models SET is_enabled = false WHERE public_name = 'fake/three'").await;
    let board = json_of(&app, "/api/leaderboard").await;
    assert_eq!(names(&board), ["fake/first", "fake/two"]);
    assert_eq!(board["insufficient_data_models"], json!(["fake/four"]));
    for gone in ["fake/one", "fake/three"] {
        assert_eq!(get(&app, &format!("/api/leaderboard/{gone}")).await.status(), StatusCode::NOT_FOUND);
    }
    set(&app, "UPDATE upstreams SET is_enabled = false").await;
    let board = json_of(&app, "/api/leaderboard").await;
    assert_eq!((&board["entries"], &board["insufficient_data_models"]), (&json!([]), &json!([])));
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_renamed_model_keeps_its_figures_and_gets_those_that_come_late_under_either_name(pool: PgPool) {
    let app = worked_example(pool).await;
    let admin = app.admin("root@example.org").await;
    let requests = async |name: &str| json_of(&app, &format!("/api/leaderboard/{name}")).await["requests"].clone();
    assert_eq!(rename(&app, &admin, "fake-two", "acme/second").await, StatusCode::OK);
    assert_eq!(requests("acme/second").await, 500);

    // What was on its way, in an hour that is rolled up already and in one that is not.
    let (at, later) = (time(SOME_TIME), time(SOME_TIME) + TimeDelta::hours(2));
    let late = [successes("fake/two", at, 20, 968), successes("fake/two", later, 30, 968)].concat();
    happened(&app, &[late, successes("acme/second", later, 5, 968)].concat()).await;
    assert_eq!(requests("acme/second").await, 555);
    let hourly = json_of(&app, "/api/leaderboard/acme/second").await["hourly"].clone();
    let counts: Vec<&Value> = hourly.as_array().unwrap().iter().map(|hour| &hour["requests"]).collect();
    assert_eq!(counts.into_iter().filter(|count| **count != 0).collect::<Vec<_>>(), [&json!(520), &json!(35)]);
    assert_eq!(get(&app, "/api/leaderboard/fake/two").await.status(), StatusCode::NOT_FOUND);
    let again = RollUp::new(app.pool.clone(), app.state.runtime.clock.clone(), app.state.runtime.tasks.clone());
    again.redo(at - TimeDelta::hours(1), due(app.clock.now())).await.unwrap();
    app.state.services.leaderboard.changed();
    assert_eq!(requests("acme/second").await, 555, "done anew it is the same");

    // The name is nobody else's, neither of a model that is there nor of a new one.
    assert_eq!(rename(&app, &admin, "fake-four", "fake/two").await, StatusCode::UNPROCESSABLE_ENTITY);
    let new = json!({"public_name": "fake/two", "upstream": "fake", "upstream_model": "fake/five"});
    let (status, problem) = admin.post("/api/admin/models", new).await;
    assert_eq!((status, codes(&problem)), (StatusCode::UNPROCESSABLE_ENTITY, vec!["has_history"]));
    assert!(problem.to_string().contains("acme/second was called so before"), "{problem}");

    assert_eq!(rename(&app, &admin, "fake-two", "fake/two").await, StatusCode::OK, "it can have its name back");
    happened(&app, &successes("acme/second", later, 7, 968)).await;
    assert_eq!(requests("fake/two").await, 562);
    assert_eq!(get(&app, "/api/leaderboard/acme/second").await.status(), StatusCode::NOT_FOUND);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_former_name_without_figures_may_be_given_away_and_counts_for_its_new_model_from_then_on(pool: PgPool) {
    let app = worked_example(pool).await;
    let admin = app.admin("root@example.org").await;
    let new = json!({"public_name": "acme/new", "upstream": "fake", "upstream_model": "fake/five"});
    assert_eq!(admin.post("/api/admin/models", new).await.0, StatusCode::CREATED);
    assert_eq!(rename(&app, &admin, "acme-new", "acme/newer").await, StatusCode::OK);
    assert_eq!(rename(&app, &admin, "fake-four", "acme/new").await, StatusCode::OK);
    happened(&app, &successes("acme/new", time(SOME_TIME), 3, 10)).await;
    for (name, requests) in [("acme/new", 102), ("acme/newer", 0)] {
        assert_eq!(json_of(&app, &format!("/api/leaderboard/{name}")).await["requests"], requests, "{name}");
    }
    // Figures of a model that was deleted are nobody's any more.
    assert_eq!(admin.delete("/api/admin/models/fake-three").await.0, StatusCode::NO_CONTENT);
    assert_eq!(rename(&app, &admin, "fake-two", "fake/three").await, StatusCode::UNPROCESSABLE_ENTITY);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn unusual_models_have_defined_figures(pool: PgPool) {
    let app = TestApp::start(pool).await;
    set(&app, "UPDATE models SET output_price_per_million_usd = CASE public_name WHEN 'fake/one' THEN NULL WHEN 'fake/two' THEN 0 ELSE 2 END").await;
    let empty = json_of(&app, "/api/leaderboard").await;
    assert_eq!((&empty["total_entries"], &empty["generated_at"]), (&json!(0), &json!("2026-11-21T09:00:00Z")));
    assert_eq!(empty["insufficient_data_models"].as_array().unwrap().len(), 4);

    let at = time(SOME_TIME);
    let mut events = failures("fake/one", at, 100);
    events.extend((0..100).map(|_| UsageEvent {
        latency_ms: 0,
        ttft_ms: Some(0),
        tokens_in: None,
        tokens_out: None,
        cost_usd: None,
        ..success("fake/two", at)
    }));
    events.push(success("fake/three", at));
    happened(&app, &events).await;
    // 10⁹ requests an hour are not worth making up one by one.
    set(&app, "INSERT INTO model_perf_hourly (hour, model_public_name, requests, successes, refused, abandoned, errors_by_class, tokens_in,
               tokens_out, cost_usd, generated_tokens, generation_ms, latency_histogram, ttft_histogram, rolled_up_at)
               SELECT hour, 'fake/four', 1000000000, 999999999, 0, 0, '{\"timeout\": 1}', 9000000000000000000, 9000000000000000000, 123456789.125,
                      0, 0, ARRAY[(800::bigint << 40) + 999999999], '{}', '2026-11-21T09:05:00Z'
               FROM generate_series('2026-11-20T00:00:00Z'::timestamptz, '2026-11-20T09:00:00Z', '1 hour') AS hour").await;
    let board = json_of(&app, "/api/leaderboard").await;
    assert_eq!(board["insufficient_data_models"], json!(["fake/three"]));
    let of = |name: &str| {
        board["entries"].as_array().unwrap().iter().find(|entry| entry["model_public_name"] == name).unwrap()
    };
    let (failing, instant, huge) = (of("fake/one"), of("fake/two"), of("fake/four"));
    assert_eq!(
        (&failing["success_rate"], &failing["p95_latency_ms"], &failing["total_tokens_in"]),
        (&json!(0.0), &Value::Null, &Value::Null)
    );
    assert_eq!(
        (&failing["output_price_per_million_usd"], &failing["total_cost_usd"], &failing["ranking_score"]),
        (&Value::Null, &Value::Null, &json!(0.0))
    );
    assert_eq!(
        (&instant["p50_latency_ms"], &instant["p95_latency_ms"], &instant["tokens_per_second"]),
        (&json!(0), &json!(0), &Value::Null)
    );
    assert_eq!(
        (&instant["output_price_per_million_usd"], &instant["ranking_score"]),
        (&json!("0.000000"), &json!(1.0))
    );
    assert_eq!(
        (&huge["requests"], &huge["success_rate"], &huge["error_rate"]),
        (&json!(10_000_000_000_u64), &json!(0.999_999), &json!(0.000_001)),
        "ten failures among so many are still failures"
    );
    let interval = &huge["success_rate_interval"];
    assert_eq!((&interval["low"], &interval["high"]), (&json!(0.999_999), &json!(1.0)));
    let html = get(&app, "/leaderboard/fake-four").await.text().await.unwrap();
    assert!(html.contains("99.99\u{a0}%") && !html.contains("<dd>100\u{a0}%"), "nor are they rounded away on the page");
    assert_eq!((&huge["total_tokens_in"], &huge["total_cost_usd"]), (&json!(u64::MAX), &json!("1234567891.25")));
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_board_on_which_nothing_was_ever_rolled_up_does_not_say_when_it_was(pool: PgPool) {
    let app = TestApp::start(pool).await;
    for path in ["/leaderboard", "/leaderboard?window_days=30"] {
        let html = get(&app, path).await.text().await.unwrap();
        assert!(html.contains("No hour of these days has been rolled up yet."), "{path}: {html}");
        assert!(!html.contains("Rolled up hourly"), "{path}: {html}");
    }
    // One request is not enough to be ranked, but it is rolled up.
    happened(&app, &[success("fake/one", time(SOME_TIME))]).await;
    let html = get(&app, "/leaderboard").await.text().await.unwrap();
    assert!(html.contains("Rolled up hourly, last on") && !html.contains("No hour of these days"), "{html}");
    assert!(html.contains("datetime=\"2026-11-21T10:00:00Z\""), "{html}");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn the_pages_show_both_ends_of_intervals_and_mark_what_few_requests_are_behind(pool: PgPool) {
    let app = worked_example(pool).await;
    let at = time(SOME_TIME) - TimeDelta::hours(3);
    happened(&app, &successes("fake/four", at, 20, 10)).await;
    let board = get(&app, "/leaderboard?sort_by=success_rate").await.text().await.unwrap();
    // 497 of 500: the interval reaches further down than up.
    assert!(board.contains("<small>98.25–99.80\u{a0}%</small>") && !board.contains("± "), "{board}");
    assert!(board.contains(" (few requests)</title>"), "the plot says it too");
    let rows: Vec<_> = board.split("<tr>").skip(2).collect();
    let place = |name: &str| rows.iter().position(|row| row.contains(name)).expect("a row");
    assert_eq!(["fake/four", "fake/one", "fake/two", "fake/three"].map(place), [0, 1, 2, 3]);
    let are_tied: Vec<_> = rows.iter().map(|row| row.contains("class=\"tied\"")).collect();
    // [96.87, 100], [99.27, 99.95], [98.25, 99.80] and [93.61, 98.62] of 100: each reaches into the next.
    assert_eq!(are_tied, [true; 4]);

    let model = get(&app, "/leaderboard/fake-four").await.text().await.unwrap();
    assert!(model.contains("<path class=\"band\"") && model.contains("<path class=\"few\""), "{model}");
    // Hours of 99 and of 20 requests, four figures each: of answers that end before their first token no speed is known.
    assert_eq!(model.matches("<span class=\"thin\">few</span>").count(), 8);
    assert!(model.contains("(few requests)</title>"));
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn answers_can_be_kept_asked_again_compressed_and_read_from_any_site(pool: PgPool) {
    let app = worked_example(pool).await;
    for path in ["/api/leaderboard", "/api/leaderboard/fake/two"] {
        let answer = app.request(Method::GET, path).header("origin", "https://elsewhere.example").send().await.unwrap();
        let headers = answer.headers().clone();
        let header = |name: &str| headers[name].to_str().unwrap().to_owned();
        assert_eq!(
            (header("content-type"), header("cache-control")),
            ("application/json".into(), "public, max-age=300".into())
        );
        assert_eq!(
            (header("access-control-allow-origin"), header("cross-origin-resource-policy")),
            ("*".into(), "cross-origin".into())
        );
        assert!(!headers.contains_key("age") && header("vary").contains("accept-encoding"));
        let plain = answer.bytes().await.unwrap();

        let again = app.request(Method::GET, path).header("if-none-match", header("etag")).send().await.unwrap();
        assert_eq!(
            (again.status(), again.headers()["etag"].to_str().unwrap()),
            (StatusCode::NOT_MODIFIED, header("etag").as_str())
        );
        assert!(again.bytes().await.unwrap().is_empty());

        for encoding in ["br", "gzip"] {
            let answer = app.request(Method::GET, path).header("accept-encoding", encoding).send().await.unwrap();
            assert_eq!(answer.headers()["content-encoding"], encoding);
            let packed = answer.bytes().await.unwrap();
            let mut unpacked = Vec::new();
            match encoding {
                "br" => brotli::Decompressor::new(&packed[..], 4096).read_to_end(&mut unpacked).unwrap(),
                _ => flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut unpacked).unwrap(),
            };
            assert_eq!(unpacked, plain);
            assert!(packed.len() < plain.len());
        }
        let preflight = app
            .request(Method::OPTIONS, path)
            .header("origin", "https://elsewhere.example")
            .header("access-control-request-method", "GET");
        let preflight = preflight.send().await.unwrap();
        assert!(preflight.status().is_success() && preflight.headers()["access-control-allow-origin"] == "*");
        let head = app.request(Method::HEAD, path).send().await.unwrap();
        assert_eq!(
            (head.status(), head.headers()["etag"].to_str().unwrap()),
            (StatusCode::OK, header("etag").as_str())
        );
    }
    let other =
        app.request(Method::GET, "/api/models").header("origin", "https://elsewhere.example").send().await.unwrap();
    assert!(!other.headers().contains_key("access-control-allow-origin"), "only these two are open");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn ten_thousand_who_ask_at_once_cost_one_question_to_the_database(pool: PgPool) {
    let app = worked_example(pool).await;
    let board = &app.state.services.leaderboard;
    // Until what the roll-up and the start have told has been heard.
    eventually("nothing changes any more", async || {
        board.board_answer(BoardQuery::default()).await.unwrap();
        let before = board.loads();
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        board.board_answer(BoardQuery::default()).await.unwrap();
        board.loads() == before
    })
    .await;
    board.changed();
    let before = board.loads();
    let answers = join_all((0..10_000).map(|_| board.board_answer(BoardQuery::default()))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(board.loads() - before, 1);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn what_one_replica_rolls_up_the_other_serves_within_a_second(pool: PgPool) {
    let one = TestApp::start(pool.clone()).await;
    let other = TestApp::replica(pool, FakeUpstream::start().await).await;
    for round in 1..=3_u32 {
        let mut events = Vec::new();
        for model in ["fake/one", "fake/two"] {
            events.extend(successes(model, time(SOME_TIME), 100, 500));
        }
        json_of(&other, "/api/leaderboard").await;
        usage::insert(&one.pool, &events).await.unwrap();
        let roll_up = RollUp::new(one.pool.clone(), one.state.runtime.clock.clone(), one.state.runtime.tasks.clone());
        roll_up.run(due(one.clock.now())).await.unwrap();
        let began = std::time::Instant::now();
        eventually("the other replica serves the new figures", async || {
            json_of(&other, "/api/leaderboard").await["entries"][0]["requests"] == round * 100
        })
        .await;
        assert!(began.elapsed().as_secs_f64() < 1.0, "{:?}", began.elapsed());
    }
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn at_five_past_the_hour_everything_that_is_over_is_rolled_up(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let now = app.clock.now();
    usage::insert(&app.pool, &successes("fake/one", now - TimeDelta::minutes(30), 100, 500)).await.unwrap();
    assert_eq!(json_of(&app, "/api/leaderboard").await["total_entries"], 0);
    app.clock.advance(TimeDelta::minutes(5));
    eventually("the hour is on the board", async || json_of(&app, "/api/leaderboard").await["total_entries"] == 1)
        .await;
    assert_eq!(json_of(&app, "/api/leaderboard/fake/one").await["hourly"][167]["requests"], 100);
    // A clock that jumps three days ahead finds what it has missed, and back again harms nothing.
    usage::insert(&app.pool, &successes("fake/two", now + TimeDelta::hours(50), 100, 500)).await.unwrap();
    app.clock.advance(TimeDelta::days(3));
    eventually("the missed hour is on the board", async || {
        json_of(&app, "/api/leaderboard").await["total_entries"] == 2
    })
    .await;
    app.clock.advance(TimeDelta::days(-3));
    app.state.services.leaderboard.changed();
    assert_eq!(json_of(&app, "/api/leaderboard").await["total_entries"], 1);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn while_the_database_is_away_the_last_good_answer_is_given_with_its_age(pool: PgPool) {
    let app = worked_example(pool).await;
    let before = json_of(&app, "/api/leaderboard").await;
    app.pool.close().await;
    app.state.services.leaderboard.changed();
    app.clock.advance(TimeDelta::seconds(90));
    let answer = get(&app, "/api/leaderboard").await;
    assert_eq!((answer.status(), &answer.headers()["age"]), (StatusCode::OK, &"90".parse().unwrap()));
    assert_eq!(read(answer).await.1, before);
    let model = get(&app, "/api/leaderboard/fake/one").await;
    assert_eq!((model.status(), &model.headers()["age"]), (StatusCode::OK, &"90".parse().unwrap()));
    // What nobody has asked for before, nobody has.
    let answer = get(&app, "/api/leaderboard?window_days=30").await;
    assert_eq!(
        (answer.status(), answer.headers().contains_key("retry-after")),
        (StatusCode::SERVICE_UNAVAILABLE, true)
    );
    assert_eq!(answer.headers()["cache-control"], "no-store");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_database_that_does_not_answer_keeps_readers_waiting_once_at_most(pool: PgPool) {
    let app = worked_example(pool).await;
    json_of(&app, "/api/leaderboard").await;
    // Whoever asks for the models waits as long as this goes on.
    let mut silence = app.pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE models").execute(&mut *silence).await.unwrap();
    app.state.services.leaderboard.changed();
    app.clock.advance(TimeDelta::seconds(90));
    let is_old = async || {
        let answer = get(&app, "/api/leaderboard").await;
        assert_eq!(answer.status(), StatusCode::OK);
        answer.headers().get("age").is_some_and(|age| age == "90")
    };
    let (began, loads) = (Instant::now(), app.state.services.leaderboard.loads());
    assert!(is_old().await);
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    let began = Instant::now();
    for _ in 0..20 {
        assert!(is_old().await);
    }
    assert!(began.elapsed() < Duration::from_secs(4), "nobody waits any more: {:?}", began.elapsed());
    assert!(app.state.services.leaderboard.loads() - loads <= 2, "nor asks the database");
    // Where there is nothing to give, the wait has an end too.
    let began = Instant::now();
    let answer = get(&app, "/api/leaderboard?window_days=30").await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());

    silence.rollback().await.unwrap();
    eventually("the figures are new again", async || !is_old().await).await;
}
