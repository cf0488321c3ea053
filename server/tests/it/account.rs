//! Signing up, in and out, through the router.

use std::{num::NonZeroU32, time::Duration};

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use chrono::TimeDelta;
use crypto::Field;
use domain::accounts::{Role, SignUpMode};
use foundation::clock::Clock;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use services::accounts::{LimitSettings, Outcome, Rate};
use sqlx::PgPool;
use tower::ServiceExt;

use crate::support::{
    app::eventually,
    site::{Answer, EMAIL, PASSWORD, Site, post, unlimited},
};

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn signing_up_makes_an_account_and_signs_it_in(pool: PgPool) {
    let site = Site::new(pool).await;
    let answer = site.sign_up(" Ada@Example.org ").await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    assert_eq!(answer.json()["email"], "Ada@Example.org");
    assert_eq!(answer.json()["role"], "member");
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    let set = answer.headers[header::SET_COOKIE].to_str().expect("ASCII");
    assert!(set.starts_with("quadrille=") && set.contains("HttpOnly") && set.contains("SameSite=Lax"), "{set}");

    let me = site.me(&answer.cookie()).await;
    assert_eq!((me.status, me.json()), (StatusCode::OK, answer.json()));
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn over_https_only_the_host_bound_cookie_counts(pool: PgPool) {
    let site = Site::with(pool, SignUpMode::Open, "https://quadrille.example", unlimited()).await;
    let answer = site.sign_up(EMAIL).await;
    let set = answer.headers[header::SET_COOKIE].to_str().expect("ASCII");
    assert!(set.starts_with("__Host-quadrille=") && set.contains("; Secure; Path=/;"), "{set}");
    assert_eq!(site.me(&answer.cookie()).await.status, StatusCode::OK);
    site.me(&format!("quadrille={}", answer.token())).await.is_problem(401, "unauthenticated");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn an_unknown_account_a_wrong_password_and_a_disabled_account_get_the_same_answer(pool: PgPool) {
    let site = Site::new(pool).await;
    for email in [EMAIL, "gone@example.org"] {
        site.sign_up(email).await;
    }
    sqlx::query("UPDATE users SET disabled_at = now() WHERE email LIKE 'gone@%'")
        .execute(&site.pool)
        .await
        .expect("disables");
    let wrong = site.sign_in(EMAIL, "not the password").await;
    wrong.is_problem(401, "wrong_credentials");
    assert!(wrong.headers.contains_key(header::WWW_AUTHENTICATE));
    for (email, password) in [
        ("nobody@example.org", PASSWORD),
        ("gone@example.org", PASSWORD),
        ("no address", "x"),
        ("a\u{0}@b.de", ""),
        ("", ""),
    ] {
        let other = site.sign_in(email, password).await;
        assert_eq!((other.status, &other.text), (wrong.status, &wrong.text), "{email}");
        assert!(!other.headers.contains_key(header::SET_COOKIE));
    }
    assert_eq!(site.sign_in("ADA@example.ORG", PASSWORD).await.status, StatusCode::OK);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn an_address_has_one_account_whatever_its_case(pool: PgPool) {
    let site = Site::new(pool).await;
    site.sign_up(EMAIL).await;
    let document = site.sign_up("ADA@EXAMPLE.ORG").await.is_problem(422, "invalid");
    assert_eq!((&document["errors"][0]["field"], &document["errors"][0]["code"]), (&json!("email"), &json!("taken")));

    let at_once = (0..6).map(|_| site.sign_up("bob@example.org"));
    let made = futures::future::join_all(at_once).await;
    assert_eq!(made.iter().filter(|answer| answer.status == StatusCode::CREATED).count(), 1);
    assert!(made.iter().all(|answer| [201, 422].contains(&answer.status.as_u16())));
    assert_eq!((site.count("users").await, site.count("sign_ins").await), (2, 2));
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_bad_sign_up_names_every_field_and_writes_nothing(pool: PgPool) {
    let site = Site::new(pool).await;
    let sign_up = async |body: Value| site.post("/api/auth/sign-up", body).await;
    let document = sign_up(json!({"email": "ada", "password": "short"})).await.is_problem(422, "invalid");
    let fields: Vec<_> = document["errors"].as_array().expect("a list").iter().map(|error| &error["field"]).collect();
    assert_eq!(fields, ["email", "password"]);
    for (body, field) in [
        (json!({"email": EMAIL}), "password"),
        (json!({"email": EMAIL, "password": 1_234_567_890}), "password"),
        (json!({"email": EMAIL, "password": PASSWORD, "role": "admin"}), "role"),
        (json!({"email": "a\u{0}@b.de", "password": PASSWORD}), "email"),
        (json!({"email": EMAIL, "password": "x".repeat(201)}), "password"),
        (json!([EMAIL, PASSWORD]), ""),
    ] {
        let document = sign_up(body).await.is_problem(422, "invalid");
        assert_eq!(document["errors"][0]["field"], field);
    }
    let raw = async |content_type: &str, body: String| {
        let request = Request::post("/api/auth/sign-up").header(header::CONTENT_TYPE, content_type).body(body.into());
        site.send(request.expect("a request")).await
    };
    let good = json!({"email": EMAIL, "password": PASSWORD}).to_string();
    raw("text/plain", good.clone()).await.is_problem(415, "unsupported_media_type");
    raw("application/x-www-form-urlencoded", good.clone()).await.is_problem(415, "unsupported_media_type");
    raw("application/json", good[..20].to_owned()).await.is_problem(400, "malformed");
    raw("application/json", String::new()).await.is_problem(400, "malformed");
    let large = json!({"email": EMAIL, "password": "x".repeat(20_000)}).to_string();
    raw("application/json", large).await.is_problem(413, "too_large");
    assert_eq!(site.count("users").await, 0);
    assert_eq!(raw("application/json; charset=utf-8", good).await.status, StatusCode::CREATED);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_closed_site_takes_nobody(pool: PgPool) {
    let site = Site::with(pool, SignUpMode::Closed, "http://127.0.0.1", unlimited()).await;
    site.sign_up(EMAIL).await.is_problem(403, "forbidden");
    assert_eq!(site.count("users").await, 0);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn an_invitation_lets_one_account_in(pool: PgPool) {
    let site = Site::with(pool, SignUpMode::Invite, "http://127.0.0.1", unlimited()).await;
    let invite = async |email: Option<&str>, role| {
        let invite = site.accounts.create_invite(email.map(str::to_owned), role, None, TimeDelta::days(7)).await;
        invite.expect("an invitation").expose_secret().to_owned()
    };
    let sign_up = async |email: &str, invite: &str| {
        site.post("/api/auth/sign-up", json!({"email": email, "password": PASSWORD, "invite": invite})).await
    };
    let refused = |answer: Answer| assert_eq!(answer.is_problem(422, "invalid")["errors"][0]["field"], "invite");

    refused(site.sign_up(EMAIL).await);
    refused(sign_up(EMAIL, "nonsense").await);
    refused(sign_up(EMAIL, &"A".repeat(43)).await);
    let bound = invite(Some("Ada@example.org"), Role::Admin).await;
    refused(sign_up("eve@example.org", &bound).await);
    let answer = sign_up(EMAIL, &bound).await;
    assert_eq!((answer.status, &answer.json()["role"]), (StatusCode::CREATED, &json!("admin")));
    refused(sign_up("eve@example.org", &bound).await);

    let anybody = invite(None, Role::Member).await;
    let names: Vec<_> = (0..5).map(|n| format!("friend{n}@example.org")).collect();
    let at_once = futures::future::join_all(names.iter().map(|name| sign_up(name, &anybody))).await;
    assert_eq!(at_once.iter().filter(|answer| answer.status == StatusCode::CREATED).count(), 1);
    assert_eq!(site.count("users").await, 2);

    let late = invite(None, Role::Member).await;
    site.clock.advance(TimeDelta::days(7));
    refused(sign_up("late@example.org", &late).await);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn the_database_does_not_know_tokens_or_passwords(pool: PgPool) {
    let site = Site::new(pool).await;
    let token = site.sign_up(EMAIL).await.token();
    assert_eq!(token.len(), 43);
    let dump: String = sqlx::query_scalar(
        "SELECT string_agg(line, ' ')
         FROM (SELECT users::text AS line FROM users UNION ALL SELECT sign_ins::text FROM sign_ins) AS lines",
    )
    .fetch_one(&site.pool)
    .await
    .expect("reads");
    assert!(dump.contains("$argon2id$") && dump.contains(EMAIL));
    let hex: String = token.bytes().map(|byte| format!("{byte:02x}")).collect();
    assert!(!dump.contains(&token) && !dump.contains(&hex) && !dump.contains(PASSWORD));
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn every_sign_in_brings_a_new_token_and_ends_the_one_before(pool: PgPool) {
    let site = Site::new(pool).await;
    let first = site.sign_up(EMAIL).await.cookie();
    let body = json!({"email": EMAIL, "password": PASSWORD});
    let second = site.post_as(&first, "/api/auth/sign-in", body.clone()).await.cookie();
    assert_ne!(first, second);
    site.me(&first).await.is_problem(401, "unauthenticated");
    assert_eq!(site.me(&second).await.status, StatusCode::OK);

    // A token planted in the browser before signing in is worth nothing afterwards.
    let planted = format!("quadrille={}", "A".repeat(43));
    let third = site.post_as(&planted, "/api/auth/sign-in", body).await.cookie();
    assert_ne!(third, planted);
    site.me(&planted).await.is_problem(401, "unauthenticated");
    // Another browser stays signed in.
    assert_eq!(site.me(&second).await.status, StatusCode::OK);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn signing_out_ends_the_sign_in_and_clears_the_cookie(pool: PgPool) {
    let site = Site::new(pool).await;
    let cookie = site.sign_up(EMAIL).await.cookie();
    for _ in 0..2 {
        let out = site.post_as(&cookie, "/api/auth/sign-out", Value::Null).await;
        assert_eq!(out.status, StatusCode::NO_CONTENT);
        assert!(out.headers[header::SET_COOKIE].to_str().expect("ASCII").contains("Max-Age=0"));
        site.me(&cookie).await.is_problem(401, "unauthenticated");
    }
    assert_eq!(site.post("/api/auth/sign-out", Value::Null).await.status, StatusCode::NO_CONTENT);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_sign_in_ends_after_thirty_days(pool: PgPool) {
    let site = Site::new(pool).await;
    let cookie = site.sign_up(EMAIL).await.cookie();
    site.clock.advance(TimeDelta::days(30) - TimeDelta::seconds(1));
    assert_eq!(site.me(&cookie).await.status, StatusCode::OK);
    site.clock.advance(TimeDelta::seconds(1));
    site.me(&cookie).await.is_problem(401, "unauthenticated");
    assert_eq!(site.accounts.sweep().await.expect("sweeps"), 1);
    assert_eq!(site.count("sign_ins").await, 0);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_visit_is_recorded_once_in_five_minutes(pool: PgPool) {
    let site = Site::new(pool).await;
    let cookie = site.sign_up(EMAIL).await.cookie();
    let start = site.clock.now();
    let last_seen = async || -> chrono::DateTime<chrono::Utc> {
        sqlx::query_scalar("SELECT last_seen_at FROM sign_ins").fetch_one(&site.pool).await.expect("reads")
    };
    site.clock.advance(TimeDelta::minutes(4));
    site.me(&cookie).await;
    assert_eq!(last_seen().await, start);
    site.clock.advance(TimeDelta::minutes(1));
    site.me(&cookie).await;
    assert_eq!(last_seen().await, start + TimeDelta::minutes(5));
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_disabled_member_is_out_with_the_next_request(pool: PgPool) {
    let site = Site::new(pool).await;
    let cookie = site.sign_up(EMAIL).await.cookie();
    sqlx::query("UPDATE users SET disabled_at = now()").execute(&site.pool).await.expect("disables");
    site.me(&cookie).await.is_problem(401, "unauthenticated");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_member_has_at_most_fifty_sign_ins(pool: PgPool) {
    let site = Site::new(pool).await;
    let first = site.sign_up(EMAIL).await.cookie();
    sqlx::query(
        "INSERT INTO sign_ins SELECT sha256(n::text::bytea), id, $1, $1, $1 + interval '1 day', ''
         FROM users, generate_series(1, 60) n",
    )
    .bind(site.clock.now() + TimeDelta::seconds(1))
    .execute(&site.pool)
    .await
    .expect("many sign-ins");
    site.clock.advance(TimeDelta::minutes(1));
    let newest = site.sign_in(EMAIL, PASSWORD).await.cookie();
    assert_eq!(site.count("sign_ins").await, 50);
    site.me(&first).await.is_problem(401, "unauthenticated");
    assert_eq!(site.me(&newest).await.status, StatusCode::OK);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn guessing_a_password_is_slowed_down_for_that_account_alone(pool: PgPool) {
    let limits = LimitSettings { address: unlimited().address, ..LimitSettings::default() };
    let site = Site::with(pool, SignUpMode::Open, "http://127.0.0.1", limits).await;
    site.sign_up("bob@example.org").await;
    for guess in 0..10 {
        site.sign_in(EMAIL, &format!("guess {guess}")).await.is_problem(401, "wrong_credentials");
    }
    let limited = site.sign_in(EMAIL, "guess 10").await;
    let document = limited.is_problem(429, "rate_limited");
    let seconds: u64 = limited.headers[header::RETRY_AFTER].to_str().expect("ASCII").parse().expect("seconds");
    assert!((1..=6).contains(&seconds));
    assert_eq!(document["retry_after_s"], seconds);
    assert_eq!(site.sign_in("bob@example.org", PASSWORD).await.status, StatusCode::OK);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn one_address_cannot_try_many_accounts_and_a_header_does_not_change_its_address(pool: PgPool) {
    let three = Rate { burst: NonZeroU32::new(3).expect("three"), period: Duration::from_secs(60) };
    let limits = LimitSettings { address: three, ..unlimited() };
    let site = Site::with(pool, SignUpMode::Open, "http://127.0.0.1", limits).await;
    let mut limited = 0;
    for n in 0..6 {
        let body = json!({"email": format!("u{n}@example.org"), "password": "wrong password"}).to_string();
        let request = post("/api/auth/sign-in").header("x-forwarded-for", format!("198.51.100.{n}")).body(body.into());
        limited += u32::from(site.send(request.expect("a request")).await.status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(limited, 3);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_state_change_from_another_site_is_refused(pool: PgPool) {
    let site = Site::new(pool).await;
    let cookie = site.sign_up(EMAIL).await.cookie();
    let out = async |name: &str, value: &str| {
        let request = post("/api/auth/sign-out").header(header::COOKIE, &cookie).header(header::HOST, "127.0.0.1:3000");
        site.send(request.header(name, value).body(Body::empty()).expect("a request")).await
    };
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://127.0.0.1:3001"),
    ] {
        let refused = out(name, value).await;
        assert_eq!(
            (refused.status, &refused.json()["code"]),
            (StatusCode::FORBIDDEN, &json!("cross_origin")),
            "{name}: {value}"
        );
        assert_eq!(refused.headers[header::CONTENT_TYPE], "application/problem+json");
    }
    assert_eq!(site.me(&cookie).await.status, StatusCode::OK);

    let by_get = site.get_as(&cookie, "/api/auth/sign-out").await;
    by_get.is_problem(405, "method_not_allowed");
    assert_eq!(by_get.headers[header::ALLOW], "POST");
    assert_eq!(site.me(&cookie).await.status, StatusCode::OK);

    assert_eq!(out("origin", "http://127.0.0.1:3000").await.status, StatusCode::NO_CONTENT);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn unknown_paths_and_panics_are_problem_documents_too(pool: PgPool) {
    let site = Site::new(pool).await;
    for path in ["/api", "/api/", "/api/nothing/here", "/api/auth"] {
        site.get_as("", path).await.is_problem(404, "not_found");
    }
    let panic = site.get_as("", "/api/panic").await;
    panic.is_problem(500, "internal");
    assert!(!panic.text.contains("on purpose"));
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn nobody_is_signed_in_by_a_cookie_that_is_nonsense(pool: PgPool) {
    let site = Site::new(pool).await;
    site.sign_up(EMAIL).await;
    for cookie in ["", "quadrille=", "quadrille=x", "quadrille=%00", "quadrille='; DROP TABLE users; --", "other=1"] {
        site.me(cookie).await.is_problem(401, "unauthenticated");
    }
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_database_that_is_away_signs_nobody_out(pool: PgPool) {
    let site = Site::new(pool).await;
    let cookie = site.sign_up(EMAIL).await.cookie();
    site.pool.close().await;
    let away = site.me(&cookie).await;
    away.is_problem(503, "unavailable");
    assert!(away.headers.contains_key(header::RETRY_AFTER));
    site.sign_in(EMAIL, PASSWORD).await.is_problem(503, "unavailable");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn the_first_admin_is_made_once(pool: PgPool) {
    let site = Site::new(pool).await;
    let ensure =
        async |email: &str| site.accounts.ensure_admin(email, SecretString::from(PASSWORD)).await.expect("ensures");
    assert_eq!(ensure("root@example.org").await.map(|made| made.outcome), Some(Outcome::Created));
    assert!(ensure("other@example.org").await.is_none());
    let cookie = site.sign_in("root@example.org", PASSWORD).await.cookie();
    assert_eq!(site.get_as(&cookie, "/api/admin/hello").await.json()["role"], "admin");

    let member = site.sign_up(EMAIL).await.cookie();
    site.get_as(&member, "/api/admin/hello").await.is_problem(403, "forbidden");
    site.get_as("", "/api/admin/hello").await.is_problem(401, "unauthenticated");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn an_admin_made_by_hand_gets_a_password_that_works(pool: PgPool) {
    let site = Site::new(pool).await;
    let made = site.accounts.create_admin("root@example.org", None).await.expect("makes");
    let password = made.generated_password.expect("a password");
    assert_eq!(site.sign_in("root@example.org", password.expose_secret()).await.json()["role"], "admin");
    assert!(site.accounts.create_admin("nonsense", None).await.is_err());
    assert!(site.accounts.create_admin(EMAIL, Some(SecretString::from("short"))).await.is_err());
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn an_account_that_becomes_admin_is_signed_out_everywhere_and_keeps_its_data_key(pool: PgPool) {
    let site = Site::new(pool).await;
    let answer = site.sign_up(EMAIL).await;
    let id = domain::UserId(answer.json()["id"].as_str().expect("an id").parse().expect("a UUID"));
    let field = Field { table: "t", column: "c", row: id.0 };
    let sealed = site.accounts.data_key(id).await.expect("a key").encrypt(field, "mine").expect("seals");

    let made = site
        .accounts
        .create_admin("ADA@example.org", Some(SecretString::from("another password")))
        .await
        .expect("makes");
    assert_eq!((made.id, made.outcome), (id, Outcome::Updated));
    site.me(&answer.cookie()).await.is_problem(401, "unauthenticated");
    site.sign_in(EMAIL, PASSWORD).await.is_problem(401, "wrong_credentials");
    assert_eq!(site.sign_in(EMAIL, "another password").await.json()["role"], "admin");
    assert_eq!(site.accounts.data_key(id).await.expect("a key").decrypt(field, &sealed).expect("opens"), "mine");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn callers_who_hang_up_leave_no_transaction_open(pool: PgPool) {
    let site = Site::new(pool).await;
    site.sign_up(EMAIL).await;
    for n in 0..60_u64 {
        let router = site.router.clone();
        let body = if n % 2 == 0 {
            ("/api/auth/sign-in", json!({"email": EMAIL, "password": PASSWORD}))
        } else {
            ("/api/auth/sign-up", json!({"email": format!("u{n}@example.org"), "password": PASSWORD}))
        };
        let request = post(body.0).body(Body::from(body.1.to_string())).expect("a request");
        let call = tokio::spawn(async move { router.oneshot(request).await });
        tokio::time::sleep(Duration::from_millis(n * 7 % 80)).await;
        call.abort();
    }
    let count = async |statement: &'static str| -> i64 {
        sqlx::query_scalar(statement).fetch_one(&site.pool).await.expect("counts")
    };
    // What a caller left behind runs on without him, and ends.
    let open = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    eventually("no transaction is open", async || count(open).await == 0).await;
    // An account without a sign-in would be half of a sign-up.
    let halves = count("SELECT count(*) FROM users WHERE NOT EXISTS (SELECT FROM sign_ins WHERE user_id = users.id)");
    assert_eq!(halves.await, 0);
    assert_eq!(site.sign_in(EMAIL, PASSWORD).await.status, StatusCode::OK);
}
