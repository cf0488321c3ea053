//! Lists of models as upstreams send them: what arrives of them, and what can be done with it.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use foundation::clock::Clock;
use serde_json::{Value, json};
use services::{
    leaderboard::{RollUp, due},
    usage,
};
use sqlx::PgPool;

use crate::{
    gateway::support::{Caller, streamed},
    support::{
        admin::codes,
        app::{Member, TestApp, read},
        fake_upstream::{Behaviour, FakeUpstream},
        traffic::{successes, time},
    },
};

/// Names as servers give them, each with its address at the gateway.
const ODD: [(&str, &str); 8] = [
    ("/my/llms/Qwen 3", "%2Fmy%2Fllms%2FQwen%203"),
    ("hf.co/a/b:Q4_K_M", "hf.co/a/b:Q4_K_M"),
    ("模型-α", "%E6%A8%A1%E5%9E%8B-%CE%B1"),
    ("models/gem-1", "models%2Fgem-1"),
    ("x", "x"),
    ("only-model", "only-model"),
    ("100% a?b#c \"d\"", "100%25%20a%3Fb%23c%20%22d%22"),
    ("=cmd|' /C calc'!A0", "%3Dcmd%7C'%20%2FC%20calc'!A0"),
];

fn page(list: &Value) -> Behaviour {
    Behaviour::json(200, list)
}

fn odd_list() -> Value {
    json!({"object": "list", "data": [
        {"id": "*"}, {"id": "openai/*"}, {"id": "/my/llms/Qwen 3"}, {"id": "hf.co/a/b:Q4_K_M"}, {"id": "模型-α"},
        {"id": "models/gem-1"}, {"id": "x", "context_length": "8k"}, {"id": "x"}, {"model": "only-model", "context_length": null},
        null, 7, {"id": 7}, {"id": "y".repeat(10_000)}, {"id": "a\u{0}b"}, {"name": "100% a?b#c \"d\""},
        {"id": "=cmd|' /C calc'!A0", "context_length": 1e3},
    ]})
}

async fn fake(admin: &Member<'_>) -> String {
    let all = admin.get("/api/admin/upstreams").await;
    format!("/api/admin/upstreams/{}", all["upstreams"][0]["id"].as_str().unwrap())
}

