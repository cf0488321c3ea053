//! The forms of the pages for admins as a browser without script posts them: a refusal keeps what was typed, an outcome is in
//! the answer itself, and neither depends on which server answers.

use axum::http::{Method, StatusCode};
use reqwest::Response;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    app::{Member, TestApp, form, read},
    fake_upstream::{Behaviour, FakeUpstream},
};

async fn post(member: &Member<'_>, path: &str, fields: &[(&str, &str)]) -> Response {
    member.form(path, fields).send().await.unwrap()
}

/// The page that answers a form, with this status.
async fn page(member: &Member<'_>, path: &str, fields: &[(&str, &str)], status: StatusCode) -> String {
    let answer = post(member, path, fields).await;
    assert_eq!(answer.status(), status, "{path}");
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/html"), "{path}");
    answer.text().await.unwrap()
}

/// Where a form sends its browser.
async fn sent_to(member: &Member<'_>, path: &str, fields: &[(&str, &str)]) -> String {
    let answer = post(member, path, fields).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}: {}", answer.text().await.unwrap());
    answer.headers()["location"].to_str().unwrap().to_owned()
}

/// The opening tag with this attribute.
fn tag<'a>(html: &'a str, attribute: &str) -> &'a str {
    let place = html.find(attribute).unwrap_or_else(|| panic!("no {attribute} in {html}"));
    let start = html[..place].rfind('<').unwrap();
    let end = place + html[place..].find('>').unwrap();
    &html[start..end]
}

