//! What is found and shared: the leaderboard's pages as a reader without script gets them, and the texts for crawlers.

use chrono::TimeDelta;
use foundation::clock::Clock;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use services::{
    leaderboard::{RollUp, due},
    usage,
};
use sqlx::PgPool;

use crate::support::{
    app::TestApp,
    traffic::{failures, successes, time},
};

const EVIL: &str = "fake/\"><script>alert(1)</script>&";

async fn page(app: &TestApp, path: &str) -> (StatusCode, String) {
    let answer = app.request(Method::GET, path).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

async fn shown(app: &TestApp, path: &str) -> String {
    let (status, html) = page(app, path).await;
    assert_eq!(status, StatusCode::OK, "{path}: {html}");
    html
}

async fn with_traffic(pool: PgPool) -> TestApp {
    let app = TestApp::start(pool).await;
    traffic(&app).await;
    app
}

/// One has 994 of 1,000, at 800 ms; two has 100 of 100; three has too few, four has nothing.
async fn traffic(app: &TestApp) {
    let at = time("2026-11-20T12:30:00Z");
    let mut events = successes("fake/one", at, 994, 800);
    events.extend(failures("fake/one", at, 6));
    events.extend(successes("fake/two", at - TimeDelta::hours(5), 100, 12_300));
    events.extend(successes("fake/three", at, 20, 500));
    usage::insert(&app.pool, &events).await.unwrap();
    let roll_up = RollUp::new(app.pool.clone(), app.state.runtime.clock.clone(), app.state.runtime.tasks.clone());
    roll_up.run(due(app.clock.now())).await.unwrap();
    app.state.services.leaderboard.changed();
}

fn attribute<'a>(html: &'a str, before: &str) -> &'a str {
    let start = html.find(before).unwrap_or_else(|| panic!("{before} is missing")) + before.len();
    &html[start..start + html[start..].find('"').unwrap()]
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn the_leaderboard_is_complete_without_script(pool: PgPool) {
    let app = with_traffic(pool).await;
    let html = shown(&app, "/leaderboard").await;
    for stat in [
        "fake/one",
        "fake/two",
        "99.40",
        "800\u{a0}ms",
        "12.3\u{a0}s",
        "1\u{202f}000",
        "tok/s",
        "$2",
        "Not enough data yet",
        "fake/three",
        "20 of 100 requests",
    ] {
        assert!(html.contains(stat), "{stat} is missing");
    }
    assert!(html.contains("class=\"whisker\"") && html.contains("id=\"scatter-title\""), "charts are drawn");
    assert!(!html.contains("modulepreload") && !html.contains("leptos-island"), "and load nothing");
    let origin = app.state.settings.public_url.origin().to_owned();
    let canonical = format!("<link href=\"{origin}/leaderboard\" rel=\"canonical\">");
    assert!(html.contains(&canonical), "{canonical} is missing");
    assert!(html.contains("<title>Leaderboard · Quadrille</title>"));
    // What the address asks for in vain is not held against the reader, and never another address of the same page.
    for query in [
        "?window_days=8",
        "?sort_by=price",
        "?utm_source=x&window_days=7&window_days=30",
        "?sort_by=requests&window_days=30",
    ] {
        let html = shown(&app, &format!("/leaderboard{query}")).await;
        assert!(html.contains(&canonical), "{query}");
    }
    let by_requests = shown(&app, "/leaderboard?sort_by=requests").await;
    let rows = &by_requests[by_requests.find("<tbody").expect("a table")..];
    assert!(rows.find("fake/one") < rows.find("fake/two"));
    let by_price = shown(&app, "/leaderboard?sort_by=p95_latency").await;
    assert!(by_price.contains("aria-sort=\"ascending\""));
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_model_page_has_its_figures_its_charts_and_its_structured_data(pool: PgPool) {
    let app = with_traffic(pool).await;
    let html = shown(&app, "/leaderboard/fake-one").await;
    for stat in [
        "99.40",
        "800\u{a0}ms",
        "1\u{202f}000",
        "/playground?model=fake/one",
        "/routing?model=fake/one",
        "upstream_5xx",
        "95 % interval",
    ] {
        assert!(html.contains(stat), "{stat} is missing");
    }
    assert_eq!(html.matches("class=\"chart\"").count(), 4);
    assert_eq!(html.matches("<th scope=\"row\"><time").count(), 168, "every hour is in the table");
    assert!(attribute(&html, "name=\"description\" content=\"").contains("99.40"));
    let start = html.find("<script type=\"application/ld+json\">").expect("structured data") + 35;
    let data: Value =
        serde_json::from_str(&html[start..start + html[start..].find("</script>").unwrap()]).expect("JSON");
    assert_eq!(
        (&data["@context"], &data["@type"], &data["name"]),
        (&"https://schema.org".into(), &"Product".into(), &"fake/one".into())
    );
    let offers = data["offers"].as_array().expect("offers");
    for offer in offers {
        assert!(
            offer["@type"] == "Offer"
                && offer["priceCurrency"] == "USD"
                && offer["price"].as_str().is_some_and(|price| price.parse::<f64>().is_ok())
        );
        assert!(offer["url"].as_str().is_some_and(|url| url.ends_with("/leaderboard/fake-one")));
    }
    assert_eq!(offers.len(), 2);
    let stats = data["additionalProperty"].as_array().expect("figures");
    assert!(stats.iter().any(|stat| stat["name"] == "Success rate" && stat["value"] == 0.994));
    let picture = attribute(&html, "property=\"og:image\" content=\"").to_owned();
    assert_eq!(picture, data["image"].as_str().unwrap());
    let origin = app.state.settings.public_url.origin();
    for path in [picture.trim_start_matches(origin), "/og/leaderboard.png"] {
        let answer = app.request(Method::GET, path).send().await.unwrap();
        assert_eq!(
            (answer.status(), &answer.headers()["content-type"]),
            (StatusCode::OK, &"image/png".parse().unwrap()),
            "{path}"
        );
        assert!(answer.bytes().await.unwrap().starts_with(b"\x89PNG"));
    }
    // One that is too new, and one without a single request.
    assert!(shown(&app, "/leaderboard/fake-three").await.contains("Not ranked yet: 20 of 100 requests"));
    assert!(shown(&app, "/leaderboard/fake-four").await.contains("Not ranked yet: 0 of 100 requests"));
    assert!(shown(&app, "/leaderboard/method").await.contains("0.40 · success"));
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_picture_is_drawn_anew_when_what_it_shows_has_changed(pool: PgPool) {
    let app = with_traffic(pool).await;
    let admin = app.admin("root@example.org").await;
    let picture = async |path: &str| app.request(Method::GET, path).send().await.unwrap().bytes().await.unwrap();
    let (one, board) = ("/og/leaderboard/fake-one.png", "/og/leaderboard.png");
    let before = [picture(one).await, picture(board).await];
    // Neither is rolled up: a price, and a model that is not there any more.
    let price = serde_json::json!({"output_price_per_million_usd": "7.5"});
    assert_eq!(admin.patch("/api/admin/models/fake-one", price).await.0, StatusCode::OK);
    app.state.services.leaderboard.changed();
    assert!(picture(one).await != before[0], "the price is in the picture");
    assert_eq!(admin.delete("/api/admin/models/fake-two").await.0, StatusCode::NO_CONTENT);
    app.state.services.leaderboard.changed();
    assert!(picture(board).await != before[1], "one model less is ranked");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_name_is_never_markup(pool: PgPool) {
    let app = with_traffic(pool).await;
    sqlx::query("UPDATE models SET public_name = $1, family = $1, slug = 'evil' WHERE public_name = 'fake/four'")
        .bind(EVIL)
        .execute(&app.pool)
        .await
        .unwrap();
    sqlx::query("INSERT INTO model_perf_hourly SELECT hour, $1, requests, successes, 0, 0, errors_by_class, tokens_in, tokens_out, cost_usd,
                 generated_tokens, generation_ms, latency_histogram, ttft_histogram, rolled_up_at FROM model_perf_hourly WHERE model_public_name = 'fake/one'")
        .bind(EVIL).execute(&app.pool).await.unwrap();
    app.state.services.leaderboard.changed();
    for path in ["/leaderboard", "/leaderboard/evil", "/sitemap.xml", "/llms.txt"] {
        let text = shown(&app, path).await;
        assert!(!text.contains("<script>alert"), "{path}");
    }
    let html = shown(&app, "/leaderboard/evil").await;
    let start = html.find("application/ld+json\">").expect("structured data") + 21;
    let data: Value =
        serde_json::from_str(&html[start..start + html[start..].find("</script>").unwrap()]).expect("JSON");
    assert_eq!(data["name"], EVIL);
    let answer = app.request(Method::GET, "/og/leaderboard/evil.png").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn what_is_not_there_is_404_and_what_cannot_be_shown_now_is_503(pool: PgPool) {
    let app = with_traffic(pool).await;
    for path in [
        "/leaderboard/nothing",
        "/leaderboard/fake%2Fone",
        "/leaderboard/%00",
        "/leaderboard/Fake-One",
        "/og/leaderboard/nothing.png",
        "/og/leaderboard/fake-one",
        "/og/leaderboard/%FF.png",
    ] {
        assert_eq!(page(&app, path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    let away = TestApp::start(app.pool.clone()).await;
    shown(&app, "/leaderboard").await;
    app.pool.close().await;
    app.state.services.leaderboard.changed();
    app.clock.advance(TimeDelta::minutes(5));
    let html = shown(&app, "/leaderboard").await;
    assert!(html.contains("These figures are 5 minutes old") && html.contains("99.40"), "the last good one stands in");
    for path in ["/leaderboard", "/leaderboard/fake-one", "/sitemap.xml", "/og/leaderboard.png"] {
        assert_eq!(page(&away, path).await.0, StatusCode::SERVICE_UNAVAILABLE, "{path}");
    }
    assert_eq!(page(&away, "/leaderboard/method").await.0, StatusCode::OK);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn crawlers_are_told_what_there_is(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let origin = app.state.settings.public_url.origin().to_owned();
    let sitemap = shown(&app, "/sitemap.xml").await;
    assert!(sitemap.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"));
    assert!(sitemap.contains(&format!("<loc>{origin}/leaderboard</loc></url>")), "no time where none is known");
    // The catalogue was made at ten, the figures are of two minutes later, and after that a price changes.
    app.clock.advance(TimeDelta::minutes(2));
    traffic(&app).await;
    app.clock.advance(TimeDelta::minutes(1));
    let admin = app.admin("root@example.org").await;
    let price = serde_json::json!({"output_price_per_million_usd": "7.5"});
    assert_eq!(admin.patch("/api/admin/models/fake-two", price).await.0, StatusCode::OK);
    app.state.services.leaderboard.changed();
    let sitemap = shown(&app, "/sitemap.xml").await;
    for (page, minute) in [("", 3), ("/fake-one", 2), ("/fake-two", 3), ("/fake-three", 2), ("/fake-four", 0)] {
        let entry = format!("<loc>{origin}/leaderboard{page}</loc><lastmod>2026-11-21T10:0{minute}:00Z</lastmod>");
        assert!(sitemap.contains(&entry), "{entry} is missing: {sitemap}");
    }
    let robots = shown(&app, "/robots.txt").await;
    assert!(robots.contains("Disallow: /dashboard\n") && robots.contains(&format!("Sitemap: {origin}/sitemap.xml")));
    let llms = shown(&app, "/llms.txt").await;
    assert!(llms.starts_with("# Quadrille") && llms.contains(&format!("[fake/one]({origin}/leaderboard/fake-one)")));
}
