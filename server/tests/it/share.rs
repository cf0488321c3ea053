//! Sharing and picking, through the router, on a real database, on two servers.

use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    app::{MODELS, Member, TestApp, eventually, read},
    fake_upstream::{Behaviour, FakeUpstream},
};

const ONE: &str = MODELS[0];
const TWO: &str = MODELS[1];

fn share_path(comparison: &Value) -> String {
    format!("/api/playground/{}/share", comparison["id"].as_str().unwrap())
}

fn slug(link: &Value) -> String {
    link["share_slug"].as_str().unwrap().to_owned()
}

async fn page(app: &TestApp, slug: &str) -> (StatusCode, String, bool) {
    let answer = app.request(Method::GET, &format!("/playground/shared/{slug}")).send().await.unwrap();
    let is_hidden = answer.headers().get("x-robots-tag").is_some_and(|value| value == "noindex, nofollow");
    (answer.status(), answer.text().await.unwrap(), is_hidden)
}

/// A comparison of two with a system prompt.
async fn compared(ada: &Member<'_>) -> Value {
    let body = json!({"prompt": "Why <b>autumn</b>?", "system_prompt": "Secret manner.", "models": [ONE, TWO],
        "parameters": {"temperature": 0.7}});
    ada.send(Method::POST, "/api/playground", Some(body)).await.1
}