/// The value of a hidden field or a box, as a browser would send it.
fn value(html: &str, name: &str) -> String {
    let tag = tag(html, &format!("name=\"{name}\""));
    let value = tag.split_once("value=\"").unwrap_or_else(|| panic!("no value in {tag}")).1.split('"').next().unwrap();
    value.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn assert_holds(html: &str, texts: &[&str]) {
    for text in texts {
        assert!(html.contains(text), "{text} is not in {html}");
    }
}

async fn upstream_id(admin: &Member<'_>) -> String {
    admin.get("/api/admin/upstreams").await["upstreams"][0]["id"].as_str().unwrap().to_owned()
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_refused_form_keeps_everything_but_secrets(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    app.upstream.lists(&["fake/five", "fake/six"]);
    let id = upstream_id(&admin).await;
    let refused = StatusCode::UNPROCESSABLE_ENTITY;

    let fields = [
        ("name", "my \"own\" one"),
        ("base_url", "ftp://models.example/v1"),
        ("api_key", "sk-typed-0123456789"),
        ("headers", "X-Title: secret-value\nx-other: another-secret"),
        ("timeout_s", "77"),
        ("first_byte_s", "11"),
        ("idle_s", "12"),
        ("test_model", "some/model"),
    ];
    for path in ["/admin/upstreams/new?do=save-upstream", "/admin/upstreams/new?do=test-upstream"] {
        let html = page(&admin, path, &fields, refused).await;
        assert_holds(
            &html,
            &["Only http:// and https:// can be used", "my &quot;own&quot; one", "ftp://models.example/v1"],
        );
        assert_holds(
            &html,
            &["value=\"77\"", "value=\"11\"", "value=\"12\"", "value=\"some/model\"", "X-Title:", "x-other:"],
        );
        assert!(!tag(&html, "id=\"is_enabled\"").contains("checked"), "the tick that was taken away");
        for secret in ["sk-typed", "secret-value", "another-secret"] {
            assert!(!html.to_lowercase().contains(secret), "{secret}");
        }
    }

    let fields = [
        ("public_name", ""),
        ("upstream", "fake"),
        ("upstream_model", "m/typed"),
        ("slug", "typed-slug"),
        ("family", "Typed"),
        ("context_window", "123"),
        ("input_price", "0.25"),
        ("output_price", "0.75"),
        ("is_featured", "true"),
    ];
    let html = page(&admin, "/admin/add-model?do=save-model", &fields, refused).await;
    assert_holds(
        &html,
        &["Enter a name.", "m/typed", "typed-slug", "value=\"Typed\"", "value=\"123\"", "0.25", "0.75"],
    );
    assert!(
        tag(&html, "id=\"is_featured\"").contains("checked") && !tag(&html, "id=\"is_enabled\"").contains("checked")
    );
    assert!(tag(&html, "value=\"fake\"").contains("selected"));
    let changed = [&[("model", "fake-one")][..], &fields].concat();
    let html = page(&admin, "/admin/models/fake-one?do=save-model", &changed, refused).await;
    assert_holds(&html, &["Enter a name.", "m/typed", "typed-slug"]);
    assert_eq!(value(&html, "model"), "fake-one", "it is still about the same model");

    let fields = [
        ("model", "fake-one"),
        ("system", "typed <system>"),
        ("message", "typed message"),
        ("temperature", "9"),
        ("max_tokens", "44"),
    ];
    let html = page(&admin, "/admin/models/fake-one/test?do=test-model", &fields, refused).await;
    assert_holds(&html, &["from 0 to 2", "typed &lt;system>", "typed message", "value=\"9\"", "value=\"44\""]);

    let fields = [("id", &*id), ("filter", "fi"), ("models[]", "fake/five"), ("prefix", &"p".repeat(51))];
    let html = page(&admin, &format!("/admin/upstreams/{id}/import?do=import-models"), &fields, refused).await;
    assert_holds(&html, &["at most 50 characters", &"p".repeat(51), "1 of 2 fit"]);
    assert!(tag(&html, "value=\"fake/five\"").contains("checked"));

    let fields = [("slugs[]", "fake-two"), ("what", "context_window"), ("value", "many")];
    let html = page(&admin, "/admin/models?do=change-models", &fields, refused).await;
    assert_holds(&html, &["Enter a plain number", "value=\"many\""]);
    assert!(
        tag(&html, "value=\"fake-two\"").contains("checked") && !tag(&html, "value=\"fake-one\"").contains("checked")
    );
    assert!(tag(&html, "value=\"context_window\"").contains("selected"));

    let html =
        page(&admin, "/admin/users?do=invite", &[("email", "nobody"), ("role", "admin"), ("days", "9")], refused).await;
    assert_holds(&html, &["value=\"nobody\"", "value=\"9\""]);
    assert!(tag(&html, "value=\"admin\"").contains("selected"));

    for (function, name, text, words) in [
        ("preview-catalog", "file", "not < toml", "This is not a catalogue file"),
        ("apply-catalog", "file", "not < toml", "This is not a catalogue file"),
        ("propose-prices", "prices", "not < json", "price file"),
    ] {
        let html = page(&admin, &format!("/admin/catalog?do={function}"), &[(name, text)], refused).await;
        assert_holds(&html, &[words, &text.replace('<', "&lt;")]);
    }
    assert_eq!((app.count("upstreams").await, app.count("models").await, app.count("audit_log").await), (1, 4, 0));
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn what_came_of_a_form_is_in_its_own_answer(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    app.upstream.lists(&["fake/one"]);
    app.upstream.on("fake/one", Behaviour::answer("An answer, <b>as it came</b>."));
    let (id, base_url) = (upstream_id(&admin).await, app.upstream.base_url());
    let done = StatusCode::OK;
    let fields = [("model", "fake-one"), ("message", "What I asked.")];
    let html = page(&admin, "/admin/models/fake-one/test?do=test-model", &fields, done).await;
    assert_holds(&html, &["It works.", "An answer, &lt;b&gt;as it came&lt;/b&gt;.", "What I asked."]);

    let fields = [("id", &*id), ("name", "renamed"), ("base_url", &*base_url), ("test_model", "")];
    let html = page(&admin, &format!("/admin/upstreams/{id}?do=test-upstream"), &fields, done).await;
    assert_holds(&html, &["It works.", "1 model is listed", "value=\"renamed\""]);
    let fields = [("id", &*id), ("base_url", &*base_url), ("test_model", "fake/one")];
    let html = page(&admin, &format!("/admin/upstreams/{id}?do=test-upstream"), &fields, done).await;
    assert_holds(&html, &["It works.", "An answer,"]);

    let fields = [("public_name", "not saved yet"), ("upstream", "fake"), ("upstream_model", "fake/one")];
    let html = page(&admin, "/admin/add-model?do=test-unsaved-model", &fields, done).await;
    assert_holds(&html, &["It works.", "An answer,", "not saved yet"]);

    let html = page(&admin, "/admin/users?do=invite", &[("days", "3")], done).await;
    let link = tag(&html, "id=\"invitation\"").split_once("value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    let token = link.split_once("/sign-up?invite=").unwrap().1;
    let later = admin.request(Method::GET, "/admin/users").send().await.unwrap().text().await.unwrap();
    assert!(!later.contains(token), "it is told once");
    assert_eq!((app.count("models").await, app.count("invites").await), (4, 2));
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn what_one_server_shows_another_one_does(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let admin = app.admin("root@example.org").await;
    let other = TestApp::replica(pool, FakeUpstream::start().await).await;
    let there = async |path: &str, fields: &[(&str, &str)]| {
        let request = other.request(Method::POST, path).header("cookie", &admin.cookie);
        let answer = form(request, fields).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
        answer.headers()["location"].to_str().unwrap().to_owned()
    };

    let exported = admin.request(Method::GET, "/api/admin/catalog").send().await.unwrap().text().await.unwrap();
    let file = exported.replace("family = \"Fake\"", "family = \"Other & <more>\"");
    let html = page(&admin, "/admin/catalog?do=preview-catalog", &[("file", &file)], StatusCode::OK).await;
    assert_holds(&html, &["4 things would change", "model fake/one"]);
    assert_eq!(value(&html, "file"), file);
    assert_eq!(
        there("/admin/catalog?do=apply-catalog", &[("file", &value(&html, "file"))]).await,
        "/admin/models?done=saved"
    );
    let model = admin.get("/api/admin/models/fake-one").await;
    assert_eq!(model["family"], "Other & <more>");

    let prices = json!({"fake/one": {"input_cost_per_token": 2.5e-6, "mode": "chat"}}).to_string();
    let html = page(&admin, "/admin/catalog?do=propose-prices", &[("prices", &prices)], StatusCode::OK).await;
    assert_holds(&html, &["fake/one", " → "]);
    let proposal = value(&html, "proposals[]");
    let read: Value = serde_json::from_str(&proposal).unwrap();
    assert_eq!((&read["slug"], &read["input_price_per_million_usd"]), (&json!("fake-one"), &json!("2.5")));
    assert_eq!(
        there("/admin/catalog?do=apply-prices", &[("proposals[]", &proposal)]).await,
        "/admin/models?done=changed-1"
    );
    assert_eq!(admin.get("/api/admin/models/fake-one").await["input_price_per_million_usd"], "2.500000");
    let html = page(&admin, "/admin/catalog?do=apply-prices", &[], StatusCode::UNPROCESSABLE_ENTITY).await;
    assert_holds(&html, &["Tick at least one model."]);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_form_that_is_done_sends_its_browser_on_and_script_gets_the_functions_own_answer(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (admin, ada) = (app.admin("root@example.org").await, app.member("ada@example.org").await);
    let fields = [("slugs[]", "fake-one"), ("slugs[]", "fake-two"), ("what", "disable")];
    assert_eq!(sent_to(&admin, "/admin/models?do=change-models", &fields).await, "/admin/models?done=changed-2");
    assert_eq!(admin.get("/api/models").await["models"].as_array().unwrap().len(), 2);

    let script = admin.request(Method::POST, "/admin/models?do=change-models").header("accept", "application/json");
    let script = script.header("content-type", "application/x-www-form-urlencoded").body("what=enable");
    let (status, error) = read(script.send().await.unwrap()).await;
    assert_eq!((status, &error["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("invalid")), "{error}");

    let path = "/admin/models?do=change-models";
    let visitor = form(app.request(Method::POST, path), &fields).send().await.unwrap();
    assert_eq!(visitor.headers()["location"], "/sign-in?next=/admin/models");
    assert_eq!(post(&ada, path, &fields).await.status(), StatusCode::FORBIDDEN);
    for nowhere in ["/admin/models", "/admin/models?do=", "/admin/models?do=..%2Fx"] {
        assert_eq!(post(&admin, nowhere, &fields).await.status(), StatusCode::NOT_FOUND, "{nowhere}");
    }
    let json = admin.request(Method::POST, path).json(&json!({})).send().await.unwrap();
    assert_eq!(json.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let elsewhere = admin.form(path, &fields).header("origin", "https://elsewhere.example").send().await.unwrap();
    assert_eq!(elsewhere.status(), StatusCode::FORBIDDEN, "nobody posts from another site");
}
