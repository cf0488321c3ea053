//! The catalogue as a file, and prices from LiteLLM's public file.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::app::{Member, TestApp, read};

async fn export(admin: &Member<'_>) -> String {
    let answer = admin.request(Method::GET, "/api/admin/catalog").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("application/toml"));
    answer.text().await.unwrap()
}

async fn import(admin: &Member<'_>, file: &str, query: &str) -> (StatusCode, Value) {
    let request = admin.request(Method::POST, &format!("/api/admin/catalog{query}")).body(file.to_owned());
    read(request.header("content-type", "application/toml").send().await.unwrap()).await
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn what_is_exported_wiped_and_imported_is_the_same_catalogue(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let upstream = json!({"name": "public", "base_url": "https://8.8.8.8/v1", "api_key": "sk-not-in-the-file-0123", "timeout_ms": 9_000});
    assert_eq!(admin.post("/api/admin/upstreams", upstream).await.0, StatusCode::CREATED);
    let model = json!({"public_name": "acme/zeta \"x\"", "upstream": "public", "upstream_model": "z/1", "family": "Zeta",
        "context_window": 1_000, "is_featured": true, "is_enabled": false, "input_price_per_million_usd": "0.000001"});
    assert_eq!(admin.post("/api/admin/models", model).await.0, StatusCode::CREATED);
    assert_eq!(admin.post("/api/admin/models/fake-two/move", json!({"to": "top"})).await.0, StatusCode::NO_CONTENT);
    let (file, before) = (export(&admin).await, admin.get("/api/admin/models").await);
    assert!(!file.contains("sk-"), "{file}");
    let (status, diff) = import(&admin, &file, "").await;
    assert_eq!((status, &diff["lines"], &diff["unchanged"]), (StatusCode::OK, &json!([]), &json!(7)), "{diff}");

    for statement in ["DELETE FROM models", "DELETE FROM upstreams WHERE name = 'public'"] {
        sqlx::query(statement).execute(&app.pool).await.unwrap();
    }
    let (status, diff) = import(&admin, &file, "?dry_run=true").await;
    assert_eq!((status, diff["lines"].as_array().unwrap().len()), (StatusCode::OK, 7), "{diff}");
    assert_eq!(app.count("models").await, 0, "a dry run changes nothing");
    let (status, done) = import(&admin, &file, "").await;
    assert_eq!((status, done), (StatusCode::OK, diff), "what a dry run says is what happens");
    let mut after = admin.get("/api/admin/models").await;
    let mut before = before;
    for list in [&mut before, &mut after] {
        for model in list["models"].as_array_mut().unwrap() {
            model.as_object_mut().unwrap().remove("upstream_id");
        }
    }
    assert_eq!(after, before);
    assert_eq!(export(&admin).await, file);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_file_is_taken_whole_or_not_at_all_and_says_where_it_is_wrong(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let model = "[[models]]\npublic_name = \"new\"\nslug = \"new\"\nupstream = \"fake\"\nupstream_model = \"m\"\n";
    for (file, words) in [
        ("not toml".to_owned(), "line 1"),
        (format!("{model}api_key = \"x\"\n"), "api_key"),
        (
            format!(
                "{model}\n[[models]]\npublic_name = \"b\"\nslug = \"b\"\nupstream = \"nobody\"\nupstream_model = \"m\"\n"
            ),
            "model b",
        ),
        (format!("{model}input_price_per_million_usd = \"-1\"\n"), "model new"),
        ("[[upstreams]]\nname = \"inside\"\nbase_url = \"http://127.0.0.1:5432/v1\"\n".to_owned(), "upstream inside"),
        ("[[upstreams]]\nname = \"inside\"\nbase_url = \"http://169.254.169.254/v1\"\n".to_owned(), "QUADRILLE_ALLOW"),
    ] {
        for query in ["?dry_run=true", ""] {
            let (status, problem) = import(&admin, &file, query).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{file}: {problem}");
            assert!(problem["detail"].as_str().unwrap().contains(words), "{words}: {problem}");
        }
    }
    assert_eq!((app.count("models").await, app.count("upstreams").await, app.count("audit_log").await), (4, 1, 0));
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn prices_are_proposed_with_their_source_and_change_nothing_by_themselves(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let file = json!({
        "fake/one": {"input_cost_per_token": 2.5e-6, "output_cost_per_token": 2e-6, "max_input_tokens": 128_000, "mode": "chat"},
        "elsewhere/two": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6, "max_input_tokens": 8_192, "mode": "chat"},
        "unheard-of": {"input_cost_per_token": 1.0, "mode": "chat"},
    });
    let (status, proposed) = admin.post("/api/admin/prices", file).await;
    assert_eq!(status, StatusCode::OK, "{proposed}");
    let expected = json!([{
        "slug": "fake-one", "public_name": "fake/one", "source": "fake/one", "input_price_per_million_usd": "2.5",
        "output_price_per_million_usd": null, "context_window": 128_000, "now_input_price_per_million_usd": "1",
        "now_output_price_per_million_usd": "2", "now_context_window": 8_192,
    }]);
    assert_eq!(proposed["proposals"], expected);
    assert_eq!(admin.get("/api/admin/models/fake-one").await["input_price_per_million_usd"], "1.000000");
    let (status, _) = admin.post("/api/admin/prices", json!({})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

/// The pages that show the catalogue, as an admin and as a visitor see them, without what is new in every answer.
async fn pages(app: &TestApp, admin: &Member<'_>) -> Vec<(String, String)> {
    let upstreams = admin.get("/api/admin/upstreams").await;
    let ids: Vec<&str> =
        upstreams["upstreams"].as_array().unwrap().iter().map(|upstream| upstream["id"].as_str().unwrap()).collect();
    let mut paths: Vec<String> =
        ["/", "/playground", "/leaderboard", "/api/models", "/admin/upstreams", "/admin/models"]
            .map(str::to_owned)
            .to_vec();
    paths.extend(["/admin/add-model", "/admin/models/acme-zeta", "/admin/models/acme-zeta/test"].map(str::to_owned));
    paths.extend(ids.iter().map(|id| format!("/admin/upstreams/{id}")));
    let mut pages = Vec::new();
    for path in paths {
        let admins = admin.request(Method::GET, &path).send().await.unwrap().text().await.unwrap();
        let visitors = app.request(Method::GET, &path).send().await.unwrap().text().await.unwrap();
        let named = |text: String| {
            let text = text.split("nonce=\"").map(|rest| rest.split_once('"').map_or(rest, |(_, rest)| rest)).collect();
            ids.iter().enumerate().fold(text, |text: String, (n, id)| text.replace(id, &format!("upstream {n}")))
        };
        pages.push((named(path.clone()), format!("{}{}", named(admins), named(visitors))));
    }
    pages
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn after_a_wipe_and_an_import_every_page_is_as_it_was(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let wipe = async || {
        for (list, name) in [("models", "slug"), ("upstreams", "id")] {
            let all = admin.get(&format!("/api/admin/{list}")).await;
            for one in all[list].as_array().unwrap() {
                let path = format!("/api/admin/{list}/{}", one[name].as_str().unwrap());
                assert_eq!(admin.delete(&path).await.0, StatusCode::NO_CONTENT);
            }
        }
    };
    // The test's own upstream has a key, which no file holds, and a private address, which no file may bring.
    wipe().await;
    for upstream in [
        json!({"name": "first", "base_url": "https://8.8.8.8/v1", "timeout_ms": 9_000, "idle_ms": 4_000}),
        json!({"name": "second <&>", "base_url": "https://8.8.4.4/openai/v1", "is_enabled": false}),
    ] {
        assert_eq!(admin.post("/api/admin/upstreams", upstream).await.0, StatusCode::CREATED);
    }
    for (name, upstream, more) in [
        (
            "acme/zeta",
            "first",
            json!({"family": "Zeta \"2\"", "context_window": 1_000, "input_price_per_million_usd": "0.5"}),
        ),
        ("acme/eta", "first", json!({"is_featured": true, "output_price_per_million_usd": "0.000001"})),
        ("acme/theta", "first", json!({"is_enabled": false})),
        ("other", "second <&>", json!({"input_price_per_million_usd": "0"})),
    ] {
        let mut model = json!({"public_name": name, "upstream": upstream, "upstream_model": format!("{name}:1")});
        model.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(admin.post("/api/admin/models", model).await.0, StatusCode::CREATED);
    }
    assert_eq!(admin.post("/api/admin/models/other/move", json!({"to": "top"})).await.0, StatusCode::NO_CONTENT);
    let (before, file) = (pages(&app, &admin).await, export(&admin).await);
    assert!(before.iter().filter(|(_, page)| page.contains("acme/zeta")).count() >= 5);

    wipe().await;
    let empty = pages(&app, &admin).await;
    assert!(empty.iter().all(|(_, page)| !page.contains("acme/zeta")), "all of it is gone");
    assert_eq!(import(&admin, &file, "").await.0, StatusCode::OK);
    for ((path, page), (_, was)) in pages(&app, &admin).await.into_iter().zip(before) {
        assert!(page == was, "{path}: {page}\n\nwas\n\n{was}");
    }
}