fn ids(listing: &Value) -> Vec<&str> {
    listing["models"].as_array().unwrap().iter().map(|model| model["upstream_model"].as_str().unwrap()).collect()
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn every_usable_entry_is_imported_called_fetched_ranked_and_exported(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let one = fake(&admin).await;
    app.upstream.on_models(page(&odd_list()));
    let listing = admin.get(&format!("{one}/models")).await;
    let expected: Vec<&str> = ["*", "openai/*"].into_iter().chain(ODD.map(|(name, _)| name)).collect();
    assert_eq!(ids(&listing), expected);
    assert_eq!(
        (&listing["total"], &listing["patterns"], &listing["left_out"], &listing["cut"]),
        (&json!(10), &json!(2), &json!(5), &Value::Null)
    );
    let patterns: Vec<bool> =
        listing["models"].as_array().unwrap().iter().map(|model| model["is_pattern"] == true).collect();
    assert_eq!(patterns.iter().filter(|is_pattern| **is_pattern).count(), 2, "{listing}");
    assert_eq!(listing["models"][6]["context_window"], 8_000);
    let html = admin.request(Method::GET, &format!("/admin{}/import", one.strip_prefix("/api/admin").unwrap()));
    let html = html.send().await.unwrap().text().await.unwrap();
    assert!(html.contains("a pattern: add the models") && html.contains("Import all 8 that fit"), "{html}");
    assert!(html.contains("5 entries without a usable name are left out."), "{html}");

    let (status, problem) = admin.post(&format!("{one}/import"), json!({"models": ["x", "openai/*"]})).await;
    assert_eq!((status, codes(&problem)), (StatusCode::UNPROCESSABLE_ENTITY, vec!["pattern"]), "{problem}");
    let (status, done) = admin.post(&format!("{one}/import"), json!({"filter": ""})).await;
    assert_eq!((status, done), (StatusCode::OK, json!({"imported": 8})));

    let caller = Caller::with(&app, &admin, json!({"name": "lists"})).await;
    for (name, address) in ODD {
        let (status, body) = caller.ask(&streamed(name)).await;
        assert_eq!(status, StatusCode::OK, "{name}: {body}");
        assert!(body.contains("[DONE]"), "{body}");
        for path in [address.to_owned(), address.replace("%2F", "/")] {
            let asked = app.request(Method::GET, &format!("/v1/models/{path}")).bearer_auth(&caller.secret);
            let (status, found) = read(asked.send().await.unwrap()).await;
            assert_eq!((status, found["id"].as_str()), (StatusCode::OK, Some(name)), "{path}: {found}");
        }
    }
    ranked(&app).await;
    exported(&app, &admin).await;
}

async fn ranked(app: &TestApp) {
    let events: Vec<_> =
        ODD.iter().flat_map(|(name, _)| successes(name, time("2026-11-20T12:30:00Z"), 100, 800)).collect();
    usage::insert(&app.pool, &events).await.unwrap();
    let roll_up = RollUp::new(app.pool.clone(), app.state.runtime.clock.clone(), app.state.runtime.tasks.clone());
    roll_up.run(due(app.clock.now())).await.unwrap();
    app.state.services.leaderboard.changed();
    let (status, board) = read(app.request(Method::GET, "/api/leaderboard").send().await.unwrap()).await;
    assert_eq!(status, StatusCode::OK, "{board}");
    let mut names: Vec<&str> =
        board["entries"].as_array().unwrap().iter().map(|entry| entry["model_public_name"].as_str().unwrap()).collect();
    let mut expected = ODD.map(|(name, _)| name);
    names.sort_unstable();
    expected.sort_unstable();
    assert_eq!(names, expected);
}

async fn exported(app: &TestApp, admin: &Member<'_>) {
    let export = async || admin.request(Method::GET, "/api/admin/catalog").send().await.unwrap().text().await.unwrap();
    let file = export().await;
    sqlx::query("DELETE FROM models").execute(&app.pool).await.unwrap();
    let request = admin.request(Method::POST, "/api/admin/catalog").header("content-type", "application/toml");
    let (status, diff) = read(request.body(file.clone()).send().await.unwrap()).await;
    assert_eq!(status, StatusCode::OK, "{diff}");
    assert_eq!(export().await, file);
    assert_eq!(app.count("models").await, 4 + 8);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_list_in_pages_arrives_whole(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let list = format!("{}/models", fake(&admin).await);
    let names = |page: usize| (page * 20..page * 20 + 20).map(|n| format!("m{n}")).collect::<Vec<_>>();
    let entries = |page: usize| names(page).iter().map(|id| json!({"id": id})).collect::<Vec<_>>();
    let last = |page: usize| names(page).last().cloned().unwrap();
    app.upstream.on_model_pages([
        page(&json!({"data": entries(0), "has_more": true, "first_id": "m0", "last_id": last(0)})),
        page(&json!({"data": entries(1), "has_more": true, "last_id": last(1)})),
        page(&json!({"data": entries(2), "has_more": false, "last_id": last(2)})),
    ]);
    let listing = admin.get(&list).await;
    assert_eq!((ids(&listing).len(), &listing["cut"]), (60, &Value::Null), "{listing}");
    let asked: Vec<String> = app.upstream.journal().into_iter().map(|entry| entry.path).collect();
    assert_eq!(asked, ["/v1/models", "/v1/models?after_id=m19", "/v1/models?after_id=m39"]);

    app.upstream.on_model_pages([
        page(&json!({"models": [{"name": "models/a"}], "nextPageToken": "t&1"})),
        page(&json!({"models": [{"name": "models/b"}]})),
    ]);
    assert_eq!(ids(&admin.get(&list).await), ["models/a", "models/b"]);
    assert_eq!(app.upstream.journal().last().unwrap().path, "/v1/models?pageToken=t%261");

    app.upstream.on_model_pages([
        page(&json!({"data": [{"id": "a"}], "next": "/v1/models?page=2"})),
        page(&json!({"data": [{"id": "a"}, {"id": "b"}], "next": null})),
    ]);
    assert_eq!(ids(&admin.get(&list).await), ["a", "b"]);

    // OpenAI's parameter, where a server does not know Anthropic's and sends the first page again.
    let first = page(&json!({"data": [{"id": "a"}], "has_more": true, "last_id": "a"}));
    app.upstream.on_model_pages([first.clone(), first, page(&json!({"data": [{"id": "b"}], "has_more": false}))]);
    assert_eq!(ids(&admin.get(&list).await), ["a", "b"]);
    assert_eq!(app.upstream.journal().last().unwrap().path, "/v1/models?after=a");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_list_that_never_ends_or_breaks_off_stops_with_what_it_has_and_says_so(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let list = format!("{}/models", fake(&admin).await);
    let elsewhere = FakeUpstream::start().await;
    let more = |ids: &[&str], rest: Value| {
        let mut list = json!({"data": ids.iter().map(|id| json!({"id": id})).collect::<Vec<_>>()});
        list.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        page(&list)
    };
    let goes_on = json!({"has_more": true});
    let endless = (0..600).map(|n| more(&[&format!("m{n}")], goes_on.clone())).collect::<Vec<_>>();
    for (pages, count, words) in [
        (endless, 500, "after 500 pages"),
        (vec![more(&["a"], goes_on.clone())], 1, "repeat each other"),
        (vec![more(&["a"], json!({"nextPageToken": "t"}))], 1, "repeat each other"),
        (vec![more(&["a"], goes_on.clone()), Behaviour::status(500)], 1, "HTTP 500"),
        (vec![more(&["a"], goes_on.clone()), Behaviour::reply(200, "text/html", "<html>")], 1, "page 2"),
        (vec![more(&["a"], goes_on.clone()), more(&[], goes_on.clone())], 1, "repeat each other"),
        (vec![more(&["a"], json!({"next": format!("{}/models?page=2", elsewhere.base_url())}))], 1, "another server"),
        (vec![more(&[], goes_on.clone())], 0, "not where"),
    ] {
        app.upstream.on_model_pages(pages);
        let listing = admin.get(&list).await;
        assert_eq!(listing["total"], count, "{words}: {listing}");
        let cut = listing["cut"].as_str().unwrap_or_default();
        assert!(cut.starts_with("The list was not read to its end: ") && cut.contains(words), "{words}: {cut}");
    }
    assert_eq!(elsewhere.connections(), 0, "the key is for one server");

    // Time that the upstream is not given ends it as well.
    let one = fake(&admin).await;
    assert_eq!(admin.patch(&one, json!({"timeout_ms": 1_000})).await.0, StatusCode::OK);
    let slow = (0..9).map(|n| more(&[&format!("m{n}")], goes_on.clone()).after(Duration::from_millis(400)));
    app.upstream.on_model_pages(slow);
    let listing = admin.get(&list).await;
    assert!(listing["cut"].as_str().unwrap().contains("it took too long"), "{listing}");
    assert!(ids(&listing).len() < 9, "{listing}");

    // What the direct test says of such a list.
    app.upstream.on_model_pages([more(&["a"], goes_on)]);
    let (_, report) = admin.post("/api/admin/models/fake-one/test", json!({})).await;
    assert_eq!(report["verdict"], "works", "a model that a cut list does not have may be there: {report}");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_key_is_sent_without_what_was_pasted_around_it(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let one = fake(&admin).await;
    for pasted in ["sk-abc\n", "Bearer sk-abc", "\"sk-abc\"", "\u{feff}sk-\u{200b}abc "] {
        assert_eq!(admin.patch(&one, json!({"api_key": pasted})).await.0, StatusCode::OK, "{pasted:?}");
        assert_eq!(admin.send(Method::GET, &format!("{one}/models"), None).await.0, StatusCode::OK);
        let sent = app.upstream.journal().pop().unwrap();
        assert_eq!(sent.header("authorization"), Some("Bearer sk-abc"), "{pasted:?}");
    }
    for (pasted, words) in
        [("sk-a b", "spaces"), ("sk-…9", "shortened"), ("Bearer \n", "no key"), ("ключ", "cannot be sent")]
    {
        let (status, problem) = admin.patch(&one, json!({"api_key": pasted})).await;
        assert_eq!((status, codes(&problem)), (StatusCode::UNPROCESSABLE_ENTITY, vec!["invalid_key"]), "{pasted:?}");
        let text = problem.to_string();
        assert!(text.contains(words) && !text.contains(pasted.trim()), "{text}");
    }
    assert_eq!(admin.get(&one).await["has_api_key"], true, "a refused key changes nothing");
}