#[sqlx::test(migrations = "../migrations")]
async fn a_shared_comparison_is_a_page_for_everybody_until_it_is_not(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let other = TestApp::replica(pool, FakeUpstream::start().await).await;
    let ada = app.member("ada@example.org").await;
    app.upstream.on(ONE, Behaviour::answer("because of <script>alert(1)</script> the leaves"));
    app.upstream.on(TWO, Behaviour::answer("no reason"));
    let made = compared(&ada).await;
    let path = share_path(&made);

    let (status, link) = ada.send(Method::POST, &path, None).await;
    assert_eq!(status, StatusCode::OK, "{link}");
    let slug = slug(&link);
    assert_eq!(slug.len(), 22);
    assert!(link["public_url"].as_str().unwrap().ends_with(&format!("/playground/shared/{slug}")));

    // On both servers, without a sign-in, with everything in the HTML.
    for server in [&app, &other] {
        let (status, html, is_hidden) = page(server, &slug).await;
        assert_eq!(status, StatusCode::OK);
        assert!(is_hidden, "search engines are told");
        for text in
            ["Why &lt;b&gt;autumn&lt;/b&gt;?", "Secret manner.", "the leaves", "no reason", ONE, TWO, "temperature 0.7"]
        {
            assert!(html.contains(text), "{text} is missing");
        }
        assert!(html.contains(r#"name="robots""#) && html.contains(r#"content="noindex, nofollow""#));
        assert!(html.contains(r#"property="og:title""#) && html.contains(r#"name="twitter:card""#));
        assert!(!html.contains("<script>alert"), "an answer is text");
        assert!(!html.contains("ada@example.org") && !html.contains(made["id"].as_str().unwrap()));
    }
    let image = |slug: &str| app.request(Method::GET, &format!("/playground/shared/{slug}/image.png"));
    let drawn = image(&slug).send().await.unwrap();
    assert_eq!((drawn.status(), &drawn.headers()["content-type"]), (StatusCode::OK, &"image/png".parse().unwrap()));
    assert!(drawn.bytes().await.unwrap().starts_with(b"\x89PNG"));
    let public = format!("/api/playground/shared/{slug}");
    let (status, shared) = read(app.request(Method::GET, &public).send().await.unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(shared["runs"][1]["response_content"], "no reason");
    assert_eq!((&shared["id"], &shared["runs"][0]["id"]), (&Value::Null, &Value::Null));

    // Its owner's view says so; the row alone says nothing.
    let own = ada.send(Method::GET, &format!("/api/playground/{}", made["id"].as_str().unwrap()), None).await.1;
    assert_eq!((&own["is_shared"], &own["public_url"]), (&json!(true), &link["public_url"]));
    let stored: Vec<u8> =
        sqlx::query_scalar("SELECT share_ct FROM playground_sessions").fetch_one(&app.pool).await.unwrap();
    assert!(!String::from_utf8_lossy(&stored).contains("autumn"));

    // Gone on both with the next request, and back under the same address.
    assert_eq!(ada.send(Method::DELETE, &path, None).await.0, StatusCode::NO_CONTENT);
    let (_, never, _) = page(&app, "AAAAAAAAAAAAAAAAAAAAAA").await;
    for server in [&app, &other] {
        let (status, html, is_hidden) = page(server, &slug).await;
        assert_eq!((status, is_hidden), (StatusCode::NOT_FOUND, true));
        assert!(!html.contains("autumn") && !html.contains("the leaves"));
        assert_eq!(without_nonce(&html), without_nonce(&never), "like one that never was");
    }
    assert_eq!(app.request(Method::GET, &public).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    assert_eq!(image(&slug).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    let (_, again) = ada.send(Method::POST, &path, None).await;
    assert_eq!(again, link);
    assert_eq!(page(&other, &slug).await.0, StatusCode::OK);

    // A new link kills the old one for good; deleting kills the new one.
    let (_, newer) = ada.send(Method::POST, &path, Some(json!({"new_link": true}))).await;
    assert_ne!(newer, link);
    assert_eq!(page(&other, &slug).await.0, StatusCode::NOT_FOUND);
    let newer = newer["share_slug"].as_str().unwrap();
    assert_eq!(page(&other, newer).await.0, StatusCode::OK);
    let own = format!("/api/playground/{}", made["id"].as_str().unwrap());
    assert_eq!(ada.send(Method::DELETE, &own, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(page(&other, newer).await.0, StatusCode::NOT_FOUND);
    assert_eq!(ada.send(Method::POST, &path, None).await.0, StatusCode::NOT_FOUND, "in the other tab");
}

/// A page without what is different on every one.
fn without_nonce(html: &str) -> String {
    let mut text = String::new();
    for (i, part) in html.split("nonce=\"").enumerate() {
        text.push_str(if i == 0 { part } else { part.split_once('"').map_or("", |(_, rest)| rest) });
    }
    text
}

#[sqlx::test(migrations = "../migrations")]
async fn a_disabled_owners_pages_are_gone(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let made = ada.compare("Hello", &[ONE]).await;
    let (_, link) = ada.send(Method::POST, &share_path(&made), None).await;
    assert_eq!(page(&app, &slug(&link)).await.0, StatusCode::OK);
    sqlx::query("UPDATE users SET disabled_at = now()").execute(&app.pool).await.unwrap();
    assert_eq!(page(&app, &slug(&link)).await.0, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrations = "../migrations")]
async fn only_the_chosen_cards_are_shared_and_the_snapshot_stays_as_it_was(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    app.upstream.on(ONE, Behaviour::answer("the first answer"));
    app.upstream.on(TWO, Behaviour::answer("the second answer"));
    let made = compared(&ada).await;
    let choice = json!({"positions": [1], "hide_system_prompt": true});
    let (_, link) = ada.send(Method::POST, &share_path(&made), Some(choice)).await;
    let (_, html, _) = page(&app, &slug(&link)).await;
    assert!(html.contains("the second answer"));
    for hidden in ["the first answer", "Secret manner.", ONE] {
        assert!(!html.contains(hidden), "{hidden}");
    }
    // What its owner does later is not shown.
    let run = made["runs"][1]["id"].clone();
    let pick = format!("/api/playground/{}/pick", made["id"].as_str().unwrap());
    assert_eq!(ada.send(Method::POST, &pick, Some(json!({"run_id": run}))).await.0, StatusCode::NO_CONTENT);
    assert!(!page(&app, &slug(&link)).await.1.contains("picked"));

    let none = ada.send(Method::POST, &share_path(&made), Some(json!({"positions": []}))).await;
    assert_eq!((none.0, &none.1["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("positions")));
    let unknown = ada.send(Method::POST, &share_path(&made), Some(json!({"everything": true}))).await;
    assert_eq!(unknown.0, StatusCode::UNPROCESSABLE_ENTITY);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_runs_or_is_empty_or_is_not_yours_cannot_be_shared(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let bob = app.member("bob@example.org").await;
    app.upstream.on(ONE, Behaviour::status(500));
    let empty = ada.compare("Hello", &[ONE]).await;
    let (status, problem) = ada.send(Method::POST, &share_path(&empty), None).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("conflict")));
    assert!(problem["detail"].as_str().unwrap().contains("no answer"));

    app.upstream.on(ONE, Behaviour::hang_after("so far"));
    let running = async { ada.compare("Hello again", &[ONE]).await };
    let meanwhile = async {
        let history = || async { ada.send(Method::GET, "/api/playground", None).await.1["sessions"][0].clone() };
        eventually("it runs", || async { history().await["runs"][0]["status"] == "running" }).await;
        let session = history().await;
        let (status, problem) = ada.send(Method::POST, &share_path(&session), None).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(problem["detail"].as_str().unwrap().contains("still answer"));
        let run = session["runs"][0]["id"].as_str().unwrap();
        let own = format!("/api/playground/{}", session["id"].as_str().unwrap());
        let pick = ada.send(Method::POST, &format!("{own}/pick"), Some(json!({"run_id": run}))).await;
        assert_eq!(pick.0, StatusCode::CONFLICT, "{}", pick.1);
        ada.send(Method::POST, &format!("{own}/runs/{run}/cancel"), None).await;
    };
    let (stopped, ()) = tokio::join!(running, meanwhile);
    for (method, path) in [(Method::POST, share_path(&stopped)), (Method::DELETE, share_path(&stopped))] {
        assert_eq!(bob.send(method, &path, None).await.0, StatusCode::NOT_FOUND);
    }
    let anonymous = app.request(Method::POST, &share_path(&stopped)).send().await.unwrap();
    assert_eq!(anonymous.status(), StatusCode::UNAUTHORIZED);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_reader_copies_what_is_shared_into_a_history_of_their_own(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let bob = app.member("bob@example.org").await;
    app.upstream.on(ONE, Behaviour::answer("the first answer"));
    app.upstream.on(TWO, Behaviour::status(500));
    let made = compared(&ada).await;
    let choice = json!({"hide_system_prompt": true});
    let (_, link) = ada.send(Method::POST, &share_path(&made), Some(choice)).await;
    let copy = format!("/api/playground/shared/{}/copy", slug(&link));
    let (status, copied) = bob.send(Method::POST, &copy, None).await;
    assert_eq!(status, StatusCode::CREATED, "{copied}");
    assert_ne!(copied["id"], made["id"]);
    assert_eq!((&copied["prompt"], &copied["system_prompt"]), (&made["prompt"], &Value::Null));
    assert_eq!((&copied["is_shared"], &copied["share_slug"]), (&json!(false), &Value::Null));
    for field in ["response_content", "status", "tokens_out", "latency_ms", "list_cost_usd", "error", "cost_usd"] {
        for position in 0..2 {
            assert_eq!(copied["runs"][position][field], made["runs"][position][field], "{field}");
        }
    }
    // It is theirs: it outlives the original.
    ada.send(Method::DELETE, &format!("/api/playground/{}", made["id"].as_str().unwrap()), None).await;
    let own = format!("/api/playground/{}", copied["id"].as_str().unwrap());
    assert_eq!(bob.send(Method::GET, &own, None).await, (StatusCode::OK, copied));
    assert_eq!(bob.send(Method::POST, &copy, None).await.0, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_copy_of_a_part_begins_with_a(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let bob = app.member("bob@example.org").await;
    app.upstream.on(TWO, Behaviour::answer("the second answer"));
    let made = compared(&ada).await;
    let (_, link) = ada.send(Method::POST, &share_path(&made), Some(json!({"positions": [1]}))).await;
    let (status, copied) = bob.send(Method::POST, &format!("/api/playground/shared/{}/copy", slug(&link)), None).await;
    assert_eq!(status, StatusCode::CREATED, "{copied}");
    let run = &copied["runs"][0];
    assert_eq!((&run["position"], &run["model"]), (&json!(0), &json!(TWO)));
    assert_eq!(run["response_content"], "the second answer");
    let own = format!("/api/playground/{}", copied["id"].as_str().unwrap());
    let pick = bob.send(Method::POST, &format!("{own}/pick"), Some(json!({"run_id": run["id"]}))).await;
    assert_eq!(pick.0, StatusCode::NO_CONTENT);
    let history = bob.send(Method::GET, "/api/playground", None).await.1;
    let entry = &history["sessions"][0];
    assert_eq!((&entry["runs"][0]["position"], &entry["picked_run_id"]), (&json!(0), &run["id"]));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_card_says_what_it_alone_was_sent_with(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let body = json!({"prompt": "Hello", "models": [ONE, ONE, ONE],
        "card_parameters": [null, {"temperature": 0.2}, {"temperature": 1.5, "max_tokens": 64}]});
    let (status, made) = ada.send(Method::POST, "/api/playground", Some(body)).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let (_, link) = ada.send(Method::POST, &share_path(&made), None).await;
    let (_, html, _) = page(&app, &slug(&link)).await;
    for text in [
        "Sent without parameters, unless a card says otherwise.",
        ">temperature 0.2<",
        ">temperature 1.5, max tokens 64<",
    ] {
        assert!(html.contains(text), "{text} is missing");
    }
    let (_, link) = ada.send(Method::POST, &share_path(&made), Some(json!({"positions": [0]}))).await;
    let (_, html, _) = page(&app, &slug(&link)).await;
    assert!(html.contains("Sent without parameters.") && !html.contains("temperature"), "nothing else is shown");
}

/// The page that a refused form leads its browser back to.
async fn refused(app: &TestApp, member: &Member<'_>, page: &str, form: &str, fields: &[(&str, &str)]) -> String {
    let origin = format!("http://{}", app.address);
    let answer = member.form(form, fields).header("referer", format!("{origin}{page}")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::FOUND, "{form}");
    let location = answer.headers()["location"].to_str().unwrap();
    let path = location.strip_prefix(&origin).unwrap_or(location);
    assert!(path.starts_with(page), "{form} leads to {path}");
    member.request(Method::GET, path).send().await.unwrap().text().await.unwrap()
}

/// Whether a page says this as what went wrong.
fn tells(html: &str, words: &str) -> bool {
    let mut alerts = html.split("role=\"alert\"").skip(1);
    alerts.any(|alert| alert.split('<').next().is_some_and(|text| text.contains(words)))
}

/// Whether the box of this name is ticked.
fn is_ticked(html: &str, name: &str) -> bool {
    let place = html.find(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("no {name} in {html}"));
    let (start, end) = (html[..place].rfind('<').unwrap(), place + html[place..].find('>').unwrap());
    html[start..end].contains(" checked")
}

#[sqlx::test(migrations = "../migrations")]
async fn a_form_that_is_refused_says_so_on_its_page(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let bob = app.member("bob@example.org").await;
    let (made, other) = (compared(&ada).await, bob.compare("Hello", &[ONE]).await);
    let (own, foreign) = (made["id"].as_str().unwrap(), other["id"].as_str().unwrap());
    let sheet = format!("/playground/{own}/share");
    assert_eq!(ada.send(Method::POST, &share_path(&made), None).await.0, StatusCode::OK);

    let html =
        refused(&app, &ada, &sheet, "/_server/share-comparison", &[("id", own), ("hide_system_prompt", "on")]).await;
    assert!(tells(&html, "Choose at least one card."), "{html}");
    for (name, expected) in [("a", false), ("b", false), ("hide_system_prompt", true), ("new_link", false)] {
        assert_eq!(is_ticked(&html, name), expected, "{name}");
    }
    let again = [("id", own), ("b", "on"), ("new_link", "on")];
    let done = ada.form("/_server/share-comparison", &again).send().await.unwrap();
    assert_eq!(done.headers()["location"], format!("{sheet}?chosen=1&b=on"), "what was done is not asked for again");

    for (page, form, fields) in [
        (sheet.as_str(), "unshare-comparison", [("id", foreign), ("from", "")]),
        ("/dashboard", "unshare-comparison", [("id", foreign), ("from", "dashboard")]),
        ("/dashboard", "delete-comparison", [("id", foreign), ("from", "")]),
    ] {
        let html = refused(&app, &ada, page, &format!("/_server/{form}"), &fields).await;
        assert!(tells(&html, "Comparison not found."), "{form} on {page}: {html}");
    }
    let run = [("run", other["runs"][0]["id"].as_str().unwrap())];
    let html = refused(&app, &ada, &format!("/playground/{own}"), "/_server/pick-run", &run).await;
    assert!(tells(&html, "Run not found."), "{html}");
    let (_, link) = ada.send(Method::POST, &share_path(&made), None).await;
    let shared = format!("/playground/shared/{}", slug(&link));
    let html = refused(&app, &bob, &shared, "/_server/copy-shared", &[("slug", "AAAAAAAAAAAAAAAAAAAAAA")]).await;
    assert!(tells(&html, "Comparison not found."), "{html}");
}

#[sqlx::test(migrations = "../migrations")]
async fn of_two_tabs_that_share_and_delete_at_once_neither_leaves_half_of_it(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let other = TestApp::replica(pool, FakeUpstream::start().await).await;
    let ada = app.member("ada@example.org").await;
    for _ in 0..5 {
        let made = ada.compare("Hello", &[ONE]).await;
        let (own, path) = (format!("/api/playground/{}", made["id"].as_str().unwrap()), share_path(&made));
        let deleted = other.request(Method::DELETE, &own).header("cookie", &ada.cookie).send();
        let ((status, link), deleted) = tokio::join!(ada.send(Method::POST, &path, None), deleted);
        assert_eq!(deleted.unwrap().status(), StatusCode::NO_CONTENT);
        match status {
            StatusCode::OK => assert_eq!(page(&app, &slug(&link)).await.0, StatusCode::NOT_FOUND, "it came first"),
            refused => assert_eq!(refused, StatusCode::NOT_FOUND, "{link}"),
        }
        assert_eq!(app.count("playground_sessions").await, 0);
        let unshared = ada.send(Method::DELETE, &path, None).await;
        assert_eq!(unshared.0, StatusCode::NOT_FOUND);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_copy_takes_its_place_in_the_last_fifty(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let bob = app.member("bob@example.org").await;
    let made = ada.compare("Hello", &[ONE]).await;
    let (_, link) = ada.send(Method::POST, &share_path(&made), None).await;
    let mine = bob.compare("The oldest", &[ONE]).await;
    let shared = bob.compare("Older and shared", &[ONE]).await;
    assert_eq!(bob.send(Method::POST, &share_path(&shared), None).await.0, StatusCode::OK);
    sqlx::query(
        "INSERT INTO playground_sessions (id, user_id, prompt_ct, parameters, created_at)
         SELECT gen_random_uuid(), user_id, prompt_ct, parameters, created_at + interval '1 second'
         FROM playground_sessions, generate_series(1, 48) WHERE id = $1::uuid",
    )
    .bind(uuid::Uuid::parse_str(mine["id"].as_str().unwrap()).unwrap())
    .execute(&app.pool)
    .await
    .unwrap();
    app.clock.advance(TimeDelta::seconds(2));
    let copy = format!("/api/playground/shared/{}/copy", slug(&link));
    let status = async |made: &Value| {
        bob.send(Method::GET, &format!("/api/playground/{}", made["id"].as_str().unwrap()), None).await.0
    };
    assert_eq!(
        (bob.send(Method::POST, &copy, None).await.0, status(&mine).await),
        (StatusCode::CREATED, StatusCode::NOT_FOUND)
    );
    assert_eq!(bob.send(Method::POST, &copy, None).await.0, StatusCode::CREATED);
    assert_eq!(status(&shared).await, StatusCode::OK, "what is shared stays");
    assert_eq!(status(&made).await, StatusCode::NOT_FOUND, "another member's");
    assert_eq!(
        ada.send(Method::GET, &format!("/api/playground/{}", made["id"].as_str().unwrap()), None).await.0,
        StatusCode::OK
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn the_page_of_sharing_shows_what_readers_would_see_and_what_looks_private(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    app.upstream.on(ONE, Behaviour::answer("write to bob@example.org or call 030 1234567890"));
    let made = ada.compare("My key is sk-abcdefghijklmnop1234", &[ONE, TWO]).await;
    let page = |query: &'static str| {
        let path = format!("/playground/{}/share{query}", made["id"].as_str().unwrap());
        let request = ada.request(Method::GET, &path);
        async move { request.send().await.unwrap().text().await.unwrap() }
    };
    let all = page("").await;
    for text in ["sk-abcdefghijklmnop1234", "bob@example.org", "030 1234567890", "Looks like a key", ONE, TWO] {
        assert!(all.contains(text), "{text}");
    }
    let second = page("?chosen=1&b=on").await;
    assert!(!second.contains("bob@example.org") && second.contains("Looks like a key"));
    assert!(page("?chosen=1").await.contains("Choose at least one card."));
    assert_eq!(app.count("playground_sessions WHERE shared_at IS NOT NULL").await, 0, "looking shares nothing");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_pick_is_remembered_and_must_be_an_answer_of_ones_own_that_is_done(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let bob = app.member("bob@example.org").await;
    app.upstream.on(TWO, Behaviour::status(500));
    let made = ada.compare("Hello", &[ONE, TWO]).await;
    let other = ada.compare("Hello", &[ONE]).await;
    let own = format!("/api/playground/{}", made["id"].as_str().unwrap());
    let pick = format!("{own}/pick");
    let body = |run: &Value| Some(json!({"run_id": run["id"]}));
    assert_eq!(ada.send(Method::POST, &pick, body(&made["runs"][0])).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ada.send(Method::GET, &own, None).await.1["picked_run_id"], made["runs"][0]["id"]);
    let (status, problem) = ada.send(Method::POST, &pick, body(&made["runs"][1])).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(problem["detail"].as_str().unwrap().contains("this one failed"));
    assert_eq!(ada.send(Method::POST, &pick, body(&other["runs"][0])).await.0, StatusCode::NOT_FOUND);
    assert_eq!(bob.send(Method::POST, &pick, body(&made["runs"][0])).await.0, StatusCode::NOT_FOUND);
    assert_eq!(ada.send(Method::GET, &own, None).await.1["picked_run_id"], made["runs"][0]["id"]);

    // The card's form does the same and goes on to routing.
    let form = ada
        .request(Method::POST, "/_server/pick-run")
        .header("accept", "text/html")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("run={}", other["runs"][0]["id"].as_str().unwrap()))
        .send()
        .await
        .unwrap();
    assert_eq!(form.status(), StatusCode::FOUND);
    assert_eq!(form.headers()["location"], format!("/routing?model={ONE}"));
    app.clock.advance(TimeDelta::seconds(1));
    let history = ada.send(Method::GET, "/api/playground", None).await.1;
    let sessions = history["sessions"].as_array().unwrap();
    assert!(!sessions.is_empty(), "{history}");
    assert!(sessions.iter().all(|session| session["picked_run_id"] != Value::Null));
}
