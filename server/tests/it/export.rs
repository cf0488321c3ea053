//! Taking comparisons away, finding them again, and templates.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    app::{MODELS, Member, TestApp},
    fake_upstream::Behaviour,
};

const ONE: &str = MODELS[0];
const TWO: &str = MODELS[1];

async fn text(ada: &Member<'_>, path: &str) -> (StatusCode, String, String) {
    let answer = ada.request(Method::GET, path).send().await.unwrap();
    let disposition = answer.headers().get("content-disposition").map(|value| value.to_str().unwrap().to_owned());
    (answer.status(), disposition.unwrap_or_default(), answer.text().await.unwrap())
}

#[sqlx::test(migrations = "../migrations")]
async fn a_comparison_is_taken_away_in_three_forms_and_as_three_programs(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    app.upstream.on(ONE, Behaviour::answer("=1+1, \"quoted\""));
    app.upstream.on(TWO, Behaviour::status(500));
    let body = json!({"prompt": "It's \"new\"\nhere", "system_prompt": "Be brief.", "models": [ONE, TWO], "parameters": {"temperature": 0.5}});
    let made = ada.send(Method::POST, "/api/playground", Some(body)).await.1;
    let own = format!("/api/playground/{}", made["id"].as_str().unwrap());

    let (status, disposition, json) = text(&ada, &format!("{own}/export?format=json")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(disposition.starts_with("attachment; filename=\"quadrille-") && disposition.ends_with(".json\""));
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), made);

    let (_, _, csv) = text(&ada, &format!("{own}/export?format=csv")).await;
    assert!(csv.contains("\"'=1+1, \"\"quoted\"\"\""), "{csv}");
    assert!(csv.starts_with("comparison_id,") && csv.ends_with("\r\n"));

    let (_, _, markdown) = text(&ada, &format!("{own}/export?format=markdown")).await;
    for part in [
        "# Comparison of 2026-11-21 10:00 UTC",
        "It's \"new\"",
        "## A: fake/one",
        "=1+1",
        "Sent with temperature 0.5.",
        "*Failed:",
    ] {
        assert!(markdown.contains(part), "{part} is missing in {markdown}");
    }

    let body = json!({"prompt": "Hello", "models": [ONE, ONE, ONE],
        "card_parameters": [null, {"temperature": 0.2}, {"temperature": 1.5, "max_tokens": 64}]});
    let apart = ada.send(Method::POST, "/api/playground", Some(body)).await.1;
    let path = format!("/api/playground/{}", apart["id"].as_str().unwrap());
    let (_, _, markdown) = text(&ada, &format!("{path}/export?format=markdown")).await;
    for part in [
        "Sent without parameters, unless a card says otherwise.",
        "## A: fake/one\n\n=1+1",
        "## B: fake/one\n\n*Sent with temperature 0.2.*\n\n=1+1",
        "## C: fake/one\n\n*Sent with temperature 1.5, max tokens 64.*",
    ] {
        assert!(markdown.contains(part), "{part} is missing in {markdown}");
    }
    assert_eq!(ada.send(Method::DELETE, &path, None).await.0, StatusCode::NO_CONTENT);

    let (_, _, curl) = text(&ada, &format!("{own}/code?language=curl")).await;
    assert!(curl.contains("/v1/chat/completions") && curl.contains("$QUADRILLE_API_KEY"));
    assert!(curl.contains(r#"It'\''s \"new\"\nhere"#), "{curl}");
    let (_, _, python) = text(&ada, &format!("{own}/code?language=python&position=1")).await;
    assert!(python.contains("model=\"fake/two\"") && python.contains("temperature=0.5"), "{python}");
    let (_, _, javascript) = text(&ada, &format!("{own}/code?language=javascript")).await;
    assert!(javascript.contains("JSON.stringify({"));

    for wrong in ["export", "export?format=xml", "export?format=csv&x=1", "code?language=perl"] {
        assert_eq!(text(&ada, &format!("{own}/{wrong}")).await.0, StatusCode::BAD_REQUEST, "{wrong}");
    }
    assert_eq!(text(&ada, &format!("{own}/code?language=curl&position=3")).await.0, StatusCode::NOT_FOUND);
    let bob = app.member("bob@example.org").await;
    assert_eq!(text(&bob, &format!("{own}/export?format=json")).await.0, StatusCode::NOT_FOUND);
    let (_, _, all) = text(&ada, "/api/playground/export?format=json").await;
    assert_eq!(serde_json::from_str::<Value>(&all).unwrap(), json!([made]));
    assert_eq!(text(&bob, "/api/playground/export?format=csv").await.2.lines().count(), 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_history_is_searched_and_lists_every_shared_link(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    app.upstream.on(TWO, Behaviour::status(500));
    let autumn = ada.compare(&format!("{} Autumn leaves", "x ".repeat(200)), &[ONE]).await;
    ada.compare("Winter LEAVES early", &[ONE, TWO]).await;
    let share = format!("/api/playground/{}/share", autumn["id"].as_str().unwrap());
    let link = ada.send(Method::POST, &share, None).await.1;
    let found = |query: &'static str| {
        let path = format!("/api/playground?{query}");
        let ada = &ada;
        async move {
            let (status, body) = ada.send(Method::GET, &path, None).await;
            assert_eq!(status, StatusCode::OK, "{body}");
            body["sessions"].as_array().unwrap().len()
        }
    };
    for (query, count) in [
        ("", 2),
        ("q=leaves", 2),
        ("q=AUTUMN+leaves", 1),
        ("q=spring", 0),
        ("model=fake/two", 1),
        ("model=fake/none", 0),
        ("status=failed", 1),
        ("status=succeeded", 2),
        ("shared=yes", 1),
        ("shared=no", 1),
        ("q=leaves&status=failed&shared=no", 1),
        ("q=%25", 0),
    ] {
        assert_eq!(found(query).await, count, "{query}");
    }
    let wrong = ada.send(Method::GET, "/api/playground?order=up", None).await;
    assert_eq!(wrong.0, StatusCode::BAD_REQUEST);

    let page = |path: &'static str| {
        let request = ada.request(Method::GET, path);
        async move { request.send().await.unwrap().text().await.unwrap() }
    };
    let all = page("/dashboard").await;
    assert!(all.contains(link["public_url"].as_str().unwrap()) && all.contains("Winter LEAVES"));
    let filtered = page("/dashboard?q=autumn").await;
    assert!(filtered.contains("1 of your last 50 comparisons.") && !filtered.contains("Winter LEAVES"));
}

#[sqlx::test(migrations = "../migrations")]
async fn members_keep_templates_of_their_own_encrypted(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let bob = app.member("bob@example.org").await;
    let draft = json!({"name": "Mine", "prompt": "Explain {{thing}} to {{someone", "system_prompt": "Kindly.", "parameters": {"temperature": 0.4}});
    let (status, made) = ada.send(Method::POST, "/api/templates", Some(draft.clone())).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert_eq!((&made["name"], &made["prompt"]), (&draft["name"], &draft["prompt"]));
    let own = format!("/api/templates/{}", made["id"].as_str().unwrap());
    let mut renamed = draft.clone();
    renamed["name"] = json!("<script>alert(1)</script>");
    assert_eq!(ada.send(Method::PUT, &own, Some(renamed.clone())).await.0, StatusCode::OK);
    assert_eq!(ada.send(Method::GET, "/api/templates", None).await.1["templates"][0]["name"], renamed["name"]);
    let page = ada.request(Method::GET, "/playground").send().await.unwrap().text().await.unwrap();
    assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script>alert(1)"));
    let stored: Vec<u8> =
        sqlx::query_scalar("SELECT name_ct || body_ct FROM playground_templates").fetch_one(&app.pool).await.unwrap();
    assert!(!String::from_utf8_lossy(&stored).contains("Kindly"));

    assert_eq!(bob.send(Method::GET, "/api/templates", None).await.1["templates"], json!([]));
    assert_eq!(bob.send(Method::PUT, &own, Some(draft.clone())).await.0, StatusCode::NOT_FOUND);
    assert_eq!(bob.send(Method::DELETE, &own, None).await.0, StatusCode::NOT_FOUND);
    let (status, problem) = ada.send(Method::POST, "/api/templates", Some(json!({"name": "", "prompt": ""}))).await;
    assert_eq!((status, problem["errors"].as_array().unwrap().len()), (StatusCode::UNPROCESSABLE_ENTITY, 2));
    assert_eq!(ada.send(Method::DELETE, &own, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ada.send(Method::DELETE, &own, None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(app.count("playground_templates").await, 0);
}
