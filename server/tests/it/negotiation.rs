//! What models do not take: asked again without it, remembered, told to members and admins, tried anew after a week.

use axum::http::{Method, StatusCode};
use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    gateway::support::{Caller, code, question, streamed},
    support::{
        app::{MODELS, Member, TestApp, eventually},
        fake_upstream::{Behaviour, Chunks, JournalEntry},
    },
};

const ONE: &str = MODELS[0];
const TWO: &str = MODELS[1];

/// As Mistral refuses `stream_options`: the name is not in the words.
fn no_stream_options() -> Behaviour {
    let extra = json!({"type": "extra_forbidden", "loc": ["body", "stream_options", "include_usage"],
        "msg": "Extra inputs are not permitted"});
    let body =
        json!({"object": "error", "message": {"detail": [extra]}, "type": "invalid_request_error", "code": null});
    Behaviour::json(422, &body)
}

/// As OpenAI refuses a parameter.
fn refused(param: &str, code: &str, message: &str) -> Behaviour {
    let error = json!({"message": message, "type": "invalid_request_error", "param": param, "code": code});
    Behaviour::json(400, &json!({"error": error}))
}

fn no_max_tokens() -> Behaviour {
    let message =
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
    refused("max_tokens", "unsupported_parameter", message)
}

fn no_temperature() -> Behaviour {
    let message = "Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) value is supported.";
    refused("temperature", "unsupported_value", message)
}

/// Runs a prompt with a temperature and a limit on one model, and returns the run.
async fn run(member: &Member<'_>, system: Option<&str>) -> Value {
    let body = json!({"prompt": "Hello", "system_prompt": system, "models": [ONE],
        "parameters": {"temperature": 0.7, "max_tokens": 64}});
    let (status, comparison) = member.send(Method::POST, "/api/playground", Some(body)).await;
    assert_eq!(status, StatusCode::CREATED, "{comparison}");
    comparison["runs"][0].clone()
}

/// What was asked of a model, but its messages.
fn asked(app: &TestApp) -> Vec<Value> {
    let without_messages = |entry: JournalEntry| {
        let mut body = entry.body;
        let fields = body.as_object_mut().expect("an object");
        fields.remove("messages");
        fields.remove("model");
        body
    };
    app.upstream.journal().into_iter().map(without_messages).collect()
}

