//! Comparisons, through the router, on a real database, against an upstream that behaves as it is told.

use std::time::Duration;

use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    app::{MODELS, TestApp, eventually, read},
    events::json_events,
    fake_upstream::{Behaviour, Chunks, Ending},
};

const ONE: &str = MODELS[0];
const TWO: &str = MODELS[1];
const THREE: &str = MODELS[2];
const FOUR: &str = MODELS[3];

fn run(comparison: &Value, position: usize) -> &Value {
    &comparison["runs"][position]
}

/// However many are sent at once: the last free place is taken once.
#[sqlx::test(migrations = "../migrations")]
async fn a_member_runs_twenty_comparisons_at_a_time(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    app.upstream.on(ONE, Behaviour::answer("done").after(Duration::from_secs(2)));
    let body = json!({"prompt": "Hello", "models": [ONE]});
    let asked = (0..40).map(|_| ada.send(Method::POST, "/api/playground", Some(body.clone())));
    let answers = futures::future::join_all(asked).await;
    let count = |wanted| answers.iter().filter(|(status, _)| *status == wanted).count();
    assert_eq!((count(StatusCode::CREATED), count(StatusCode::TOO_MANY_REQUESTS)), (20, 20));
    assert_eq!(ada.send(Method::POST, "/api/playground", Some(body)).await.0, StatusCode::CREATED);
}

/// Each of them clears away what is beyond the newest fifty, and so do all the others.
#[sqlx::test(migrations = "../migrations")]
async fn comparisons_that_begin_at_once_do_not_get_in_each_others_way(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    app.upstream.on(ONE, Behaviour::answer("done"));
    let body = json!({"prompt": "Hello", "models": [ONE, ONE, ONE, ONE]});
    let one_after_the_other = async || {
        for _ in 0..60 {
            let (status, answer) = ada.send(Method::POST, "/api/playground", Some(body.clone())).await;
            assert_eq!(status, StatusCode::CREATED, "{answer}");
        }
    };
    futures::future::join_all((0..8).map(|_| one_after_the_other())).await;
    assert_eq!(ada.send(Method::POST, "/api/playground", Some(body)).await.0, StatusCode::CREATED);
    assert_eq!(app.count("playground_sessions").await, 50);
}

#[sqlx::test(migrations = "../migrations")]
async fn four_models_answer_side_by_side_with_the_upstreams_own_counts(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let usage = json!({"prompt_tokens": 31, "completion_tokens": 9});
    let answer = [Chunks::delta("Ich liebe "), Chunks::delta("Berlin."), Chunks::finish("stop"), Chunks::usage(&usage)];
    app.upstream.on(ONE, Behaviour::stream([answer.concat(), Chunks::done()].concat()));
    for model in [TWO, THREE, FOUR] {
        app.upstream.on(model, Behaviour::answer("one two three"));
    }
    let body = json!({
        "prompt": "Translate", "system_prompt": "You translate.", "models": [ONE, TWO, THREE, FOUR],
        "parameters": {"temperature": 0.7, "max_tokens": 64}
    });
    let (status, comparison) = ada.send(Method::POST, "/api/playground", Some(body)).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(comparison["parameters"], json!({"temperature": 0.7, "max_tokens": 64}));
    let first = run(&comparison, 0);
    assert_eq!(first["status"], "succeeded");
    assert_eq!(first["response_content"], "Ich liebe Berlin.");
    assert_eq!((&first["tokens_in"], &first["tokens_out"]), (&json!(31), &json!(9)));
    assert_eq!((&first["cost_usd"], &first["list_cost_usd"]), (&json!("0"), &json!("0.000049")));
    for position in 1..4 {
        assert_eq!(run(&comparison, position)["response_content"], "one two three");
        assert_eq!(run(&comparison, position)["position"], position);
    }
    // What the upstream was really asked: the parameters that were set, and no others.
    let asked = app.upstream.journal().into_iter().find(|entry| entry.model == ONE).unwrap();
    assert_eq!(asked.body["temperature"], 0.7);
    assert_eq!(asked.body["max_tokens"], 64);
    assert_eq!(asked.body.get("top_p"), None);
    assert_eq!(asked.body["messages"][0], json!({"role": "system", "content": "You translate."}));
    assert_eq!(asked.header("authorization"), Some("Bearer sk-fake-upstream-key"));

    let path = format!("/api/playground/{}", comparison["id"].as_str().unwrap());
    assert_eq!(ada.send(Method::GET, &path, None).await, (StatusCode::OK, comparison));
}

