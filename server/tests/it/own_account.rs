//! What somebody does with their own account, through the router, on a real database, on two servers.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    app::{MODELS, Member, PASSWORD, TestApp, eventually},
    fake_upstream::{Behaviour, FakeUpstream},
};

const ONE: &str = MODELS[0];
const EMAIL: &str = "ada@example.org";
const NEW: &str = "another horse entirely";

async fn sign_in(app: &TestApp, password: &str) -> (StatusCode, String) {
    let form = json!({"email": EMAIL, "password": password});
    let answer = app.request(Method::POST, "/api/auth/sign-in").json(&form).send().await.unwrap();
    let cookie = answer.headers().get("set-cookie").map_or("", |set| set.to_str().unwrap().split(';').next().unwrap());
    (answer.status(), cookie.to_owned())
}

async fn me(app: &TestApp, cookie: &str) -> StatusCode {
    app.request(Method::GET, "/api/auth/me").header("cookie", cookie).send().await.unwrap().status()
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn another_password_ends_every_sign_in_and_gives_this_one_another(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let other = TestApp::replica(pool, FakeUpstream::start().await).await;
    let ada = app.member(EMAIL).await;
    let (_, elsewhere) = sign_in(&app, PASSWORD).await;
    let body = json!({"password": PASSWORD, "new_password": NEW});
    let answer = ada.request(Method::POST, "/api/auth/password").json(&body).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let fresh = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert_ne!(fresh, ada.cookie);
    for server in [&app, &other] {
        assert_eq!(me(server, &fresh).await, StatusCode::OK);
        for ended in [&ada.cookie, &elsewhere] {
            assert_eq!(me(server, ended).await, StatusCode::UNAUTHORIZED);
        }
    }
    assert_eq!(sign_in(&app, PASSWORD).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(sign_in(&app, NEW).await.0, StatusCode::OK);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_password_is_changed_by_whoever_knows_the_present_one(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member(EMAIL).await;
    for (password, new_password, field) in
        [("not the password", NEW, "password"), ("", NEW, "password"), (PASSWORD, "short", "new_password")]
    {
        let body = json!({"password": password, "new_password": new_password});
        let (status, problem) = ada.post("/api/auth/password", body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
        assert_eq!(problem["errors"][0]["field"], field);
    }
    assert_eq!(me(&app, &ada.cookie).await, StatusCode::OK);
    // Who guesses is stopped like who guesses at the front door: ten attempts at once for an account.
    let wrong = json!({"password": "not the password", "new_password": NEW});
    let mut last = StatusCode::OK;
    for _ in 0..10 {
        last = ada.post("/api/auth/password", wrong.clone()).await.0;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    let (status, _) = ada.post("/api/auth/delete-account", json!({"password": PASSWORD})).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "all of it is one count");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn of_two_who_change_it_at_once_one_has_changed_it(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member(EMAIL).await;
    let change = |new: &str| ada.post("/api/auth/password", json!({"password": PASSWORD, "new_password": new}));
    let (first, second) = tokio::join!(change("the first of the two"), change("the second of the two"));
    assert_eq!(
        [first.0, second.0].iter().filter(|status| **status == StatusCode::OK).count(),
        1,
        "{first:?} {second:?}"
    );
    let counts = [sign_in(&app, "the first of the two").await.0, sign_in(&app, "the second of the two").await.0];
    assert_eq!(counts.iter().filter(|status| **status == StatusCode::OK).count(), 1);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn signing_out_everywhere_is_everywhere_and_nobody_elses(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (ada, bob) = (app.member(EMAIL).await, app.member("bob@example.org").await);
    let (_, elsewhere) = sign_in(&app, PASSWORD).await;
    let answer = ada.request(Method::POST, "/api/auth/sign-out-everywhere").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert!(answer.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    for ended in [&ada.cookie, &elsewhere] {
        assert_eq!(me(&app, ended).await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(me(&app, &bob.cookie).await, StatusCode::OK);
}

/// A member with one of everything: a template, a list, a key, a comparison that is picked and shared. Returns the key's secret
/// and the slug.
async fn with_everything(app: &TestApp, ada: &Member<'_>) -> (String, String) {
    app.upstream.on(ONE, Behaviour::answer("because of the leaves"));
    let template = json!({"name": "My template", "prompt": "Explain {{what}}", "parameters": {"temperature": 0.5}});
    assert_eq!(ada.post("/api/templates", template).await.0, StatusCode::CREATED);
    let route = Some(json!({"models": [ONE]}));
    assert_eq!(ada.send(Method::PUT, "/api/routing", route).await.0, StatusCode::OK);
    let (_, key) = ada.post("/api/keys", json!({"name": "CI"})).await;
    let made = ada.compare("Why autumn?", &[ONE]).await;
    let own = format!("/api/playground/{}", made["id"].as_str().unwrap());
    ada.post(&format!("{own}/pick"), json!({"run_id": made["runs"][0]["id"]})).await;
    let (_, link) = ada.post(&format!("{own}/share"), json!({})).await;
    (key["secret"].as_str().unwrap().to_owned(), link["share_slug"].as_str().unwrap().to_owned())
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn everything_of_a_members_is_in_one_file_and_nothing_of_anybody_elses(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (ada, bob) = (app.member(EMAIL).await, app.member("bob@example.org").await);
    bob.compare("A secret of Bob's", &[ONE]).await;
    let (secret, slug) = with_everything(&app, &ada).await;
    let answer = ada.request(Method::GET, "/api/auth/export").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-disposition"], "attachment; filename=\"quadrille-account.json\"");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let text = answer.text().await.unwrap();
    assert!(!text.contains("Bob") && !text.contains(&secret), "{text}");
    let file: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&file["account"]["email"], &file["account"]["role"]), (&json!(EMAIL), &json!("member")));
    assert_eq!(file["account"]["sign_ins"][0]["is_this"], json!(true));
    assert_eq!((&file["templates"][0]["name"], &file["routing"]["models"]), (&json!("My template"), &json!([ONE])));
    assert_eq!((&file["keys"][0]["name"], &file["keys"][0]["prefix"]), (&json!("CI"), &json!(secret[..10])));
    let made = &file["comparisons"][0];
    assert_eq!((&made["prompt"], &made["picked_run_id"]), (&json!("Why autumn?"), &made["runs"][0]["id"]));
    assert_eq!(made["runs"][0]["response_content"], "because of the leaves");
    assert_eq!((&made["share_slug"], &made["shared_content"]["prompt"]), (&json!(slug), &json!("Why autumn?")));
    assert_eq!(file["comparisons"].as_array().unwrap().len(), 1);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn an_export_holds_more_comparisons_than_the_history_shows(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member(EMAIL).await;
    ada.compare("Hello", &[ONE]).await;
    // Shared ones stay, however many there are.
    sqlx::query(
        "WITH more AS (
             INSERT INTO playground_sessions (id, user_id, prompt_ct, parameters, created_at)
             SELECT gen_random_uuid(), user_id, prompt_ct, parameters, created_at FROM playground_sessions, generate_series(1, 249)
             RETURNING id
         )
         INSERT INTO playground_runs (id, session_id, position, model_public_name, upstream_model, status)
         SELECT gen_random_uuid(), id, 0, 'fake/one', 'fake/one', 'cancelled' FROM more",
    )
    .execute(&app.pool)
    .await
    .unwrap();
    let file = ada.get("/api/auth/export").await;
    let made = file["comparisons"].as_array().unwrap();
    let ids: std::collections::BTreeSet<_> = made.iter().map(|made| made["id"].as_str().unwrap()).collect();
    assert_eq!((made.len(), ids.len()), (250, 250));
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn an_account_that_is_deleted_leaves_nothing_and_is_known_nowhere(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let other = TestApp::replica(pool, FakeUpstream::start().await).await;
    let ada = app.member(EMAIL).await;
    let bob = app.member("bob@example.org").await;
    bob.compare("Bob's own", &[ONE]).await;
    let (secret, slug) = with_everything(&app, &ada).await;
    let shared = format!("/playground/shared/{slug}");
    let now = foundation::clock::Clock::now(&app.clock);
    for server in [&app, &other] {
        assert!(server.state.services.keys.authenticate(&secret, now).await.unwrap().is_some());
        assert_eq!(server.request(Method::GET, &shared).send().await.unwrap().status(), StatusCode::OK);
    }

    let (status, problem) = ada.post("/api/auth/delete-account", json!({"password": "not the password"})).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("password")));
    assert_eq!(ada.post("/api/auth/delete-account", json!({})).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(app.count("users").await, 2, "refusals delete nothing");

    let body = json!({"password": PASSWORD});
    let answer = ada.request(Method::POST, "/api/auth/delete-account").json(&body).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert!(answer.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    for server in [&app, &other] {
        assert_eq!(me(server, &ada.cookie).await, StatusCode::UNAUTHORIZED);
        assert_eq!(server.request(Method::GET, &shared).send().await.unwrap().status(), StatusCode::NOT_FOUND);
        eventually("the key is worth nothing", || async {
            server.state.services.keys.authenticate(&secret, now).await.unwrap().is_none()
        })
        .await;
    }
    assert_eq!(sign_in(&app, PASSWORD).await.0, StatusCode::UNAUTHORIZED);
    for (table, left) in [
        ("users", 1),
        ("playground_sessions", 1),
        ("playground_runs", 1),
        ("playground_templates", 0),
        ("api_keys", 0),
        ("routes", 0),
        ("sign_ins", 1),
    ] {
        assert_eq!(app.count(table).await, left, "{table}");
    }
    let log: String = sqlx::query_scalar("SELECT string_agg(audit_log::text, ' ') FROM audit_log")
        .fetch_one(&app.pool)
        .await
        .unwrap();
    assert!(log.contains("user.delete") && !log.contains(EMAIL), "{log}");
    // The address is free again.
    app.member(EMAIL).await;
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn what_still_runs_is_stopped_with_its_account(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member(EMAIL).await;
    app.upstream.on(ONE, Behaviour::hang_after("so far"));
    let request = ada
        .request(Method::POST, "/api/playground")
        .header("accept", "text/event-stream")
        .json(&json!({"prompt": "Hello", "models": [ONE]}));
    let events = request.send().await.unwrap();
    assert_eq!(ada.post("/api/auth/delete-account", json!({"password": PASSWORD})).await.0, StatusCode::NO_CONTENT);
    // The stream ends, and with it the upstream call.
    assert!(events.text().await.unwrap().contains("session_finished"));
    eventually("the call has ended", || async { app.upstream.journal().iter().all(|entry| entry.ended.is_some()) })
        .await;
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn the_last_admin_stays(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let root = app.admin("root@example.org").await;
    app.member(EMAIL).await;
    let delete = |admin: &Member<'_>| {
        let request = admin.request(Method::POST, "/api/auth/delete-account").json(&json!({"password": PASSWORD}));
        async move { crate::support::app::read(request.send().await.unwrap()).await }
    };
    let (status, problem) = delete(&root).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("No admin would be left"));
    // Of two who leave at the same moment, one stays.
    let second = app.admin("second@example.org").await;
    let (first, second) = tokio::join!(delete(&root), delete(&second));
    assert_eq!([first.0, second.0].iter().filter(|status| **status == StatusCode::NO_CONTENT).count(), 1);
    assert_eq!(app.count("users WHERE role = 'admin'").await, 1);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn an_invitation_that_was_taken_up_does_not_keep_the_address(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let (_, invitation) = admin.post("/api/admin/invites", json!({"email": EMAIL})).await;
    let token = invitation["url"].as_str().unwrap().split_once("invite=").unwrap().1.to_owned();
    let ada = app.sign_up(json!({"email": EMAIL, "password": PASSWORD, "invite": token})).await;
    assert_eq!(app.count("invites WHERE email = 'ada@example.org'").await, 1);
    assert_eq!(ada.post("/api/auth/delete-account", json!({"password": PASSWORD})).await.0, StatusCode::NO_CONTENT);
    assert_eq!(app.count("invites WHERE email = 'ada@example.org'").await, 0);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn without_script_the_forms_do_the_same(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member(EMAIL).await;
    let page = ada.request(Method::GET, "/account").send().await.unwrap().text().await.unwrap();
    for text in [EMAIL, "/_server/change-password", "/_server/sign-out-everywhere", "/_server/delete-account"] {
        assert!(page.contains(text), "{text}");
    }
    let location = |answer: &reqwest::Response| answer.headers()["location"].to_str().unwrap().to_owned();
    let refused = ada
        .form("/_server/change-password", &[("password", "not the password"), ("new_password", NEW)])
        .header("referer", format!("http://{}/account", app.address))
        .send()
        .await
        .unwrap();
    assert!(refused.status().is_redirection());
    let back = location(&refused);
    assert!(back.contains("/account") && !back.contains("not%20the") && !back.contains("horse"), "{back}");
    let path = &back[back.find("/account").unwrap()..];
    let page = ada.request(Method::GET, path).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("This is not the password of this account."), "{page}");

    let done =
        ada.form("/_server/change-password", &[("password", PASSWORD), ("new_password", NEW)]).send().await.unwrap();
    assert_eq!((done.status(), location(&done).as_str()), (StatusCode::FOUND, "/account?done=password"));
    let fresh = done.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(me(&app, &fresh).await, StatusCode::OK);
    let form = |path: &str, fields: &[(&str, &str)]| {
        crate::support::app::form(app.request(Method::POST, path).header("cookie", &fresh), fields).send()
    };
    let gone = form("/_server/delete-account", &[("password", NEW)]).await.unwrap();
    assert_eq!((gone.status(), location(&gone).as_str()), (StatusCode::FOUND, "/sign-in?done=erased"));
    assert_eq!(app.count("users").await, 0);
}
