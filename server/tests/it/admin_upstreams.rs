//! Upstreams as admins make and change them.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use services::catalog::UpstreamEntry;
use sqlx::PgPool;

use crate::support::{
    admin::codes,
    app::{Member, TestApp},
    fake_upstream::{Behaviour, FakeUpstream},
};

const KEY: &str = "sk-a-very-secret-key-0123456789";
const ALL: &str = "/api/admin/upstreams";

async fn upstream_named(admin: &Member<'_>, name: &str) -> Value {
    let all = admin.get(ALL).await;
    let found = all["upstreams"].as_array().unwrap().iter().find(|upstream| upstream["name"] == name);
    found.cloned().unwrap_or_else(|| panic!("{name} is not in {all}"))
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn only_an_admin_is_let_in_and_nothing_is_looked_up_for_anybody_else(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let member = app.member("ada@example.org").await;
    for path in [ALL, "/api/admin/upstreams/x", "/api/admin/models", "/api/admin/models/fake-one", "/api/admin/audit"] {
        assert_eq!(app.request(Method::GET, path).send().await.unwrap().status(), StatusCode::UNAUTHORIZED, "{path}");
        let (status, body) = member.send(Method::GET, path, None).await;
        assert_eq!((status, &body["code"]), (StatusCode::FORBIDDEN, &json!("forbidden")), "{path}");
    }
    let (status, _) = member.post(ALL, json!({"name": "x", "base_url": "https://models.example/v1"})).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_key_is_never_shown_and_goes_when_the_origin_changes(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let form = json!({
        "name": "Example", "base_url": "https://Models.Example:443/v1/", "api_key": KEY,
        "headers": {"X-Title": "Quadrille", "x-second-key": "another-secret-value"}, "timeout_ms": 5_000,
    });
    let (status, made) = admin.post(ALL, form).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert_eq!(made["base_url"], "https://models.example/v1");
    assert_eq!((&made["has_api_key"], &made["timeout_ms"]), (&json!(true), &json!(5_000)));
    assert_eq!(made["headers"], json!(["x-second-key", "x-title"]));

    let one = format!("{ALL}/{}", made["id"].as_str().unwrap());
    let (_, moved) = admin.patch(&one, json!({"base_url": "https://models.example/v2"})).await;
    assert_eq!((&moved["has_api_key"], &moved["headers"]), (&json!(true), &made["headers"]), "only the path changed");
    for elsewhere in ["http://models.example/v1", "https://models.example:8443/v1", "https://other.example/v1"] {
        let headers = json!({"x-title": "Quadrille"});
        let set = json!({"base_url": "https://models.example/v1", "api_key": KEY, "headers": headers});
        assert_eq!(admin.patch(&one, set).await.1["has_api_key"], true);
        let (status, moved) = admin.patch(&one, json!({"base_url": elsewhere})).await;
        assert_eq!((status, &moved["has_api_key"]), (StatusCode::OK, &json!(false)), "{elsewhere}");
        assert_eq!(moved["headers"], json!([]), "{elsewhere}");
    }
    let told = format!("{}{}", admin.get(ALL).await, admin.get("/api/admin/audit").await);
    assert!(!told.contains(KEY) && !told.contains("another-secret"), "{told}");
    let stored: Vec<u8> = sqlx::query_scalar(
        "SELECT convert_to(coalesce(string_agg(upstreams::text || audit_log::text, ''), ''), 'UTF8')
         FROM upstreams, audit_log",
    )
    .fetch_one(&app.pool)
    .await
    .unwrap();
    assert!(!String::from_utf8_lossy(&stored).contains(KEY));
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_header_without_a_value_keeps_the_stored_one_and_is_sent(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let upstream = upstream_named(&admin, "fake").await;
    let one = format!("{ALL}/{}", upstream["id"].as_str().unwrap());
    let headers = json!({"x-second-key": "another-secret-value"});
    assert_eq!(admin.patch(&one, json!({"headers": headers})).await.0, StatusCode::OK);
    let (status, kept) = admin.patch(&one, json!({"headers": {"X-Second-Key": null, "x-title": "Q"}})).await;
    assert_eq!((status, &kept["headers"]), (StatusCode::OK, &json!(["x-second-key", "x-title"])));
    app.upstream.on("fake/one", Behaviour::json(400, &json!({"error": "bad key another-secret-value"})));
    let comparison = admin.compare("Hello", &["fake/one"]).await;
    let sent = app.upstream.ended(1).await;
    let asked = sent.iter().find(|entry| entry.model == "fake/one").unwrap();
    assert_eq!((asked.header("x-second-key"), asked.header("x-title")), (Some("another-secret-value"), Some("Q")));
    assert!(!comparison.to_string().contains("another-secret"), "{comparison}");

    for (bad, code) in [
        (json!({"host": "elsewhere"}), "header_not_allowed"),
        (json!({"x-new": null}), "missing_value"),
        (json!({"a b": "x"}), "invalid_header"),
    ] {
        let (status, problem) = admin.patch(&one, json!({"headers": bad})).await;
        assert_eq!((status, codes(&problem)), (StatusCode::UNPROCESSABLE_ENTITY, vec![code]), "{problem}");
    }
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn every_bad_base_url_has_a_sentence_and_a_remedy(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    for (base_url, code) in [
        ("", "empty"),
        ("models.example/v1", "missing_scheme"),
        ("localhost:11434/v1", "missing_scheme"),
        ("https://user:secret@models.example/v1", "credentials_in_url"),
        ("https://models.example/v1/chat/completions", "endpoint_in_url"),
        ("ftp://models.example/v1", "scheme_not_allowed"),
        ("file:///etc/passwd", "scheme_not_allowed"),
        ("https://models.example/v1?x=1", "query_or_fragment"),
        ("http://localhost:11434/v1", "address_blocked"),
        ("http://8.8.8.8:22/v1", "address_blocked"),
        ("http://8.8.8.8:5432/v1", "address_blocked"),
        ("http://8.8.8.8:6379/v1", "address_blocked"),
    ] {
        let (status, problem) = admin.post(ALL, json!({"name": "x", "base_url": base_url})).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{base_url}: {problem}");
        assert_eq!(problem["errors"][0]["field"], "base_url", "{problem}");
        assert_eq!(codes(&problem), [code], "{base_url}");
        assert!(!problem.to_string().contains("secret@"), "{problem}");
    }
    let (_, problem) = admin.post(ALL, json!({"name": "x", "base_url": "http://127.0.0.1:11434/v1"})).await;
    let line = "QUADRILLE_ALLOW_PRIVATE_UPSTREAMS=127.0.0.1:11434";
    assert!(problem["detail"].as_str().unwrap().contains(line), "{problem}");
    for (field, edit) in [
        ("name", json!({"base_url": "https://models.example/v1"})),
        ("base_url", json!({"name": "x"})),
        ("name", json!({"name": " ", "base_url": "https://models.example/v1"})),
        ("name", json!({"name": "fake", "base_url": "https://models.example/v1"})),
        ("api_key", json!({"name": "x", "base_url": "https://models.example/v1", "api_key": "a b"})),
        ("timeout_ms", json!({"name": "x", "base_url": "https://models.example/v1", "timeout_ms": 10})),
        ("colour", json!({"name": "x", "base_url": "https://models.example/v1", "colour": "red"})),
    ] {
        let (status, problem) = admin.post(ALL, edit).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    assert_eq!(app.count("upstreams").await, 1);
}

/// Ways to write 127.0.0.1, ::1, 0.0.0.0, link-local, metadata and private addresses.
fn spellings(v4: u16, v6: u16) -> Vec<String> {
    let here = [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "017700000001",
        "0x7f000001",
        "0x7f.1",
        "0x7F.0x0.0x0.0x1",
        "0177.1",
        "0177.0.0.01",
        "127.0.0.1.",
        "0",
        "0.0.0.0",
        "0x0",
        "１２７.0.0.1",
        "127。0。0。1",
        "①②⑦.0.0.1",
        "127.000.000.001",
        "localhost",
        "LOCALHOST",
        "LocalHost.",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:7f00:1]",
        "[::127.0.0.1]",
        "[::7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "127.0.0.2",
        "127.255.255.254",
        "%31%32%37.0.0.1",
        "127.0.0.1%2e",
    ];
    let here6 =
        ["[::1]", "[0:0:0:0:0:0:0:1]", "[0000:0000:0000:0000:0000:0000:0000:0001]", "[::]", "[::0.0.0.1]", "[0::1]"];
    let elsewhere = [
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "[::ffff:a9fe:a9fe]",
        "[fd00:ec2::254]",
        "10.0.0.1",
        "10.255.255.254",
        "172.16.0.1",
        "172.31.255.254",
        "192.168.0.1",
        "192.168.1",
        "0xc0a80001",
        "100.64.0.1",
        "198.18.0.1",
        "192.0.2.1",
        "203.0.113.1",
        "224.0.0.1",
        "255.255.255.255",
        "[fe80::1]",
        "[fec0::1]",
        "[fc00::1]",
        "[ff02::1]",
        "[2001:db8::1]",
        "[2002:a00:1::]",
        "168.63.129.16",
    ];
    let at =
        |hosts: &[&str], port: u16| hosts.iter().map(|host| format!("http://{host}:{port}/v1")).collect::<Vec<_>>();
    [at(&here, v4), at(&here6, v6), at(&elsewhere, 80)].concat()
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn no_spelling_of_a_private_address_is_saved_or_called(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let (v4, v6) = (FakeUpstream::start_on("0.0.0.0").await, FakeUpstream::start_on("::").await);
    let spellings = spellings(v4.port(), v6.port());
    assert!(spellings.len() >= 60, "{}", spellings.len());
    let made = admin.post(ALL, json!({"name": "changed", "base_url": "https://8.8.8.8/v1"})).await.1;
    let one = format!("{ALL}/{}", made["id"].as_str().unwrap());
    for base_url in &spellings {
        for (status, problem) in [
            admin.post(ALL, json!({"name": base_url.replace('%', ""), "base_url": base_url})).await,
            admin.patch(&one, json!({"base_url": base_url})).await,
        ] {
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{base_url}: {problem}");
            assert!(["address_blocked", "invalid_url"].contains(&codes(&problem)[0]), "{base_url}: {problem}");
        }
        // As if it had got into the database some other way.
        sqlx::query("UPDATE upstreams SET base_url = $1 WHERE name = 'changed'")
            .bind(base_url)
            .execute(&app.pool)
            .await
            .unwrap();
        let (status, _) = admin.send(Method::GET, &format!("{one}/models"), None).await;
        assert_ne!(status, StatusCode::OK, "{base_url}");
    }
    assert_eq!((v4.connections(), v6.connections()), (0, 0));
    assert_eq!(app.count("upstreams").await, 2);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn the_operators_own_upstream_stays_allowed_only_where_it_is(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let upstream = upstream_named(&admin, "fake").await;
    let one = format!("{ALL}/{}", upstream["id"].as_str().unwrap());
    let same = format!("{}/", app.upstream.base_url());
    assert_eq!(admin.patch(&one, json!({"base_url": same})).await.0, StatusCode::OK);
    let other = FakeUpstream::start().await;
    let (status, problem) = admin.patch(&one, json!({"base_url": other.base_url()})).await;
    assert_eq!((status, codes(&problem)), (StatusCode::UNPROCESSABLE_ENTITY, vec!["address_blocked"]));
    let (_, moved) = admin.patch(&one, json!({"base_url": "https://models.example/v1"})).await;
    assert_eq!((&moved["allow_private"], &moved["has_api_key"]), (&json!(false), &json!(false)), "{moved}");
    let (status, _) = admin.patch(&one, json!({"base_url": app.upstream.base_url()})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "having been allowed once is no licence");
    assert_eq!(other.connections(), 0);
}

/// What a start of the server does with the upstream that the environment names.
#[sqlx::test(migrator = "database::MIGRATOR")]
async fn starting_again_keeps_what_an_admin_set_but_sends_no_secret_to_another_server(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let one = format!("{ALL}/{}", upstream_named(&admin, "fake").await["id"].as_str().unwrap());
    let set = json!({"api_key": KEY, "headers": {"x-title": "secret"}, "is_enabled": false, "idle_ms": 9_000});
    assert_eq!(admin.patch(&one, set).await.0, StatusCode::OK);
    let entry = UpstreamEntry {
        name: "fake".into(),
        base_url: app.upstream.base_url(),
        api_key: None,
        allow_private: true,
        is_simulated: false,
    };
    let register = async |entry: UpstreamEntry| {
        app.state.services.catalog.register_upstream(entry).await.unwrap();
        let now = upstream_named(&admin, "fake").await;
        ["has_api_key", "headers", "is_enabled", "idle_ms"].map(|field| now[field].clone())
    };
    let kept = [json!(true), json!(["x-title"]), json!(false), json!(9_000)];
    assert_eq!(register(entry.clone()).await, kept);
    let path = UpstreamEntry { base_url: format!("{}/deeper", entry.base_url), ..entry.clone() };
    assert_eq!(register(path).await, kept);
    let elsewhere = UpstreamEntry { base_url: "http://127.0.0.1:9/v1".into(), ..entry.clone() };
    assert_eq!(register(elsewhere.clone()).await, [json!(false), json!([]), json!(false), json!(9_000)]);
    let keyed = UpstreamEntry { api_key: Some(KEY.to_owned().into()), ..elsewhere };
    assert_eq!(register(keyed).await[0], json!(true));
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn an_upstream_with_models_is_not_deleted_but_can_be_disabled_at_once(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let upstream = upstream_named(&admin, "fake").await;
    let one = format!("{ALL}/{}", upstream["id"].as_str().unwrap());
    let (status, problem) = admin.delete(&one).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(problem["detail"].as_str().unwrap().contains("fake/one"), "{problem}");

    assert_eq!(admin.patch(&one, json!({"is_enabled": false})).await.0, StatusCode::OK);
    assert_eq!(admin.get("/api/models").await["models"], json!([]));
    let body = json!({"prompt": "Hello", "models": ["fake/one"]});
    assert_eq!(admin.post("/api/playground", body).await.0, StatusCode::UNPROCESSABLE_ENTITY);

    for slug in ["fake-one", "fake-two", "fake-three", "fake-four"] {
        assert_eq!(admin.delete(&format!("/api/admin/models/{slug}")).await.0, StatusCode::NO_CONTENT);
    }
    assert_eq!(admin.delete(&one).await.0, StatusCode::NO_CONTENT);
    assert_eq!(admin.delete(&one).await.0, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn models_are_imported_by_filter_and_by_name_and_stay_as_they_are(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let upstream = upstream_named(&admin, "fake").await;
    let one = format!("{ALL}/{}", upstream["id"].as_str().unwrap());
    let many: Vec<String> = (0..10_000).map(|n| format!("big/model-{n}")).collect();
    let listed: Vec<&str> = many.iter().map(String::as_str).chain(["fake/one"]).collect();
    app.upstream.lists(&listed[1..]);
    let listing = admin.get(&format!("{one}/models?filter=MODEL-99")).await;
    assert_eq!((&listing["total"], &listing["matching"]), (&json!(10_000), &json!(111)));
    let known = admin.get(&format!("{one}/models?filter=fake")).await;
    assert_eq!(known["models"][0]["public_name"], "fake/one");

    let import = format!("{one}/import");
    let choice = json!({"models": ["big/model-7", "not/listed", "fake/one"], "prefix": "acme/"});
    assert_eq!(admin.post(&import, choice.clone()).await, (StatusCode::OK, json!({"imported": 1})));
    assert_eq!(admin.post(&import, choice).await.1, json!({"imported": 0}));
    assert_eq!(admin.post(&import, json!({"filter": "model-99"})).await.1, json!({"imported": 111}));
    assert_eq!(admin.post(&import, json!({})).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(admin.get("/api/admin/models/acme-big-model-7").await["public_name"], "acme/big/model-7");
    assert_eq!(app.count("models").await, 4 + 112);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_list_that_is_none_says_what_came_instead_and_quotes_nothing(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let upstream = upstream_named(&admin, "fake").await;
    let list = format!("{ALL}/{}/models", upstream["id"].as_str().unwrap());
    let html = "<html><body>internal-page</body></html>";
    let echo = json!({"error": {"message": "bad key sk-fake-upstream-key"}});
    let redirect = Behaviour::reply(302, "text/plain", "internal-page").with_header("location", "http://10.0.0.1/");
    for behaviour in [
        Behaviour::reply(200, "text/html", html),
        Behaviour::reply(500, "text/html", html),
        Behaviour::json(401, &echo),
        Behaviour::json(200, &json!({"message": "internal-page"})),
        Behaviour::reply(200, "application/json", "x".repeat(9 * 1024 * 1024)),
        redirect,
    ] {
        app.upstream.on_models(behaviour.clone());
        let (status, problem) = admin.send(Method::GET, &list, None).await;
        assert_eq!(status, StatusCode::CONFLICT, "{behaviour:?}: {problem}");
        let text = problem.to_string();
        assert!(!text.contains("internal-page") && !text.contains("sk-fake") && !text.contains("10.0.0.1"), "{text}");
    }
    app.upstream.on_models(Behaviour::json(200, &json!({"data": []})));
    assert_eq!(
        admin.get(&list).await,
        json!({"models": [], "matching": 0, "patterns": 0, "total": 0, "left_out": 0, "cut": null})
    );
}