#[sqlx::test(migrations = "../migrations")]
async fn one_failed_run_leaves_the_others_untouched(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    app.upstream.on(ONE, Behaviour::status(429).with_header("retry-after", "20"));
    app.upstream.on(TWO, Behaviour::reply(200, "text/html", "<html><script>alert(1)</script></html>"));
    app.upstream.on(THREE, Behaviour::cut_after("half an"));
    app.upstream.on(FOUR, Behaviour::answer("whole"));
    let comparison = ada.compare("Hello", &[ONE, TWO, THREE, FOUR]).await;
    let error = |position: usize| &comparison["runs"][position]["error"];
    assert_eq!((&error(0)["code"], &error(0)["retry_after_s"]), (&json!("rate_limited"), &json!(20)));
    assert_eq!(error(1)["code"], "bad_response");
    assert!(!comparison.to_string().contains("<script>"));
    assert_eq!(error(2)["code"], "cut_off");
    assert_eq!(run(&comparison, 2)["response_content"], "half an");
    assert_eq!(
        (&run(&comparison, 2)["list_cost_usd"], &run(&comparison, 2)["tokens_out"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(run(&comparison, 3)["status"], "succeeded");
    for position in 0..3 {
        assert_eq!(run(&comparison, position)["status"], "failed");
        assert!(error(position)["message"].as_str().unwrap().ends_with('.'));
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn events_tell_the_whole_story_while_it_happens(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    app.upstream.on(ONE, Behaviour::answer("one two three"));
    app.upstream.on(TWO, Behaviour::status(500));
    let answer = ada
        .request(Method::POST, "/api/playground")
        .header("accept", "text/event-stream")
        .json(&json!({"prompt": "Hello", "models": [ONE, TWO]}))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let events = json_events(&answer.text().await.unwrap());
    assert_eq!(events.first().unwrap()["type"], "session");
    assert_eq!(events.last().unwrap()["type"], "session_finished");
    let one = events[0]["session"]["runs"][0]["id"].clone();
    let text: String = events
        .iter()
        .filter(|event| event["type"] == "delta" && event["run_id"] == one)
        .map(|event| event["text"].as_str().unwrap())
        .collect();
    let finished: Vec<_> = events.iter().filter(|event| event["type"] == "run_finished").collect();
    assert_eq!(finished.len(), 2);
    let ended = finished.iter().find(|event| event["run"]["id"] == one).unwrap();
    // The whole text may come with the ending; what came before must be its beginning.
    assert!("one two three".starts_with(&text));
    assert_eq!(ended["run"]["response_content"], "one two three");

    // Attaching afterwards shows the same end.
    let path = format!("/api/playground/{}/events", events[0]["session"]["id"].as_str().unwrap());
    let later = json_events(&ada.request(Method::GET, &path).send().await.unwrap().text().await.unwrap());
    assert_eq!(later.len(), 2);
    assert_eq!(later[0]["session"]["runs"][0]["response_content"], "one two three");
}

#[sqlx::test(migrations = "../migrations")]
async fn hanging_up_stops_nothing_and_attaching_shows_the_rest(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    app.upstream.on(ONE, Behaviour::tokens(10, Duration::from_millis(100)));
    let request = ada.request(Method::POST, "/api/playground").json(&json!({"prompt": "Hello", "models": [ONE]}));
    let gone = tokio::time::timeout(Duration::from_millis(300), request.send()).await;
    assert!(gone.is_err(), "the client was still waiting when it hung up");
    let (_, history) = ada.send(Method::GET, "/api/playground", None).await;
    assert_eq!(history["sessions"][0]["runs"][0]["status"], "running");
    let path = format!("/api/playground/{}/events", history["sessions"][0]["id"].as_str().unwrap());
    let events = json_events(&ada.request(Method::GET, &path).send().await.unwrap().text().await.unwrap());
    assert_eq!(events[0]["session"]["runs"][0]["status"], "running");
    let ended = &events[events.len() - 2]["run"];
    assert_eq!((&ended["status"], &ended["tokens_out"]), (&json!("succeeded"), &json!(10)));
    assert_eq!(app.upstream.journal()[0].ending(), Some(Ending::Completed));
}

#[sqlx::test(migrations = "../migrations")]
async fn stopping_a_run_ends_the_upstream_call_and_keeps_what_arrived(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    app.upstream.on(ONE, Behaviour::hang_after("so far"));
    app.upstream.on(TWO, Behaviour::answer("done"));
    let (comparison, ()) = tokio::join!(ada.compare("Hello", &[ONE, TWO]), async {
        eventually("the first words are there", || async {
            app.upstream.journal().iter().any(|entry| entry.model == ONE && entry.bytes_sent > 150)
        })
        .await;
        let (_, history) = ada.send(Method::GET, "/api/playground", None).await;
        let session = &history["sessions"][0];
        let stop = format!(
            "/api/playground/{}/runs/{}/cancel",
            session["id"].as_str().unwrap(),
            session["runs"][0]["id"].as_str().unwrap()
        );
        assert_eq!(ada.send(Method::POST, &stop, None).await.0, StatusCode::ACCEPTED);
        assert_eq!(ada.send(Method::POST, &stop, None).await.0, StatusCode::ACCEPTED, "stopping twice is no error");
    });
    assert_eq!(run(&comparison, 0)["status"], "cancelled");
    assert_eq!(run(&comparison, 0)["error"], Value::Null);
    assert_eq!(run(&comparison, 1)["status"], "succeeded");
    eventually("the upstream sees it", || async {
        let journal = app.upstream.journal();
        journal.iter().any(|entry| entry.model == ONE && entry.ending() == Some(Ending::ClientHungUp))
    })
    .await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_run_is_stopped_from_another_server_too(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let other = TestApp::replica(pool, crate::support::fake_upstream::FakeUpstream::start().await).await;
    let ada = app.member("ada@example.org").await;
    app.upstream.on(ONE, Behaviour::hang_after("so far"));
    let (comparison, ()) = tokio::join!(ada.compare("Hello", &[ONE]), async {
        eventually("it runs", || async { app.upstream.journal().len() == 1 }).await;
        let (_, history) = ada.send(Method::GET, "/api/playground", None).await;
        let session = &history["sessions"][0];
        let (id, run) = (session["id"].as_str().unwrap(), session["runs"][0]["id"].as_str().unwrap());
        let stop = other.request(Method::POST, &format!("/api/playground/{id}/runs/{run}/cancel"));
        let answer = stop.header("cookie", &ada.cookie).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
    });
    assert_eq!(run(&comparison, 0)["status"], "cancelled");
}

#[sqlx::test(migrations = "../migrations")]
async fn the_run_of_a_process_that_died_is_marked_as_interrupted_with_what_had_arrived(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let ada = app.member("ada@example.org").await;
    app.upstream.on(ONE, Behaviour::hang_after("so far"));
    let waiting = ada.request(Method::POST, "/api/playground").json(&json!({"prompt": "Hello", "models": [ONE]}));
    let _ = tokio::time::timeout(Duration::from_millis(200), waiting.send()).await;
    let kept = || async {
        let text: Option<Vec<u8>> =
            sqlx::query_scalar("SELECT response_ct FROM playground_runs").fetch_one(&pool).await.unwrap();
        text.is_some()
    };
    eventually("what has arrived is kept", kept).await;
    // Another process, whose clock says that the first has not been heard of for too long.
    sqlx::query("UPDATE playground_runs SET lease_owner = gen_random_uuid(), lease_until = $1")
        .bind(chrono::DateTime::<chrono::Utc>::UNIX_EPOCH)
        .execute(&pool)
        .await
        .unwrap();
    let other = TestApp::replica(pool.clone(), crate::support::fake_upstream::FakeUpstream::start().await).await;
    other.clock.advance(TimeDelta::minutes(1));
    let show = || async {
        let (_, history) = ada.send(Method::GET, "/api/playground", None).await;
        let path = format!("/api/playground/{}", history["sessions"][0]["id"].as_str().unwrap());
        let answer = other.request(Method::GET, &path).header("cookie", &ada.cookie).send().await.unwrap();
        read(answer).await.1
    };
    eventually("the run is interrupted", || async { show().await["runs"][0]["status"] == "interrupted" }).await;
    let comparison = show().await;
    assert_eq!(run(&comparison, 0)["error"]["code"], "interrupted");
    assert_eq!(run(&comparison, 0)["response_content"], "so far");
}

#[sqlx::test(migrations = "../migrations")]
async fn every_rule_that_is_broken_is_named_with_its_field_and_nothing_is_written(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let too_long = "😀".repeat(50_001);
    let cases = [
        (json!({"prompt": "Hi", "models": []}), "models"),
        (json!({"prompt": "Hi", "models": [ONE, ONE, ONE, ONE, ONE]}), "models"),
        (json!({"prompt": "Hi", "models": [ONE, "no/such"]}), "models[1]"),
        (json!({"prompt": "", "models": [ONE]}), "prompt"),
        (json!({"prompt": too_long, "models": [ONE]}), "prompt"),
        (json!({"prompt": "Hi", "system_prompt": too_long, "models": [ONE]}), "system_prompt"),
        (json!({"prompt": "Hi", "models": [ONE], "parameters": {"temperature": 2.1}}), "parameters.temperature"),
        (json!({"prompt": "Hi", "models": [ONE], "parameters": {"temperature": "hot"}}), "parameters.temperature"),
        (json!({"prompt": "Hi", "models": [ONE], "parameters": {"top_p": -0.1}}), "parameters.top_p"),
        (json!({"prompt": "Hi", "models": [ONE], "parameters": {"max_tokens": 0}}), "parameters.max_tokens"),
        (json!({"prompt": "Hi", "models": [ONE], "parameters": {"max_tokens": -1}}), "parameters.max_tokens"),
        (json!({"prompt": "Hi", "models": [ONE], "parameters": {"max_tokens": 8193}}), "parameters.max_tokens"),
        (json!({"prompt": "Hi", "models": [ONE], "colour": "red"}), "colour"),
        (json!({"prompt": 7, "models": [ONE]}), "prompt"),
        (json!({"models": [ONE]}), "prompt"),
    ];
    for (body, field) in cases {
        let (status, problem) = ada.send(Method::POST, "/api/playground", Some(body)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{field}: {problem}");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    assert_eq!((app.count("playground_sessions").await, app.count("playground_runs").await), (0, 0));
    assert_eq!(app.upstream.journal().len(), 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_cannot_be_read_is_told_apart(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let post = |content_type: &'static str, body: String| {
        let request = ada.request(Method::POST, "/api/playground").header("content-type", content_type);
        async move { read(request.body(body).send().await.unwrap()).await }
    };
    let nan = format!(r#"{{"prompt": "Hi", "models": ["{ONE}"], "parameters": {{"temperature": NaN}}}}"#);
    assert_eq!(post("application/json", "{\"prompt\": ".into()).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(post("application/json", nan).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(post("text/plain", "{}".into()).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let huge = format!(r#"{{"prompt": "{}"}}"#, "x".repeat(1_400_000));
    assert_eq!(post("application/json", huge).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    let anonymous = app.request(Method::POST, "/api/playground").json(&json!({"prompt": "Hi", "models": [ONE]}));
    let (status, problem) = read(anonymous.send().await.unwrap()).await;
    assert_eq!((status, &problem["code"]), (StatusCode::UNAUTHORIZED, &json!("unauthenticated")));
    app.clock.advance(TimeDelta::days(31));
    assert_eq!(ada.send(Method::GET, "/api/playground", None).await.0, StatusCode::UNAUTHORIZED, "the sign-in ran out");
    assert_eq!(app.count("playground_sessions").await, 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn another_members_comparison_is_not_found_on_any_route(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (ada, bob) = (app.member("ada@example.org").await, app.member("bob@example.org").await);
    app.upstream.on(ONE, Behaviour::answer("one"));
    let comparison = ada.compare("Hello", &[ONE]).await;
    let (id, run) = (comparison["id"].as_str().unwrap(), run(&comparison, 0)["id"].as_str().unwrap());
    for other in [id, "not-an-id", "01936d1e-0000-7000-8000-000000000001"] {
        for (method, path) in [
            (Method::GET, format!("/api/playground/{other}")),
            (Method::GET, format!("/api/playground/{other}/events")),
            (Method::POST, format!("/api/playground/{other}/runs/{run}/cancel")),
            (Method::DELETE, format!("/api/playground/{other}")),
        ] {
            let (status, problem) = bob.send(method.clone(), &path, None).await;
            assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("not_found")), "{method} {path}");
        }
    }
    assert_eq!(bob.send(Method::GET, "/api/playground", None).await.1, json!({"sessions": []}));
    assert_eq!(ada.send(Method::GET, &format!("/api/playground/{id}"), None).await.0, StatusCode::OK);
}

#[sqlx::test(migrations = "../migrations")]
async fn deleting_leaves_no_row_and_stops_what_runs(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    app.upstream.on(ONE, Behaviour::hang_after("so far"));
    let (answer, ()) = tokio::join!(
        ada.send(Method::POST, "/api/playground", Some(json!({"prompt": "Hello", "models": [ONE]}))),
        async {
            eventually("it runs", || async { app.upstream.journal().len() == 1 }).await;
            let (_, history) = ada.send(Method::GET, "/api/playground", None).await;
            let path = format!("/api/playground/{}", history["sessions"][0]["id"].as_str().unwrap());
            assert_eq!(ada.send(Method::DELETE, &path, None).await.0, StatusCode::NO_CONTENT);
            assert_eq!(ada.send(Method::DELETE, &path, None).await.0, StatusCode::NOT_FOUND);
        }
    );
    assert_eq!(answer.0, StatusCode::CREATED);
    assert_eq!((app.count("playground_sessions").await, app.count("playground_runs").await), (0, 0));
}

#[sqlx::test(migrations = "../migrations")]
async fn nothing_that_was_written_or_answered_is_readable_in_the_database(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    app.upstream.on(ONE, Behaviour::answer("ANSWER-CANARY"));
    let refusal = json!({"error": {"message": "ERROR-CANARY is not supported", "type": "invalid_request_error"}});
    app.upstream.on(TWO, Behaviour::json(400, &refusal));
    let body = json!({"prompt": "PROMPT-CANARY", "system_prompt": "SYSTEM-CANARY", "models": [ONE, TWO]});
    let (_, comparison) = ada.send(Method::POST, "/api/playground", Some(body)).await;
    assert!(run(&comparison, 1)["error"]["message"].as_str().unwrap().contains("ERROR-CANARY"));
    for table in ["playground_sessions", "playground_runs", "upstreams", "users"] {
        let statement = sqlx::AssertSqlSafe(format!("SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t"));
        let dump: String = sqlx::query_scalar(statement).fetch_one(&app.pool).await.unwrap();
        for canary in ["PROMPT-CANARY", "SYSTEM-CANARY", "ANSWER-CANARY", "ERROR-CANARY", "sk-fake-upstream-key"] {
            let hex: String = canary.bytes().map(|byte| format!("{byte:02x}")).collect();
            assert!(!dump.contains(canary) && !dump.contains(&hex), "{canary} in {table}");
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn the_history_keeps_the_newest_fifty_and_what_is_shared(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    app.upstream.on(ONE, Behaviour::answer("one"));
    let first = ada.compare("the first", &[ONE]).await;
    let share = format!("/api/playground/{}/share", first["id"].as_str().unwrap());
    assert_eq!(ada.send(Method::POST, &share, None).await.0, StatusCode::OK);
    for number in 0..51 {
        app.clock.advance(TimeDelta::seconds(1));
        ada.compare(&format!("number {number}"), &[ONE]).await;
    }
    let (_, history) = ada.send(Method::GET, "/api/playground", None).await;
    let sessions = history["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 50);
    assert_eq!(sessions[0]["prompt_preview"], "number 50");
    let first = format!("/api/playground/{}", first["id"].as_str().unwrap());
    assert_eq!(ada.send(Method::GET, &first, None).await.0, StatusCode::OK, "shared, so it stays");
    assert_eq!(app.count("playground_sessions").await, 51);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_server_that_is_told_to_stop_ends_what_runs_and_tells_who_waits(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    app.upstream.on(ONE, Behaviour::hang_after("so far"));
    let (comparison, ()) = tokio::join!(ada.compare("Hello", &[ONE]), async {
        eventually("the first words are there", || async {
            app.upstream.journal().iter().any(|entry| entry.bytes_sent > 150)
        })
        .await;
        app.state.runtime.tasks.drain();
    });
    assert_eq!(run(&comparison, 0)["status"], "interrupted");
    assert_eq!(run(&comparison, 0)["error"]["code"], "interrupted");
    assert_eq!(run(&comparison, 0)["response_content"], "so far");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_comparison_that_still_runs_stays_until_it_has_ended(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    app.upstream.on(TWO, Behaviour::hang_after("so far"));
    let slow = ada.request(Method::POST, "/api/playground").json(&json!({"prompt": "slow", "models": [TWO]}));
    let _ = tokio::time::timeout(Duration::from_millis(200), slow.send()).await;
    eventually("the slow one is asked", || async { app.upstream.journal().len() == 1 }).await;
    let (_, history) = ada.send(Method::GET, "/api/playground", None).await;
    let slow = history["sessions"][0].clone();
    app.upstream.on(ONE, Behaviour::answer("one"));
    for number in 0..51 {
        app.clock.advance(TimeDelta::milliseconds(1));
        ada.compare(&format!("number {number}"), &[ONE]).await;
    }
    assert_eq!(app.count("playground_sessions").await, 51, "the fifty newest and the one that still runs");

    let path = format!("/api/playground/{}", slow["id"].as_str().unwrap());
    let cancel = format!("{path}/runs/{}/cancel", slow["runs"][0]["id"].as_str().unwrap());
    assert_eq!(ada.send(Method::POST, &cancel, None).await.0, StatusCode::ACCEPTED);
    eventually("it is cancelled", || async {
        ada.send(Method::GET, &path, None).await.1["runs"][0]["status"] == "cancelled"
    })
    .await;
    app.clock.advance(TimeDelta::milliseconds(1));
    ada.compare("one more", &[ONE]).await;
    assert_eq!(ada.send(Method::GET, &path, None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(app.count("playground_sessions").await, 50);
}

#[sqlx::test(migrations = "../migrations")]
async fn clients_that_hang_up_at_random_leave_no_open_transaction_and_one_ending_each(pool: PgPool) {
    const REQUESTS: usize = 1_000;
    let app = TestApp::start(pool).await;
    for model in MODELS {
        app.upstream.on(model, Behaviour::tokens(3, Duration::from_millis(5)));
    }
    let mut members = Vec::new();
    for number in 0..20 {
        members.push(app.member(&format!("m{number}@example.org")).await);
    }
    let drop_some = async |member: &crate::support::app::Member<'_>, seed: usize| {
        for number in 0..REQUESTS / 20 {
            let body = json!({"prompt": "Hello", "models": [MODELS[number % 4]]});
            let request = member.request(Method::POST, "/api/playground").json(&body).send();
            // From "before the head is read" to "the answer is on its way".
            let patience = Duration::from_micros(((number * 7_919 + seed * 104_729) % 60_000) as u64);
            let _ = tokio::time::timeout(patience, request).await;
        }
    };
    futures::future::join_all(members.iter().enumerate().map(|(seed, member)| drop_some(member, seed))).await;
    eventually("every run has ended", || async {
        let open = "SELECT count(*) FROM playground_runs WHERE status IN ('queued', 'running') OR finished_at IS NULL";
        sqlx::query_scalar::<_, i64>(open).fetch_one(&app.pool).await.unwrap() == 0
    })
    .await;
    let idle = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND datname = current_database()";
    assert_eq!(sqlx::query_scalar::<_, i64>(idle).fetch_one(&app.pool).await.unwrap(), 0);
    let succeeded = "SELECT count(*) FROM playground_runs WHERE status = 'succeeded'";
    let (runs, done) = (app.count("playground_runs").await, sqlx::query_scalar::<_, i64>(succeeded));
    assert_eq!(runs, done.fetch_one(&app.pool).await.unwrap(), "hanging up stops nothing");
    // Nobody made more than fifty, so nothing was cleared away: each call of the upstream is a run.
    assert_eq!(app.upstream.journal().len() as i64, runs);
}
