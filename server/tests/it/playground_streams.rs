//! The playground before streams as providers really send them: what is shown, what is kept, and how a run ends.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    app::{MODELS, Member, TestApp, UPSTREAM_KEY},
    fake_upstream::{Behaviour, Chunks, Step},
};

const ONE: &str = MODELS[0];

fn delta(delta: &Value) -> Vec<u8> {
    Chunks::event(&json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}]}))
}

fn stream(pieces: impl IntoIterator<Item = Vec<u8>>) -> Behaviour {
    let pieces = pieces.into_iter().map(Step::Body);
    Behaviour::steps([Behaviour::event_stream()].into_iter().chain(pieces).chain([Step::End]).collect::<Vec<_>>())
}

fn cut(pieces: impl IntoIterator<Item = Vec<u8>>) -> Behaviour {
    let pieces = pieces.into_iter().map(Step::Body);
    Behaviour::steps([Behaviour::event_stream()].into_iter().chain(pieces).chain([Step::Cut]).collect::<Vec<_>>())
}

/// The run of one model that answers so, once it has ended.
async fn run(app: &TestApp, member: &Member<'_>, behaviour: Behaviour) -> Value {
    app.upstream.on(ONE, behaviour);
    let body = json!({"prompt": "Hello", "models": [ONE]});
    let (status, comparison) = member.send(Method::POST, "/api/playground", Some(body)).await;
    assert_eq!(status, StatusCode::CREATED, "{comparison}");
    comparison["runs"][0].clone()
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn what_came_is_kept_and_what_is_missing_is_said(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let empty = |text: &str| Chunks::event(&json!({"choices": [{"delta": {"content": text}, "finish_reason": ""}]}));
    let broken = b"data: {\"choices\":[{\"delta\":{\"content\": \"lost\n\n".to_vec();
    let filtered = Chunks::event(&json!({"choices": [{"delta": {}, "finish_reason": "content_filter"}]}));
    let cases = [
        (cut([empty("Par"), empty("is")]), "Paris", Some("cut_off")),
        (stream([empty("Par"), empty("is"), Chunks::done()]), "Paris", None),
        (stream([Chunks::delta("Par"), broken, Chunks::delta("is"), Chunks::end(3, 2)]), "Paris", Some("damaged")),
        (stream([filtered]), "", Some("content_filtered")),
        (cut([delta(&json!({"role": "assistant", "content": ""}))]), "", Some("cut_off")),
        (
            stream([delta(&json!({"content": "", "refusal": "I can't help with that."})), Chunks::end(3, 2)]),
            "I can't help with that.",
            None,
        ),
    ];
    for (behaviour, text, code) in cases {
        let shown = format!("{behaviour:?}");
        let run = run(&app, &ada, behaviour).await;
        let found = (run["response_content"].as_str().unwrap_or_default(), run["error"]["code"].as_str());
        assert_eq!(found, (text, code), "{shown:.300}: {run}");
    }
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn thoughts_are_told_from_the_answer_and_known_counts_stay(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let counted = Chunks::event(&json!({"usage": {"prompt_tokens": 12, "completion_tokens": 34},
        "choices": [{"delta": {"reasoning_content": "", "reasoning": "Hm", "content": "ok"}, "finish_reason": null}]}));
    let last = Chunks::event(&json!({"usage": {}, "choices": [{"delta": {}, "finish_reason": "stop"}]}));
    let answer = run(&app, &ada, stream([counted, last, Chunks::done()])).await;
    assert_eq!((&answer["response_content"], &answer["reasoning_content"]), (&json!("ok"), &json!("Hm")), "{answer}");
    assert_eq!((&answer["tokens_in"], &answer["tokens_out"]), (&json!(12), &json!(34)), "{answer}");

    let pieces = ["<thi", "nk>Hm</th", "ink>Paris. `<think>` is a tag."].map(Chunks::delta);
    let answer = run(&app, &ada, stream(pieces.into_iter().chain([Chunks::end(3, 2)]))).await;
    let found = (answer["response_content"].as_str(), answer["reasoning_content"].as_str());
    assert_eq!(found, (Some("Paris. `<think>` is a tag."), Some("Hm")), "{answer}");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn a_picture_of_almost_two_megabytes_is_said_to_be_there(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ada = app.member("ada@example.org").await;
    let url = format!("data:image/png;base64,{}", "A".repeat(1_700_000));
    let picture = delta(&json!({"images": [{"type": "image_url", "image_url": {"url": url}}]}));
    let answer = run(&app, &ada, stream([picture, Chunks::end(3, 2)])).await;
    assert_eq!(answer["status"], "succeeded", "{answer:.500}");
    assert!(answer["notes"].to_string().contains("image_omitted"), "{answer:.500}");
}

#[sqlx::test(migrator = "database::MIGRATOR")]
async fn the_upstreams_own_key_is_nowhere(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let ada = app.member("ada@example.org").await;
    for at in [UPSTREAM_KEY.len(), 1, 4, 10] {
        let (head, tail) = UPSTREAM_KEY.split_at(at);
        let pieces = ["You sent Bearer ", head, tail, " ."].map(Chunks::delta);
        let thought = delta(&json!({"reasoning": format!("The key is {UPSTREAM_KEY}")}));
        app.upstream.on(ONE, stream([thought].into_iter().chain(pieces).chain([Chunks::end(3, 2)])));
        let body = json!({"prompt": "Hello", "models": [ONE]});
        let (_, comparison) = ada.send(Method::POST, "/api/playground", Some(body)).await;
        let text = comparison.to_string();
        assert!(!text.contains(UPSTREAM_KEY) && text.contains("[redacted]"), "{text}");
        let id = comparison["id"].as_str().unwrap();
        for format in ["json", "csv", "md"] {
            let export = ada.request(Method::GET, &format!("/api/playground/{id}/export?format={format}"));
            let export = export.send().await.unwrap().text().await.unwrap();
            assert!(!export.contains(UPSTREAM_KEY), "{export}");
        }
        let (status, shared) = ada.send(Method::POST, &format!("/api/playground/{id}/share"), None).await;
        assert!(status.is_success(), "{shared}");
        let url = shared["public_url"].as_str().unwrap();
        let path = &url[url.find("/playground/shared/").unwrap()..];
        let page = ada.request(Method::GET, path).send().await.unwrap().text().await.unwrap();
        assert!(!page.contains(UPSTREAM_KEY) && page.contains("[redacted]"), "{path}: {page:.400}");
    }
}