async fn remembered(app: &TestApp, count: i64) {
    eventually("what was learned is stored", || async { app.count("model_adjustments").await == count }).await;
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn complaints_in_turn_are_met_at_once_told_on_the_card_and_remembered_for_a_week(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    app.upstream
        .on_each(ONE, [no_stream_options(), no_max_tokens(), no_temperature(), Behaviour::answer("Hello there")]);
    let notes = json!([{"kind": "renamed", "field": "max_tokens", "to": "max_completion_tokens"},
        {"kind": "omitted", "field": "temperature"}]);

    let first = run(&ada, None).await;
    assert_eq!((&first["status"], &first["response_content"]), (&json!("succeeded"), &json!("Hello there")), "{first}");
    assert_eq!(first["notes"], notes);
    let usage = json!({"include_usage": true});
    assert_eq!(
        asked(&app),
        [
            json!({"temperature": 0.7, "max_tokens": 64, "stream": true, "stream_options": usage}),
            json!({"temperature": 0.7, "max_tokens": 64, "stream": true}),
            json!({"temperature": 0.7, "max_completion_tokens": 64, "stream": true}),
            json!({"max_completion_tokens": 64, "stream": true}),
        ]
    );
    remembered(&app, 3).await;
    let second = run(&ada, None).await;
    assert_eq!(second["notes"], notes, "what is known is told as well");
    assert_eq!(asked(&app).len(), 5, "what is known is not tried again");

    app.clock.advance(TimeDelta::days(8));
    let third = run(&ada, None).await;
    assert_eq!(third.get("notes"), None, "after a week it is tried, and taken again");
    assert_eq!(asked(&app)[5], json!({"temperature": 0.7, "max_tokens": 64, "stream": true, "stream_options": usage}));
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_note_is_in_the_stored_comparison_the_shared_page_and_the_exports(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    app.upstream.on_each(ONE, [no_temperature(), Behaviour::answer("Hello there")]);
    let body = json!({"prompt": "Hello", "models": [ONE], "parameters": {"temperature": 0.7}});
    let (_, comparison) = ada.send(Method::POST, "/api/playground", Some(body)).await;
    let path = format!("/api/playground/{}", comparison["id"].as_str().unwrap());
    let stored = ada.get(&path).await;
    assert_eq!(stored["runs"][0]["notes"], json!([{"kind": "omitted", "field": "temperature"}]));
    let words = "sent without temperature: this model takes only its default";
    for page in [
        path.trim_start_matches("/api").to_owned(),
        format!("{path}/export?format=markdown"),
        format!("{path}/export?format=csv"),
    ] {
        let text = ada.request(Method::GET, &page).send().await.unwrap().text().await.unwrap();
        assert!(text.contains(words), "{page}: {text}");
    }
    let (status, shared) = ada.post(&format!("{path}/share"), json!({})).await;
    assert!(status.is_success(), "{shared}");
    let slug = shared["share_slug"].as_str().unwrap();
    let text =
        app.request(Method::GET, &format!("/playground/shared/{slug}")).send().await.unwrap().text().await.unwrap();
    assert!(text.contains(words), "{text}");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_value_out_of_range_is_for_its_member_and_is_not_left_out(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let message = "Invalid 'temperature': decimal above maximum value. Expected a value <= 0.5, but got 0.7 instead.";
    app.upstream.on(ONE, refused("temperature", "decimal_above_max_value", message));
    let run = run(&ada, None).await;
    assert_eq!((&run["status"], run.get("notes")), (&json!("failed"), None));
    assert_eq!(asked(&app).len(), 1);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn an_upstream_that_refuses_the_same_field_for_ever_is_given_up(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    app.upstream.on(ONE, no_temperature());
    assert_eq!(run(&ada, None).await["error"]["code"], "refused_request");
    assert_eq!(asked(&app).len(), 2);
    app.upstream.on(ONE, no_max_tokens());
    run(&ada, None).await;
    assert_eq!(asked(&app).len(), 5, "under both names, then without");
    assert_eq!(app.count("model_adjustments").await, 0, "nothing was learned: nothing was answered");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn one_model_takes_no_system_prompt_and_the_others_run(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    app.upstream.on(ONE, Behaviour::json(400, &json!({"object": "error", "message": "System role not supported"})));
    let body = json!({"prompt": "Hello", "system_prompt": "Be brief.", "models": [ONE, TWO]});
    let (_, comparison) = ada.send(Method::POST, "/api/playground", Some(body)).await;
    let runs = &comparison["runs"];
    assert_eq!(runs[0]["error"]["code"], "no_system_prompt", "{comparison}");
    assert!(runs[0]["error"]["message"].as_str().unwrap().starts_with("This model takes no system prompt."));
    assert_eq!(runs[1]["status"], "succeeded");
    assert_eq!(app.upstream.journal().len(), 2);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_stream_that_is_refused_is_asked_whole_and_has_no_time_to_first_token(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let message = "Your organization must be verified to stream this model.";
    let whole = json!({"object": "chat.completion", "usage": {"prompt_tokens": 7, "completion_tokens": 2},
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello there"}, "finish_reason": "stop"}]});
    app.upstream.on_each(ONE, [refused("stream", "unsupported_value", message), Behaviour::json(200, &whole)]);
    let run = run(&ada, None).await;
    assert_eq!((&run["status"], &run["response_content"]), (&json!("succeeded"), &json!("Hello there")), "{run}");
    assert_eq!((&run["ttft_ms"], &run["tokens_out"]), (&Value::Null, &json!(2)));
    assert_eq!(run["notes"], json!([{"kind": "not_streamed"}]));
    assert_eq!(asked(&app)[1], json!({"temperature": 0.7, "max_tokens": 64, "stream": false}));
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn the_gateway_leaves_its_own_stream_options_out_and_never_a_field_of_the_callers(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    app.upstream.on_each(ONE, [no_stream_options(), Behaviour::answer("Hello there")]);
    let (status, body) = caller.ask(&streamed(ONE)).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert!(body.contains("Hello ") && body.ends_with("data: [DONE]\n\n"), "{body}");
    assert_eq!(
        asked(&app),
        [json!({"stream": true, "stream_options": {"include_usage": true}}), json!({"stream": true})]
    );

    remembered(&app, 1).await;
    eventually("the next call knows it", || async {
        caller.ask(&streamed(ONE)).await;
        asked(&app).last() == Some(&json!({"stream": true}))
    })
    .await;

    let mut own = streamed(ONE);
    own["stream_options"] = json!({"include_usage": true});
    app.upstream.on(ONE, no_stream_options());
    let before = asked(&app).len();
    assert!(caller.ask(&own).await.0.is_client_error(), "what the caller sends is for the caller");
    assert_eq!(asked(&app).len(), before + 1);

    let mut hot = question(TWO);
    hot["temperature"] = json!(0.7);
    app.upstream.on(TWO, no_temperature());
    let (status, body) = caller.ask(&hot).await;
    assert_eq!((status, code(&body)), (StatusCode::BAD_REQUEST, "unsupported_value".to_owned()), "{body}");
    assert_eq!(app.upstream.journal().iter().filter(|entry| entry.model == TWO).count(), 1);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn an_admin_sees_what_was_learned_and_forgets_it_without_script(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    app.upstream.on_each(ONE, [no_temperature(), Behaviour::answer("Hello there")]);
    run(&admin, None).await;
    remembered(&app, 1).await;
    let known = admin.get("/api/admin/models/fake-one").await["adjustments"].clone();
    assert_eq!((&known[0]["field"], &known[0]["change"]), (&json!("temperature"), &json!("omitted")), "{known}");
    assert!(known[0]["words"].as_str().unwrap().starts_with("Unsupported value: 'temperature'"));
    let page = admin.request(Method::GET, "/admin/models/fake-one").send().await.unwrap().text().await.unwrap();
    assert!(page.contains("does not take temperature") && page.contains("21 Nov 2026"), "{page}");

    let fields = [("model", "fake-one"), ("field", "temperature")];
    let answer = admin.form("/admin/models/fake-one?do=forget-adjustment", &fields).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()["location"], "/admin/models/fake-one?done=forgotten");
    assert_eq!(app.count("model_adjustments").await, 0);
    let audit = admin.get("/api/admin/audit").await.to_string();
    assert!(audit.contains("model.forget_adjustment"), "{audit}");
    assert_eq!(admin.delete("/api/admin/models/fake-one/adjustments/temperature").await.0, StatusCode::NO_CONTENT);
    assert_eq!(admin.delete("/api/admin/models/nobody/adjustments/temperature").await.0, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn the_direct_test_says_what_the_model_does_not_take(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let admin = app.admin("root@example.org").await;
    let token = json!({"choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "length"}]});
    app.upstream.lists(&[ONE]);
    app.upstream.on_each(ONE, [Behaviour::json(200, &token), no_stream_options(), Behaviour::answer("Hello there")]);
    let (status, report) = admin.post("/api/admin/models/fake-one/test", json!({})).await;
    assert_eq!((status, &report["verdict"]), (StatusCode::OK, &json!("works")), "{report}");
    assert!(report.to_string().contains("The model does not take stream_options"), "{report}");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_thought_in_the_answer_is_taken_out_of_it_wherever_its_tags_are_cut(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let pieces = ["<thi", "nk>Hm</th", "ink>\n\nPar", "is."].map(Chunks::delta).concat();
    app.upstream.on(ONE, Behaviour::stream([pieces, Chunks::end(12, 34)].concat()));
    let answered = run(&ada, None).await;
    assert_eq!((&answered["response_content"], &answered["reasoning_content"]), (&json!("Paris."), &json!("Hm")));

    let open = [Chunks::delta("<think>Hm, and so on"), Chunks::end(12, 34)].concat();
    app.upstream.on(ONE, Behaviour::stream(open));
    let empty = run(&ada, None).await;
    assert_eq!(
        (&empty["error"]["code"], &empty["response_content"]),
        (&json!("empty_answer"), &Value::Null),
        "{empty}"
    );
    assert_eq!(empty["reasoning_content"], "Hm, and so on");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn output_that_is_not_text_is_told_as_what_it_is(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let delta =
        |delta: Value| Chunks::event(&json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}]}));
    let answered = async |bytes: Vec<u8>| {
        app.upstream.on(ONE, Behaviour::stream([bytes, Chunks::end(12, 34)].concat()));
        run(&ada, None).await
    };
    let declined = answered(delta(json!({"content": "", "refusal": "I can't help with that."}))).await;
    assert_eq!(
        (&declined["status"], &declined["finish_reason"], &declined["response_content"]),
        (&json!("succeeded"), &json!("refusal"), &json!("I can't help with that."))
    );
    let url = format!("data:image/png;base64,{}", "A".repeat(1_700_000));
    let drawn = answered(delta(json!({"images": [{"type": "image_url", "image_url": {"url": url}}]}))).await;
    assert_eq!((&drawn["status"], &drawn["notes"]), (&json!("succeeded"), &json!([{"kind": "image_omitted"}])));
    let damaged =
        answered([Chunks::delta("Hel"), b"data: {\"choices\":[{\"delta\":\n\n".to_vec(), Chunks::delta("lo")].concat())
            .await;
    assert_eq!((&damaged["response_content"], &damaged["notes"]), (&json!("Hello"), &json!([{"kind": "damaged"}])));
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn known_counts_are_not_replaced_by_unknown_ones(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let chunk = json!({"choices": [{"index": 0, "delta": {"content": "Hi"}}],
        "usage": {"prompt_tokens": 12, "completion_tokens": 34}});
    let last = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": {}});
    let bytes = [Chunks::event(&chunk), Chunks::event(&last), Chunks::done()].concat();
    app.upstream.on(ONE, Behaviour::stream(bytes));
    let counted = run(&ada, None).await;
    assert_eq!((&counted["tokens_in"], &counted["tokens_out"]), (&json!(12), &json!(34)));
}
