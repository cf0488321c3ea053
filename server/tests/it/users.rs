//! Accounts as admins see and change them.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    admin::codes,
    app::{PASSWORD, TestApp},
};

const ALL: &str = "/api/admin/users";

async fn id_of(app: &TestApp, email: &str) -> String {
    let id: uuid::Uuid =
        sqlx::query_scalar("SELECT id FROM users WHERE email = $1").bind(email).fetch_one(&app.pool).await.unwrap();
    format!("{ALL}/{id}")
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn disabling_ends_sign_ins_and_keys_at_once_and_enabling_lets_in_again(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let ada = app.member("ada@example.org").await;
    let (status, key) = ada.post("/api/keys", json!({"name": "mine"})).await;
    assert_eq!(status, StatusCode::CREATED, "{key}");
    let secret = key["secret"].as_str().unwrap().to_owned();
    let now = foundation::clock::Clock::now(&app.clock);
    assert!(app.state.services.keys.authenticate(&secret, now).await.unwrap().is_some());

    let one = id_of(&app, "ada@example.org").await;
    assert_eq!(admin.patch(&one, json!({"is_disabled": true})).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ada.send(Method::GET, "/api/auth/me", None).await.0, StatusCode::UNAUTHORIZED);
    crate::support::app::eventually("the key is worth nothing", || async {
        app.state.services.keys.authenticate(&secret, now).await.unwrap().is_none()
    })
    .await;
    let form = json!({"email": "ada@example.org", "password": PASSWORD});
    let sign_in = || app.request(Method::POST, "/api/auth/sign-in").json(&form).send();
    assert_eq!(sign_in().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(admin.patch(&one, json!({"is_disabled": false})).await.0, StatusCode::NO_CONTENT);
    assert_eq!(sign_in().await.unwrap().status(), StatusCode::OK);
    assert_eq!(
        ada.send(Method::GET, "/api/auth/me", None).await.0,
        StatusCode::UNAUTHORIZED,
        "the old sign-in stays ended"
    );
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_role_counts_from_the_next_request_on(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let ada = app.member("ada@example.org").await;
    let one = id_of(&app, "ada@example.org").await;
    assert_eq!(ada.send(Method::GET, ALL, None).await.0, StatusCode::FORBIDDEN);
    assert_eq!(admin.patch(&one, json!({"role": "admin"})).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ada.get(ALL).await["users"].as_array().unwrap().len(), 2);
    assert_eq!(admin.patch(&one, json!({"role": "member"})).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ada.send(Method::GET, ALL, None).await.0, StatusCode::FORBIDDEN);
    assert_eq!(admin.patch(&one, json!({"role": "king"})).await.0, StatusCode::UNPROCESSABLE_ENTITY);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn nobody_locks_the_door_from_outside(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (root, other) = (app.admin("root@example.org").await, app.admin("other@example.org").await);
    let (root_id, other_id) = (id_of(&app, "root@example.org").await, id_of(&app, "other@example.org").await);
    for (status, problem) in [
        root.patch(&root_id, json!({"role": "member"})).await,
        root.patch(&root_id, json!({"is_disabled": true})).await,
        root.delete(&root_id).await,
    ] {
        assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    }
    // Each removes the other at the same moment; one of them stays.
    let (demote, off) = (json!({"role": "member"}), json!({"is_disabled": true}));
    let (first, second) = tokio::join!(root.patch(&other_id, demote), other.patch(&root_id, off));
    let admins: i64 = sqlx::query_scalar("SELECT count(*) FROM users WHERE role = 'admin' AND disabled_at IS NULL")
        .fetch_one(&app.pool)
        .await
        .unwrap();
    assert_eq!(admins, 1, "{first:?} {second:?}");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn deleting_takes_everything_along(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let ada = app.member("ada@example.org").await;
    ada.compare("Hello", &["fake/one"]).await;
    let one = id_of(&app, "ada@example.org").await;
    assert_eq!(admin.delete(&one).await.0, StatusCode::NO_CONTENT);
    assert_eq!(admin.delete(&one).await.0, StatusCode::NOT_FOUND);
    assert_eq!((app.count("users").await, app.count("playground_sessions").await), (1, 0));
    assert_eq!(ada.send(Method::GET, "/api/auth/me", None).await.0, StatusCode::UNAUTHORIZED);
    let log = admin.get("/api/admin/audit").await;
    assert_eq!(
        (&log["entries"][0]["action"], &log["entries"][0]["subject"]),
        (&json!("user.delete"), &json!("ada@example.org"))
    );
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn an_invitation_is_told_once_and_lets_one_account_in(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let (status, invitation) =
        admin.post("/api/admin/invites", json!({"email": "new@example.org", "role": "admin", "days": 2})).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(invitation["expires_at"], "2026-11-23T10:00:00Z");
    let url = invitation["url"].as_str().unwrap();
    let token = url.split_once("/sign-up?invite=").unwrap().1;
    let log = admin.get("/api/admin/audit").await.to_string();
    assert!(log.contains("invite.create") && !log.contains(token), "{log}");
    let form = |email: &str| json!({"email": email, "password": PASSWORD, "invite": token});
    let answer = app.request(Method::POST, "/api/auth/sign-up").json(&form("else@example.org")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let member = app.sign_up(form("new@example.org")).await;
    assert_eq!(member.get("/api/auth/me").await["role"], "admin");
    for (request, code) in [
        (json!({"days": 0}), "out_of_range"),
        (json!({"days": 91}), "out_of_range"),
        (json!({"email": "nobody"}), "invalid"),
    ] {
        let (status, problem) = admin.post("/api/admin/invites", request).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        let found = codes(&problem)[0];
        assert!(found == code || problem["errors"][0]["field"] == "email", "{problem}");
    }
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_long_list_is_read_page_by_page(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    sqlx::query(
        "INSERT INTO users (id, email, password_hash, role, wrapped_dek, dek_key_version, created_at)
         SELECT gen_random_uuid(), 'u' || lpad(n::text, 4, '0') || '@example.org', 'x', 'member', 'x', 1, now()
         FROM generate_series(1, 250) AS n",
    )
    .execute(&app.pool)
    .await
    .unwrap();
    let first = admin.get(ALL).await;
    assert_eq!(first["users"].as_array().unwrap().len(), 200);
    let next = first["next"].as_str().unwrap();
    let rest = admin.get(&format!("{ALL}?after={next}")).await;
    assert_eq!((rest["users"].as_array().unwrap().len(), &rest["next"]), (51, &Value::Null));
}
