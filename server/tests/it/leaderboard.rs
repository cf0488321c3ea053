//! The leaderboard through the real router: what programs get, what they get for bad questions, and how fresh it is.

use std::io::Read;

use app::leaderboard::BoardQuery;
use chrono::TimeDelta;
use futures::future::join_all;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use server::{
    clock::Clock,
    leaderboard::{RollUp, due},
    usage::{self, UsageEvent},
};
use sqlx::PgPool;

use crate::support::{
    app::{TestApp, eventually, read},
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
    let roll_up = RollUp::new(app.pool.clone(), app.state.clock.clone(), app.state.tasks.clone());
    roll_up.run(due(app.clock.now())).await.unwrap();
    // The notification of it is on its way to every replica; this one does not wait for it.
    app.state.leaderboard.changed();
}

async fn set(app: &TestApp, statement: &'static str) {
    sqlx::query(statement).execute(&app.pool).await.unwrap();
    app.state.leaderboard.changed();
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

#[sqlx::test(migrator = "server::db::MIGRATOR")]
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

#[sqlx::test(migrator = "server::db::MIGRATOR")]
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

#[sqlx::test(migrator = "server::db::MIGRATOR")]
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

#[sqlx::test(migrator = "server::db::MIGRATOR")]
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
    let gap = &hourly[0];
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

#[sqlx::test(migrator = "server::db::MIGRATOR")]
async fn what_is_not_in_the_catalogue_any_more_is_not_on_the_board(pool: PgPool) {
    let app = worked_example(pool).await;
    set(&app, "UPDATE models SET public_name = 'fake/first' WHERE public_name = 'fake/one'").await;
    set(&app, "UPDATE models SET is_enabled = false WHERE public_name = 'fake/three'").await;
    let board = json_of(&app, "/api/leaderboard").await;
    assert_eq!(names(&board), ["fake/two"]);
    assert_eq!(board["insufficient_data_models"], json!(["fake/first", "fake/four"]));
    for gone in ["fake/one", "fake/three"] {
        assert_eq!(get(&app, &format!("/api/leaderboard/{gone}")).await.status(), StatusCode::NOT_FOUND);
    }
    set(&app, "UPDATE upstreams SET is_enabled = false").await;
    let board = json_of(&app, "/api/leaderboard").await;
    assert_eq!((&board["entries"], &board["insufficient_data_models"]), (&json!([]), &json!([])));
}

#[sqlx::test(migrator = "server::db::MIGRATOR")]
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
        (&json!(10_000_000_000_u64), &json!(1.0), &json!(0.0))
    );
    assert_eq!((&huge["total_tokens_in"], &huge["total_cost_usd"]), (&json!(u64::MAX), &json!("1234567891.25")));
}

#[sqlx::test(migrator = "server::db::MIGRATOR")]
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

#[sqlx::test(migrator = "server::db::MIGRATOR")]
async fn ten_thousand_who_ask_at_once_cost_one_question_to_the_database(pool: PgPool) {
    let app = worked_example(pool).await;
    let board = &app.state.leaderboard;
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

#[sqlx::test(migrator = "server::db::MIGRATOR")]
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
        let roll_up = RollUp::new(one.pool.clone(), one.state.clock.clone(), one.state.tasks.clone());
        roll_up.run(due(one.clock.now())).await.unwrap();
        let began = std::time::Instant::now();
        eventually("the other replica serves the new figures", async || {
            json_of(&other, "/api/leaderboard").await["entries"][0]["requests"] == round * 100
        })
        .await;
        assert!(began.elapsed().as_secs_f64() < 1.0, "{:?}", began.elapsed());
    }
}

#[sqlx::test(migrator = "server::db::MIGRATOR")]
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
    app.state.leaderboard.changed();
    assert_eq!(json_of(&app, "/api/leaderboard").await["total_entries"], 1);
}

#[sqlx::test(migrator = "server::db::MIGRATOR")]
async fn while_the_database_is_away_the_last_good_answer_is_given_with_its_age(pool: PgPool) {
    let app = worked_example(pool).await;
    let before = json_of(&app, "/api/leaderboard").await;
    app.pool.close().await;
    app.state.leaderboard.changed();
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
