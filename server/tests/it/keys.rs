//! API keys: made, changed and revoked through the router; recognised and counted on every replica.

use std::time::Duration;

use chrono::{TimeDelta, TimeZone, Utc};
use domain::KeyId;
use foundation::clock::Clock;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use services::keys::AuthorizedKey;
use sqlx::PgPool;

use crate::support::{
    app::{MODELS, Member, TestApp, eventually, form},
    fake_upstream::FakeUpstream,
};

/// Makes a key and returns it with its secret.
async fn make(member: &Member<'_>, body: Value) -> Value {
    let (status, key) = member.send(Method::POST, "/api/keys", Some(body)).await;
    assert_eq!(status, StatusCode::CREATED, "{key}");
    key
}

fn path(key: &Value) -> String {
    format!("/api/keys/{}", key["id"].as_str().unwrap())
}

fn secret(key: &Value) -> &str {
    key["secret"].as_str().unwrap()
}

/// What the gateway would learn of the key on this server.
async fn authenticate(app: &TestApp, key: &Value) -> Option<AuthorizedKey> {
    app.state.services.keys.authenticate(secret(key), app.clock.now()).await.unwrap()
}

async fn second_server(pool: &PgPool) -> TestApp {
    TestApp::replica(pool.clone(), FakeUpstream::start().await).await
}

fn codes(problem: &Value) -> Vec<(&str, &str)> {
    problem["errors"].as_array().map(|errors| errors.iter().map(code).collect()).unwrap_or_default()
}

fn code(error: &Value) -> (&str, &str) {
    (error["field"].as_str().unwrap_or_default(), error["code"].as_str().unwrap_or_default())
}

#[sqlx::test(migrations = "../migrations")]
async fn a_key_is_made_and_its_secret_told_once(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let body = json!({"name": "  build server ", "models": [MODELS[1], MODELS[0]], "requests_per_minute": 60});
    let key = make(&ada, body).await;
    assert_eq!(key["name"], "build server");
    assert_eq!(key["models"], json!([MODELS[1], MODELS[0]]));
    assert_eq!(key["requests_per_minute"], 60);
    assert_eq!((&key["last_used_at"], &key["revoked_at"]), (&Value::Null, &Value::Null));
    assert_eq!((secret(&key).len(), &secret(&key)[..3]), (46, "qd-"));
    assert_eq!(key["prefix"], secret(&key)[..10]);

    let (status, list) = ada.send(Method::GET, "/api/keys", None).await;
    assert_eq!(status, StatusCode::OK);
    assert!(!list.to_string().contains(&secret(&key)[10..]), "the secret is told once");
    let mut without = key.clone();
    without.as_object_mut().unwrap().remove("secret");
    assert_eq!(list["keys"], json!([without]));
    assert_eq!(ada.send(Method::GET, &path(&key), None).await, (StatusCode::OK, without));

    let stored: Vec<u8> = sqlx::query_scalar("SELECT secret_hash FROM api_keys").fetch_one(&app.pool).await.unwrap();
    assert_eq!(stored.len(), 32);
    let known = authenticate(&app, &key).await.unwrap();
    assert_eq!(known.id.to_string(), key["id"].as_str().unwrap());
    assert_eq!(known.models, Some(vec![MODELS[1].to_owned(), MODELS[0].to_owned()]));
    assert_eq!(known.requests_per_minute, Some(60));
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_wrong_with_a_key_is_said_field_by_field(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let long = "x".repeat(101);
    for (body, expected) in [
        (json!({}), vec![("name", "missing")]),
        (json!({"name": " "}), vec![("name", "empty")]),
        (json!({"name": long}), vec![("name", "too_long")]),
        (json!({"name": "a\nb"}), vec![("name", "invalid_value")]),
        (json!({"name": "a", "models": []}), vec![("models", "empty")]),
        (json!({"name": "a", "models": [MODELS[0], MODELS[0]]}), vec![("models[1]", "duplicate")]),
        (json!({"name": "a", "models": [MODELS[0], "no/such"]}), vec![("models[1]", "unknown_model")]),
        (json!({"name": "a", "models": "all"}), vec![("models", "wrong_type")]),
        (json!({"name": "a", "requests_per_minute": 0}), vec![("requests_per_minute", "out_of_range")]),
        (
            json!({"name": "", "requests_per_minute": 100_001}),
            vec![("name", "empty"), ("requests_per_minute", "out_of_range")],
        ),
        (json!({"name": "a", "requests_per_minute": -1}), vec![("requests_per_minute", "invalid_value")]),
        (json!({"name": "a", "requests_per_minute": 1.5}), vec![("requests_per_minute", "wrong_type")]),
        (json!({"name": "a", "secret": "qd-mine"}), vec![("secret", "unknown_field")]),
    ] {
        let (status, problem) = ada.send(Method::POST, "/api/keys", Some(body.clone())).await;
        assert_eq!((status, codes(&problem)), (StatusCode::UNPROCESSABLE_ENTITY, expected), "{body}");
    }
    let key = make(&ada, json!({"name": "a"})).await;
    for body in
        [json!({"name": ""}), json!({"models": ["no/such"]}), json!({"revoked_at": null}), json!({"models": []})]
    {
        let (status, _) = ada.send(Method::PATCH, &path(&key), Some(body.clone())).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
    assert_eq!(app.count("api_keys").await, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_key_changes_in_what_is_named_and_nothing_else(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let key = make(&ada, json!({"name": "a", "models": [MODELS[0]], "requests_per_minute": 5})).await;
    let change = async |body: Value| {
        let (status, key) = ada.send(Method::PATCH, &path(&key), Some(body)).await;
        assert_eq!(status, StatusCode::OK, "{key}");
        (key["name"].clone(), key["models"].clone(), key["requests_per_minute"].clone())
    };
    assert_eq!(change(json!({})).await, (json!("a"), json!([MODELS[0]]), json!(5)));
    assert_eq!(change(json!({"name": "b"})).await, (json!("b"), json!([MODELS[0]]), json!(5)));
    assert_eq!(change(json!({"models": null})).await, (json!("b"), Value::Null, json!(5)));
    assert_eq!(change(json!({"requests_per_minute": null})).await, (json!("b"), Value::Null, Value::Null));
    assert_eq!(change(json!({"requests_per_minute": 7})).await, (json!("b"), Value::Null, json!(7)));

    // A model that is gone may stay in a list that has it.
    change(json!({"models": [MODELS[0]]})).await;
    sqlx::query("UPDATE models SET is_enabled = false WHERE public_name = $1")
        .bind(MODELS[0])
        .execute(&app.pool)
        .await
        .unwrap();
    assert_eq!(change(json!({"models": [MODELS[0], MODELS[1]]})).await.1, json!([MODELS[0], MODELS[1]]));
}

#[sqlx::test(migrations = "../migrations")]
async fn another_members_key_is_not_there(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let eve = app.member("eve@example.org").await;
    let key = make(&ada, json!({"name": "a"})).await;
    for (method, body) in [(Method::GET, None), (Method::PATCH, Some(json!({"name": "mine"}))), (Method::DELETE, None)]
    {
        let (status, theirs) = eve.send(method.clone(), &path(&key), body.clone()).await;
        let (missing_status, missing) =
            eve.send(method.clone(), "/api/keys/00000000-0000-7000-8000-000000000000", body.clone()).await;
        assert_eq!((status, &theirs), (StatusCode::NOT_FOUND, &missing), "{method}");
        assert_eq!(missing_status, StatusCode::NOT_FOUND);
        assert_eq!(eve.send(method, "/api/keys/1", body).await.0, StatusCode::NOT_FOUND);
    }
    assert_eq!(eve.send(Method::GET, "/api/keys", None).await.1, json!({"keys": []}));
    assert!(authenticate(&app, &key).await.is_some());
    for (method, path) in
        [(Method::GET, "/api/keys".to_owned()), (Method::POST, "/api/keys".to_owned()), (Method::DELETE, path(&key))]
    {
        let answer = app.request(method, &path).json(&json!({"name": "a"})).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_member_has_at_most_fifty_keys_however_they_are_asked_for(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let all = futures::future::join_all((0..56).map(|n| {
        let body = json!({"name": format!("key {n}")});
        ada.send(Method::POST, "/api/keys", Some(body))
    }))
    .await;
    let made = all.iter().filter(|(status, _)| *status == StatusCode::CREATED).count();
    let refused: Vec<_> = all.iter().filter(|(status, _)| *status == StatusCode::CONFLICT).collect();
    assert_eq!((made, refused.len()), (50, 6));
    assert!(refused[0].1["detail"].as_str().unwrap().contains("Revoke one"));
    assert_eq!(app.count("api_keys").await, 50);

    let (_, key) = all.iter().find(|(status, _)| *status == StatusCode::CREATED).unwrap();
    assert_eq!(ada.send(Method::DELETE, &path(key), None).await.0, StatusCode::NO_CONTENT);
    make(&ada, json!({"name": "one more"})).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn of_the_revoked_keys_the_newest_are_kept(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let mut first = Value::Null;
    for n in 0..53 {
        let key = make(&ada, json!({"name": format!("key {n}")})).await;
        app.clock.advance(TimeDelta::seconds(1));
        ada.send(Method::DELETE, &path(&key), None).await;
        if n == 0 {
            first = key;
        }
    }
    make(&ada, json!({"name": "last"})).await;
    let (_, list) = ada.send(Method::GET, "/api/keys", None).await;
    let keys = list["keys"].as_array().unwrap();
    assert_eq!((keys.len(), &keys[0]["name"], &keys[50]["name"]), (51, &json!("last"), &json!("key 3")));
    assert_eq!(ada.send(Method::GET, &path(&first), None).await.0, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_revoked_key_is_refused_on_another_server_within_a_second(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let other = second_server(&pool).await;
    let ada = app.member("ada@example.org").await;
    let key = make(&ada, json!({"name": "a"})).await;
    for server in [&app, &other] {
        // Heard from then on: until the listener stands, every copy is doubted.
        eventually("the key is known", || async { authenticate(server, &key).await.is_some() }).await;
    }
    listening(&pool, 2).await;
    assert!(authenticate(&other, &key).await.is_some());

    assert_eq!(ada.send(Method::DELETE, &path(&key), None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(authenticate(&app, &key).await, None);
    let refused = async {
        // The clocks stand still, so no copy ever grows old by itself.
        while authenticate(&other, &key).await.is_some() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(1), refused).await.expect("refused within a second");

    let (status, revoked) = ada.send(Method::GET, &path(&key), None).await;
    assert_eq!((status, revoked["revoked_at"].is_string()), (StatusCode::OK, true));
    assert_eq!(ada.send(Method::DELETE, &path(&key), None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ada.send(Method::GET, &path(&key), None).await.1, revoked, "revoked since the first time");
    let (status, _) = ada.send(Method::PATCH, &path(&key), Some(json!({"name": "back"}))).await;
    assert_eq!(status, StatusCode::CONFLICT);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_change_and_a_disabled_member_reach_another_server(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let other = second_server(&pool).await;
    let ada = app.member("ada@example.org").await;
    let key = make(&ada, json!({"name": "a"})).await;
    listening(&pool, 2).await;
    assert_eq!(authenticate(&other, &key).await.unwrap().requests_per_minute, None);
    ada.send(Method::PATCH, &path(&key), Some(json!({"requests_per_minute": 3}))).await;
    eventually("the limit has come", || async {
        authenticate(&other, &key).await.unwrap().requests_per_minute == Some(3)
    })
    .await;

    let disable = |at: &'static str| sqlx::query(sqlx::AssertSqlSafe(format!("UPDATE users SET disabled_at = {at}")));
    disable("now()").execute(&pool).await.unwrap();
    eventually("the member's key is refused", || async { authenticate(&other, &key).await.is_none() }).await;
    disable("NULL").execute(&pool).await.unwrap();
    assert!(authenticate(&other, &key).await.is_some());
    sqlx::query("DELETE FROM users").execute(&pool).await.unwrap();
    eventually("the key is gone", || async { authenticate(&other, &key).await.is_none() }).await;
    assert_eq!(app.count("api_keys").await, 0);
}

/// Waits until so many servers listen for changes.
async fn listening(pool: &PgPool, servers: i64) {
    eventually("the servers listen", || async {
        let listening: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'",
        )
        .fetch_one(pool)
        .await
        .unwrap();
        listening == servers
    })
    .await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_no_key_is_refused(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let key = make(&ada, json!({"name": "a"})).await;
    let other = format!("qd-{}", "A".repeat(43));
    let cut = &secret(&key)[..45];
    for text in ["", "qd-", "Bearer", cut, &other, &secret(&key).to_lowercase(), &format!("{} ", secret(&key)), "qd-\0"]
    {
        assert_eq!(app.state.services.keys.authenticate(text, app.clock.now()).await.unwrap(), None, "{text:?}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn sixty_requests_at_once_on_two_servers_fit_a_limit_of_thirty_exactly(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let other = second_server(&pool).await;
    let ada = app.member("ada@example.org").await;
    let key = make(&ada, json!({"name": "a", "requests_per_minute": 30})).await;
    let known = authenticate(&app, &key).await.unwrap();
    app.clock.advance(TimeDelta::milliseconds(12_500));
    let now = app.clock.now();
    let burst = async |now| {
        let takes = (0..60).map(|n| {
            let server = if n % 2 == 0 { &app } else { &other };
            server.state.services.keys.take(&known, now)
        });
        futures::future::join_all(takes).await
    };
    let answers = burst(now).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 30);
    assert!(answers.iter().filter_map(|answer| answer.err()).all(|wait| wait == Duration::from_millis(47_500)));
    assert!(burst(now).await.iter().all(Result::is_err));

    // A larger limit holds at once, and so does the next minute.
    let more = AuthorizedKey { requests_per_minute: Some(31), ..known.clone() };
    assert_eq!(app.state.services.keys.take(&more, now).await, Ok(()));
    assert!(app.state.services.keys.take(&more, now).await.is_err());
    assert_eq!(burst(now + TimeDelta::minutes(1)).await.iter().filter(|answer| answer.is_ok()).count(), 30);
    // A server whose clock is behind counts in the minute that the others have begun.
    assert!(other.state.services.keys.take(&known, now).await.is_err());
    let unlimited = AuthorizedKey { requests_per_minute: None, ..known };
    assert_eq!(app.state.services.keys.take(&unlimited, now).await, Ok(()));
}

#[sqlx::test(migrations = "../migrations")]
async fn while_the_database_is_away_known_keys_work_and_limits_hold(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let key = make(&ada, json!({"name": "a", "requests_per_minute": 3})).await;
    let stranger = make(&ada, json!({"name": "b"})).await;
    let known = authenticate(&app, &key).await.unwrap();
    app.pool.close().await;
    app.clock.advance(TimeDelta::seconds(60));
    assert_eq!(authenticate(&app, &key).await, Some(known.clone()));
    let taken = futures::future::join_all((0..10).map(|_| app.state.services.keys.take(&known, app.clock.now()))).await;
    assert_eq!(taken.iter().filter(|answer| answer.is_ok()).count(), 3);
    // Who was not known is not refused as unknown.
    let error = app.state.services.keys.authenticate(secret(&stranger), app.clock.now()).await.unwrap_err();
    assert!(error.is_database_away());
    app.clock.advance(TimeDelta::minutes(5));
    assert!(app.state.services.keys.authenticate(secret(&key), app.clock.now()).await.is_err(), "not for ever");
}

#[sqlx::test(migrations = "../migrations")]
async fn the_time_of_the_last_use_is_written_and_never_goes_back(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let key = make(&ada, json!({"name": "a"})).await;
    let id = KeyId(key["id"].as_str().unwrap().parse().unwrap());
    let used = Utc.with_ymd_and_hms(2026, 11, 21, 10, 0, 7).unwrap();
    for at in [used - TimeDelta::seconds(5), used, used - TimeDelta::seconds(3)] {
        app.state.services.keys.touch(id, at);
    }
    app.state.services.keys.write_last_used().await.unwrap();
    let last_used = async || ada.send(Method::GET, &path(&key), None).await.1["last_used_at"].clone();
    assert_eq!(last_used().await, "2026-11-21T10:00:07Z");
    app.state.services.keys.touch(id, used - TimeDelta::seconds(1));
    app.state.services.keys.write_last_used().await.unwrap();
    assert_eq!(last_used().await, "2026-11-21T10:00:07Z");

    // By itself, within a few seconds.
    app.state.services.keys.touch(id, used + TimeDelta::seconds(1));
    eventually("it is written", || async { last_used().await == "2026-11-21T10:00:08Z" }).await;
}

/// Posts the page's form as a browser without script does.
async fn post_form(member: &Member<'_>, page: &str, fields: &[(&str, &str)]) -> (StatusCode, String, String) {
    let answer = member.form(page, fields).send().await.unwrap();
    let status = answer.status();
    let location = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    (status, location, answer.text().await.unwrap())
}

async fn page(member: &Member<'_>, path: &str) -> (StatusCode, String) {
    let answer = member.request(Method::GET, path).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

/// The value of a field of the page's form.
fn field<'a>(html: &'a str, name: &str) -> &'a str {
    let rest = html.split_once(&format!("name=\"{name}\" value=\"")).expect("the field").1;
    rest.split_once('"').unwrap().0
}

#[sqlx::test(migrations = "../migrations")]
async fn the_page_makes_a_key_without_script_and_shows_its_secret_once(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let (status, html) = page(&ada, "/keys").await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("No key yet") && html.contains("/v1/chat/completions"), "{html}");
    let id = field(&html, "id").to_owned();
    let fields = [
        ("id", id.as_str()),
        ("name", "<b>CI</b>"),
        ("requests_per_minute", "60"),
        ("model", MODELS[0]),
        ("model", MODELS[2]),
    ];

    let (status, _, html) = post_form(&ada, "/keys", &fields).await;
    assert_eq!(status, StatusCode::OK);
    let secret = html.split_once("id=\"secret\">").expect("the secret").1[..46].to_owned();
    assert!(html.contains("&lt;b>CI&lt;/b>") || html.contains("&lt;b&gt;CI&lt;/b&gt;"), "{html}");
    let known = app.state.services.keys.authenticate(&secret, app.clock.now()).await.unwrap().unwrap();
    assert_eq!(known.id.to_string(), id);
    assert_eq!((known.models.unwrap().len(), known.requests_per_minute), (2, Some(60)));

    // Loading the answer anew makes no second key and tells nothing.
    let (status, _, html) = post_form(&ada, "/keys", &fields).await;
    assert_eq!((status, html.contains(&secret[10..])), (StatusCode::CONFLICT, false));
    assert_eq!(app.count("api_keys").await, 1);
    let (_, html) = page(&ada, "/keys").await;
    assert!(html.contains(&secret[..10]) && !html.contains(&secret[10..]));
}

#[sqlx::test(migrations = "../migrations")]
async fn the_page_keeps_what_was_typed_when_it_says_no(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let id = "01936b2e-0000-7000-8000-000000000001";
    let fields = [("id", id), ("name", "My \"program\""), ("requests_per_minute", "many")];
    let (status, _, html) = post_form(&ada, "/keys", &fields).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("My &quot;program&quot;") && html.contains("whole number"), "{html}");
    assert_eq!(post_form(&ada, "/keys", &[("name", "a")]).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(app.count("api_keys").await, 0);

    let nobody = form(app.request(Method::POST, "/keys"), &fields).send().await.unwrap();
    assert_eq!(
        (nobody.status(), &nobody.headers()["location"]),
        (StatusCode::SEE_OTHER, &"/sign-in?next=/keys".parse().unwrap())
    );
    let elsewhere = ada.form("/keys", &fields).header("sec-fetch-site", "cross-site");
    assert_eq!(elsewhere.send().await.unwrap().status(), StatusCode::FORBIDDEN);
    let json = ada.request(Method::POST, "/keys").json(&json!({"name": "a"})).send().await.unwrap();
    assert_eq!(json.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let large = "x".repeat(300_000);
    assert_eq!(post_form(&ada, "/keys", &[("name", &large)]).await.0, StatusCode::PAYLOAD_TOO_LARGE);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_page_changes_and_revokes_a_key_without_script(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let key = make(&ada, json!({"name": "first", "models": [MODELS[0]], "requests_per_minute": 5})).await;
    let id = key["id"].as_str().unwrap();
    let (_, html) = page(&ada, &format!("/keys?change={id}")).await;
    assert_eq!((field(&html, "id"), field(&html, "name"), field(&html, "requests_per_minute")), (id, "first", "5"));

    let fields = [("id", id), ("change", "1"), ("name", "second"), ("requests_per_minute", "")];
    let (status, location, _) = post_form(&ada, "/keys", &fields).await;
    assert_eq!((status, location), (StatusCode::SEE_OTHER, format!("/keys?saved={id}")));
    let (_, changed) = ada.send(Method::GET, &path(&key), None).await;
    assert_eq!((&changed["name"], &changed["models"]), (&json!("second"), &Value::Null));
    assert_eq!(changed["requests_per_minute"], Value::Null);
    let eve = app.member("eve@example.org").await;
    assert_eq!(post_form(&eve, "/keys", &fields).await.0, StatusCode::NOT_FOUND);

    let revoke = ada.form("/_server/revoke-key", &[("id", id)]);
    let answer = revoke.send().await.unwrap();
    assert_eq!((answer.status(), &answer.headers()["location"]), (StatusCode::FOUND, &"/keys".parse().unwrap()));
    let (_, html) = page(&ada, "/keys").await;
    assert!(html.contains("Revoked keys") && html.contains("No key yet"));
    assert_eq!(authenticate(&app, &key).await, None);
}
