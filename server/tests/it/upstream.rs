//! What an upstream may do to a call, and what the caller is told.

use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use upstream::{
    ChatEvent, ChatRequest, ChatStream, ClientSettings, Target, Timeouts, UpstreamClient, UpstreamError, check_base_url,
};

use crate::support::{
    fake_upstream::{Behaviour, Chunks, Ending, FakeUpstream, Step},
    tls,
};

const KEY: &str = "test-key-0123456789abcdef";
const SECOND: Duration = Duration::from_secs(1);
const HELLO: &str = "Hello, world. Grüße 😀";

/// Everything a caller got from one call.
#[derive(Debug, Default)]
struct Heard {
    text: String,
    reasoning: String,
    finish: Option<String>,
    tokens_in: Option<u64>,
    tokens_out: Option<u64>,
    attempts: u8,
    failure: Option<UpstreamError>,
}

impl Heard {
    fn code(&self) -> &'static str {
        self.failure.as_ref().map_or("none", |failure| failure.code)
    }
}

fn client() -> UpstreamClient {
    UpstreamClient::new(ClientSettings::default()).expect("a client")
}

fn target(base_url: &str) -> Target {
    Target {
        base_url: check_base_url(base_url).expect("a base URL"),
        api_key: Some(SecretString::from(KEY)),
        allow_private: true,
        headers: HeaderMap::new(),
        timeouts: Timeouts::default(),
    }
}

fn impatient(base_url: &str) -> Target {
    let short = Duration::from_millis(500);
    let timeouts = Timeouts { first_output: short, silence: short, whole: 2 * SECOND, cap: None };
    Target { timeouts, ..target(base_url) }
}

async fn listen(stream: &mut ChatStream, heard: &mut Heard) {
    heard.attempts = stream.attempts();
    loop {
        match stream.next().await {
            Ok(Some(ChatEvent::Delta(text) | ChatEvent::Refusal(text))) => heard.text.push_str(&text),
            Ok(Some(ChatEvent::Reasoning(text))) => heard.reasoning.push_str(&text),
            Ok(Some(ChatEvent::Finish(reason))) => heard.finish = Some(reason),
            Ok(Some(ChatEvent::Usage(counts))) => (heard.tokens_in, heard.tokens_out) = (counts.input, counts.output),
            Ok(Some(ChatEvent::Image(_) | ChatEvent::SecretRedacted)) => {}
            Ok(None) => return,
            Err(failure) => {
                heard.failure = Some(failure);
                return;
            }
        }
    }
}

async fn ask_with(client: &UpstreamClient, target: &Target, model: &str) -> Heard {
    let mut heard = Heard::default();
    let request = ChatRequest::new(model, None, "Say hello.");
    match client.stream_chat(target, &request, CancellationToken::new()).await {
        Ok(mut stream) => listen(&mut stream, &mut heard).await,
        Err(failure) => heard.failure = Some(failure),
    }
    heard
}

async fn ask(target: &Target, model: &str) -> Heard {
    timeout(10 * SECOND, ask_with(&client(), target, model)).await.expect("an answer or a failure within ten seconds")
}

/// One client and one upstream, for many questions.
struct Desk {
    client: UpstreamClient,
    upstream: FakeUpstream,
}

impl Desk {
    async fn open() -> Self {
        Self { client: client(), upstream: FakeUpstream::start().await }
    }

    /// The answer to one request that is met with this behaviour.
    async fn met_with(&self, behaviour: Behaviour) -> Heard {
        self.upstream.on("m", behaviour);
        let target = target(&self.upstream.base_url());
        let answer = ask_with(&self.client, &target, "m");
        timeout(10 * SECOND, answer).await.expect("an answer or a failure within ten seconds")
    }
}

fn good_stream() -> Vec<u8> {
    let mut wire = Chunks::event(&json!({"choices": [{"index": 0, "delta": {"role": "assistant"}}]}));
    for word in HELLO.split_inclusive(' ') {
        wire.extend(Chunks::delta(word));
    }
    wire.extend(Chunks::end(12, 5));
    wire
}

#[tokio::test]
async fn a_good_answer_arrives_with_its_reason_and_its_counts() {
    let desk = Desk::open().await;
    let heard = desk.met_with(Behaviour::stream(good_stream())).await;
    assert_eq!(heard.failure, None);
    assert_eq!(heard.text, HELLO);
    assert_eq!(heard.finish.as_deref(), Some("stop"));
    assert_eq!((heard.tokens_in, heard.tokens_out, heard.attempts), (Some(12), Some(5), 1));
}

#[tokio::test]
async fn the_request_holds_what_was_asked_and_nothing_that_was_not() {
    let upstream = FakeUpstream::start().await;
    let mut request = ChatRequest::new("m", Some("Be brief."), "Say hello.");
    request.temperature = Some(0.5);
    let stream = client().stream_chat(&target(&upstream.base_url()), &request, CancellationToken::new()).await;
    listen(&mut stream.expect("a stream"), &mut Heard::default()).await;

    let [entry] = &upstream.ended(1).await[..] else { panic!("one request") };
    let expected = json!({
        "model": "m",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say hello."}],
        "temperature": 0.5,
        "stream": true,
        "stream_options": {"include_usage": true},
    });
    assert_eq!(entry.body, expected);
    assert_eq!((entry.method.as_str(), entry.path.as_str()), ("POST", "/v1/chat/completions"));
    assert_eq!(entry.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    assert_eq!(entry.header("accept-encoding"), Some("identity"));
    assert_eq!(entry.ending(), Some(Ending::Completed));
}

#[tokio::test]
async fn without_a_key_no_authorization_is_sent() {
    let upstream = FakeUpstream::start().await;
    for api_key in [None, Some(SecretString::from(" "))] {
        ask(&Target { api_key, ..target(&upstream.base_url()) }, "m").await;
    }
    assert!(upstream.ended(2).await.iter().all(|entry| entry.header("authorization").is_none()));
    let broken = Target { api_key: Some(SecretString::from("a\nb")), ..target(&upstream.base_url()) };
    assert_eq!(ask(&broken, "m").await.code(), "unauthorized");
    assert_eq!(upstream.journal().len(), 2);
}

#[tokio::test]
async fn one_connection_serves_many_answers() {
    let upstream = FakeUpstream::start().await;
    let (client, target) = (client(), target(&upstream.base_url()));
    for _ in 0..5 {
        assert_eq!(ask_with(&client, &target, "m").await.failure, None);
    }
    assert_eq!(upstream.ended(5).await.len(), 5);
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test]
async fn a_stream_is_the_same_wherever_it_is_cut_and_however_its_lines_end() {
    let plain = good_stream();
    let text = String::from_utf8(plain.clone()).expect("text");
    let mut variants = vec![
        ("CRLF", text.replace('\n', "\r\n").into_bytes()),
        ("CR", text.replace('\n', "\r").into_bytes()),
        ("a byte-order mark", [b"\xef\xbb\xbf".as_slice(), &plain].concat()),
        ("comments", format!(": hello\n\n{}", text.replace("\n\n", "\n\n: PROCESSING\n\n")).into_bytes()),
        ("no space after the colon", text.replace("data: ", "data:").into_bytes()),
        ("noise", format!("data: ping\n\nevent: message\n{text}").into_bytes()),
        ("something after [DONE]", format!("{text}data: {{\"error\":\"late\"}}\n\ndata: {{\n\n").into_bytes()),
        ("no [DONE]", text.replace("data: [DONE]\n\n", "").into_bytes()),
        ("no blank line at the end", text.replace("data: [DONE]\n\n", "").trim_end().as_bytes().to_vec()),
    ];
    variants.push(("plain", plain));
    let upstream = FakeUpstream::start().await;
    let (client, target) = (client(), target(&upstream.base_url()));
    for (name, wire) in variants {
        for size in [1, 2, 3, 7, 64, wire.len()] {
            upstream.on("m", Behaviour::stream_in_pieces(&wire, size));
            let heard = ask_with(&client, &target, "m").await;
            assert_eq!(heard.failure, None, "{name}, {size} bytes at a time");
            assert_eq!(heard.text, HELLO, "{name}, {size} bytes at a time");
            assert_eq!((heard.tokens_in, heard.tokens_out), (Some(12), Some(5)), "{name}, {size} bytes at a time");
        }
    }
}

#[tokio::test]
async fn a_server_that_does_not_stream_is_heard_as_one_piece() {
    let desk = Desk::open().await;
    let completion = json!({
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": HELLO}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 12, "completion_tokens": 5},
    });
    for content_type in ["application/json", "application/json; charset=utf-8", "text/plain", ""] {
        let heard = desk.met_with(Behaviour::reply(200, content_type, completion.to_string())).await;
        assert_eq!((heard.failure, heard.text.as_str()), (None, HELLO), "{content_type}");
        assert_eq!((heard.finish.as_deref(), heard.tokens_out), (Some("stop"), Some(5)));
    }
    let mislabelled = Behaviour::reply(200, "application/json", good_stream());
    assert_eq!(desk.met_with(mislabelled).await.text, HELLO);
}

#[tokio::test]
async fn reasoning_is_told_apart_from_the_answer() {
    let desk = Desk::open().await;
    let thought = |name: &str| Chunks::event(&json!({"choices": [{"delta": {name: "hm "}}]}));
    let wire = [thought("reasoning_content"), thought("reasoning"), Chunks::delta("so"), Chunks::end(3, 4)].concat();
    let heard = desk.met_with(Behaviour::stream(wire)).await;
    assert_eq!((heard.reasoning.as_str(), heard.text.as_str(), heard.failure), ("hm hm ", "so", None));
}

#[tokio::test]
async fn a_missing_or_wrong_count_is_unknown_and_the_last_of_several_holds() {
    let desk = Desk::open().await;
    let wire = |usages: &[Value]| {
        let usages: Vec<u8> = usages.iter().flat_map(Chunks::usage).collect();
        [Chunks::delta("hi"), Chunks::finish("stop"), usages, Chunks::done()].concat()
    };
    type Counts = (Option<u64>, Option<u64>);
    let cases: &[(&[Value], Counts)] = &[
        (&[], (None, None)),
        (&[Value::Null], (None, None)),
        (&[json!({"prompt_tokens": -3, "completion_tokens": "9"})], (None, None)),
        (&[json!({"prompt_tokens": 18446744073709551615_u64, "completion_tokens": 4.0})], (None, Some(4))),
        (
            &[json!({"prompt_tokens": 5, "completion_tokens": 1}), json!({"prompt_tokens": 5, "completion_tokens": 2})],
            (Some(5), Some(2)),
        ),
    ];
    for (usages, expected) in cases {
        let heard = desk.met_with(Behaviour::stream(wire(usages))).await;
        assert_eq!((heard.failure, heard.text.as_str()), (None, "hi"));
        assert_eq!((heard.tokens_in, heard.tokens_out), *expected, "{usages:?}");
    }
}

#[tokio::test]
async fn unreadable_characters_are_replaced_and_never_break_an_answer() {
    let desk = Desk::open().await;
    let raw = b"data: {\"choices\":[{\"delta\":{\"content\":\"a\xff\\ud83d\\u0000b\"}}]}\n\n".to_vec();
    let heard = desk.met_with(Behaviour::stream([raw, Chunks::end(1, 1)].concat())).await;
    assert_eq!((heard.failure, heard.text.as_str()), (None, "a\u{fffd}\u{fffd}\u{0}b"));
}

#[tokio::test]
async fn every_refusal_has_its_code_and_an_error_page_is_never_quoted() {
    let desk = Desk::open().await;
    let page = format!("<html><h1>nginx-secret-page</h1>{}</html>", "x".repeat(1024 * 1024));
    let cases = [
        (400, "refused_request"),
        (401, "unauthorized"),
        (403, "unauthorized"),
        (404, "endpoint_not_found"),
        (413, "payload_too_large"),
        (422, "refused_request"),
        (429, "rate_limited"),
        (500, "upstream_failed"),
        (529, "upstream_failed"),
    ];
    for (status, code) in cases {
        let bodies = [
            Behaviour::status(status),
            Behaviour::reply(status, "text/html", page.clone()),
            Behaviour::reply(status, "text/plain", page.clone()),
            Behaviour::reply(status, "application/json", ""),
        ];
        for body in bodies {
            let heard = desk.met_with(body).await;
            assert_eq!(heard.code(), code);
            let failure = heard.failure.expect("a failure");
            assert_eq!(failure.status, Some(status));
            assert!(!format!("{failure:?}").contains("nginx"), "{failure:?}");
        }
    }
}

#[tokio::test]
async fn a_refused_parameter_is_named_in_the_message() {
    let desk = Desk::open().await;
    let body = json!({"error": {"message": "o1 does not support temperature", "param": "temperature"}});
    let failure = desk.met_with(Behaviour::json(400, &body)).await.failure.expect("a failure");
    assert_eq!(failure.code, "refused_request");
    assert!(failure.message.contains("o1 does not support temperature"), "{}", failure.message);
}

#[tokio::test]
async fn our_key_is_never_told_back_whatever_the_upstream_echoes() {
    let desk = Desk::open().await;
    let echo = json!({"error": {"message": format!("got Authorization: Bearer {KEY}, and sk-{KEY}")}});
    let behaviours = [
        Behaviour::json(400, &echo),
        Behaviour::json(401, &echo),
        Behaviour::json(500, &echo),
        Behaviour::json(200, &echo),
        Behaviour::stream(Chunks::event(&echo)),
        Behaviour::stream(format!("event: error\ndata: {KEY}\n\n")),
    ];
    for behaviour in behaviours {
        let failure = desk.met_with(behaviour).await.failure.expect("a failure");
        assert!(!format!("{failure:?}").contains(KEY), "{failure:?}");
        assert!(failure.detail.is_some_and(|detail| detail.contains("[redacted]")));
    }
}

#[tokio::test]
async fn an_error_inside_a_200_is_a_failure_and_keeps_what_came_before() {
    let desk = Desk::open().await;
    let error = json!({"error": {"message": "out of memory", "code": 500}});
    let streams = [
        [Chunks::delta("Hel"), Chunks::event(&error)].concat(),
        [Chunks::delta("Hel"), b"event: error\ndata: {\"message\":\"out of memory\"}\n\n".to_vec()].concat(),
        [Chunks::delta("Hel"), b"event: error\ndata: out of memory\n\n".to_vec()].concat(),
        [Chunks::delta("Hel"), Chunks::event(&error), Chunks::done()].concat(),
    ];
    // A code in the object counts like a status.
    let codes = ["upstream_failed", "error_in_stream", "error_in_stream", "upstream_failed"];
    for (stream, code) in streams.into_iter().zip(codes) {
        let heard = desk.met_with(Behaviour::stream(stream)).await;
        assert_eq!((heard.text.as_str(), heard.code()), ("Hel", code));
        assert_eq!(heard.failure.and_then(|failure| failure.detail).as_deref(), Some("out of memory"));
    }
    assert_eq!(desk.met_with(Behaviour::json(200, &error)).await.code(), "upstream_failed");
}

#[tokio::test]
async fn what_is_no_completion_is_said_to_be_none() {
    let desk = Desk::open().await;
    let page = "<!doctype html><h1>Sign in</h1>";
    let behaviours = [
        Behaviour::reply(200, "text/html", page),
        Behaviour::reply(200, "application/json", page),
        Behaviour::reply(200, "application/json", "hello"),
        Behaviour::reply(200, "application/json", ""),
        Behaviour::reply(200, "application/json", "{\"ok\":true}"),
        Behaviour::reply(204, "application/json", ""),
        Behaviour::stream("data: hello\n\ndata: world\n\n"),
        Behaviour::stream("data: {\"choices\":[{\"del\n\n"),
        Behaviour::stream(format!("data: {{\"a\":{}\n\n", "[".repeat(10_000))),
        Behaviour::steps([Step::Raw(b"SSH-2.0-OpenSSH\r\n".to_vec()), Step::Cut]),
    ];
    for behaviour in behaviours {
        let shown = format!("{behaviour:?}");
        let heard = desk.met_with(behaviour).await;
        assert_eq!(heard.code(), "bad_response", "{shown}");
        let failure = heard.failure.expect("a failure");
        assert!(!format!("{failure:?}").contains("Sign in"), "{failure:?}");
    }
}

#[tokio::test]
async fn headers_without_end_are_a_bounded_failure() {
    let desk = Desk::open().await;
    let many = (0..10_000).map(|n| format!("x-{n}: y\r\n")).collect::<String>();
    for headers in [many, format!("x-long: {}\r\n", "y".repeat(1024 * 1024))] {
        let raw = Step::Raw(format!("HTTP/1.1 200 OK\r\n{headers}\r\n").into_bytes());
        let heard = desk.met_with(Behaviour::steps([raw, Step::Hang])).await;
        assert_eq!(heard.code(), "bad_response");
    }
}

#[tokio::test]
async fn a_body_that_was_compressed_without_being_asked_is_refused() {
    let desk = Desk::open().await;
    for encoding in ["gzip", "br", "x-unknown"] {
        let behaviour = Behaviour::stream(b"\x1f\x8b\x08\x00".to_vec()).with_header("content-encoding", encoding);
        assert_eq!(desk.met_with(behaviour).await.code(), "bad_response", "{encoding}");
    }
    let plain = Behaviour::stream(good_stream()).with_header("content-encoding", "Identity");
    assert_eq!(desk.met_with(plain).await.text, HELLO);
}

#[tokio::test]
async fn no_redirect_is_followed_and_its_target_is_not_told() {
    let (upstream, elsewhere) = (FakeUpstream::start().await, FakeUpstream::start().await);
    for status in [301, 302, 303, 307, 308] {
        let behaviour = Behaviour::reply(status, "text/html", "moved").with_header("location", &elsewhere.base_url());
        upstream.on("m", behaviour.clone());
        upstream.on_models(behaviour);
        let heard = ask(&target(&upstream.base_url()), "m").await;
        assert_eq!(heard.code(), "redirected");
        assert!(!format!("{:?}", heard.failure).contains(&elsewhere.port().to_string()));
        let listed = client().list_models(&target(&upstream.base_url())).await;
        assert_eq!(listed.expect_err("a failure").code, "redirected");
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn an_answer_without_text_is_a_failure_that_says_why() {
    let desk = Desk::open().await;
    let thought = Chunks::event(&json!({"choices": [{"delta": {"reasoning": "hm"}}]}));
    let cases = [
        (Chunks::end(3, 0), "empty_answer", "without writing anything"),
        (Chunks::done(), "empty_answer", "without writing anything"),
        (
            [Chunks::event(&json!({"choices": []})), Chunks::finish("length")].concat(),
            "empty_answer",
            "Raise max tokens",
        ),
        ([thought, Chunks::finish("length"), Chunks::done()].concat(), "empty_answer", "on reasoning"),
        (Chunks::finish("content_filter"), "content_filtered", "content filter"),
        (Chunks::finish("tool_calls"), "empty_answer", "asked for a tool"),
    ];
    for (wire, code, words) in cases {
        let heard = desk.met_with(Behaviour::stream(wire)).await;
        assert_eq!(heard.code(), code);
        let failure = heard.failure.expect("a failure");
        assert!(failure.message.contains(words), "{}", failure.message);
    }
    let null = json!({"choices": [{"message": {"content": null}, "finish_reason": "stop"}]});
    assert_eq!(desk.met_with(Behaviour::json(200, &null)).await.code(), "empty_answer");
}

#[tokio::test]
async fn a_cut_stream_is_not_an_answer_but_keeps_its_text() {
    let desk = Desk::open().await;
    let partial = [Chunks::delta("Hel"), b"data: {\"choices\":[{\"del".to_vec()].concat();
    let short = Step::Head(
        200,
        vec![("content-type".into(), "text/event-stream".into()), ("content-length".into(), "5000".into())],
    );
    let behaviours = [
        Behaviour::cut_after("Hel"),
        Behaviour::reset_after("Hel"),
        Behaviour::stream(Chunks::delta("Hel")),
        Behaviour::stream(partial),
        Behaviour::steps([short, Step::Body(Chunks::delta("Hel")), Step::Cut]),
    ];
    for behaviour in behaviours {
        let heard = desk.met_with(behaviour).await;
        assert_eq!((heard.text.as_str(), heard.code(), heard.attempts), ("Hel", "cut_off", 1));
    }
}

#[tokio::test]
async fn after_its_finish_reason_an_answer_is_complete_even_if_the_counts_never_come() {
    let said = [Chunks::delta(HELLO), Chunks::finish("stop")].concat();
    for last in [Step::Cut, Step::Reset, Step::Hang] {
        let wait = Step::Wait(Duration::from_millis(50));
        let upstream = FakeUpstream::start().await;
        upstream.on("m", Behaviour::steps([Behaviour::event_stream(), Step::Body(said.clone()), wait, last]));
        let heard = ask(&impatient(&upstream.base_url()), "m").await;
        assert_eq!((heard.failure, heard.text.as_str(), heard.tokens_out), (None, HELLO, None));
    }
}

#[tokio::test]
async fn a_connection_closed_before_the_answer_is_not_tried_again() {
    let upstream = FakeUpstream::start().await;
    upstream.on("m", Behaviour::steps([Step::Cut]));
    assert_eq!(ask(&target(&upstream.base_url()), "m").await.code(), "cut_off");
    assert_eq!(upstream.journal().len(), 1);
}

#[tokio::test]
async fn silence_ends_at_the_deadline_that_it_breaks() {
    let headers_only = Behaviour::steps([Behaviour::event_stream(), Step::Hang]);
    let drip = Chunks::delta("x").iter().map(|byte| vec![*byte]).collect::<Vec<_>>();
    let dripping = drip.into_iter().flat_map(|byte| [Step::Body(byte), Step::Wait(Duration::from_millis(100))]);
    let drip = Behaviour::steps([Behaviour::event_stream()].into_iter().chain(dripping).collect::<Vec<_>>());
    // The drip is never silent for long, but has not come to an output when the first one is due.
    let cases = [
        (Behaviour::silence(), "timeout_first_byte", "Time to first output"),
        (headers_only, "timeout_first_byte", "Time to first output"),
        (drip, "timeout_first_byte", "Time to first output"),
        (Behaviour::hang_after("Hel"), "timeout_idle", "Silence"),
    ];
    for (behaviour, code, setting) in cases {
        let upstream = FakeUpstream::start().await;
        upstream.on("m", behaviour);
        let began = Instant::now();
        let heard = ask(&impatient(&upstream.base_url()), "m").await;
        assert_eq!(heard.code(), code);
        let message = heard.failure.map(|failure| failure.message).unwrap_or_default();
        assert!(message.contains(&format!("0.5 s (this site's limit “{setting}” of the upstream)")), "{message}");
        assert!(began.elapsed() >= Duration::from_millis(500), "{code} after {:?}", began.elapsed());
        let entry = &upstream.ended(1).await[0];
        assert_eq!(entry.ending(), Some(Ending::ClientHungUp), "{code}");
    }
}

#[tokio::test]
async fn a_stream_that_moves_may_take_longer_than_a_whole_answer() {
    let upstream = FakeUpstream::start().await;
    upstream.on("m", Behaviour::tokens(30, Duration::from_millis(30)));
    let timeouts = Timeouts { whole: Duration::from_millis(100), ..impatient(&upstream.base_url()).timeouts };
    let began = Instant::now();
    let heard = ask(&Target { timeouts, ..target(&upstream.base_url()) }, "m").await;
    assert_eq!((heard.failure, began.elapsed() > Duration::from_millis(500)), (None, true));
}

#[tokio::test]
async fn a_first_sign_of_life_is_not_yet_the_answer() {
    // The role comes at once, then nothing for longer than a pause in the middle of an answer may take.
    let upstream = FakeUpstream::start().await;
    let role = b"data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n".to_vec();
    let rest = [Chunks::delta("Hello"), Chunks::finish("stop"), Chunks::done()].concat();
    let thinks = Step::Wait(Duration::from_millis(600));
    upstream.on("m", Behaviour::steps([Behaviour::event_stream(), Step::Body(role), thinks, Step::Body(rest)]));
    let patient = Timeouts { first_output: 5 * SECOND, ..impatient(&upstream.base_url()).timeouts };
    let heard = ask(&Target { timeouts: patient, ..target(&upstream.base_url()) }, "m").await;
    assert_eq!((heard.text.as_str(), heard.failure), ("Hello", None));
}

#[tokio::test]
async fn cancelling_and_dropping_close_the_connection_at_once() {
    let upstream = FakeUpstream::start().await;
    upstream.on("silent", Behaviour::silence());
    upstream.on("long", Behaviour::tokens(10_000, Duration::from_millis(20)));
    let (client, target) = (client(), target(&upstream.base_url()));

    let cancel = CancellationToken::new();
    let request = ChatRequest::new("silent", None, "hi");
    let (outcome, ()) = tokio::join!(client.stream_chat(&target, &request, cancel.clone()), async {
        upstream.started(1).await;
        cancel.cancel();
    });
    assert_eq!(outcome.err().map(|failure| failure.code), Some("cancelled"));

    let cancel = CancellationToken::new();
    let request = ChatRequest::new("long", None, "hi");
    let mut stream = client.stream_chat(&target, &request, cancel.clone()).await.expect("a stream");
    assert!(matches!(stream.next().await, Ok(Some(ChatEvent::Delta(_)))));
    cancel.cancel();
    let mut heard = Heard::default();
    listen(&mut stream, &mut heard).await;
    assert_eq!(heard.code(), "cancelled");
    assert_eq!(stream.next().await, Ok(None));

    let mut stream = client.stream_chat(&target, &request, CancellationToken::new()).await.expect("a stream");
    assert!(matches!(stream.next().await, Ok(Some(ChatEvent::Delta(_)))));
    drop(stream);

    let request = ChatRequest::new("silent", None, "hi");
    let dropped = client.stream_chat(&target, &request, CancellationToken::new());
    assert!(timeout(Duration::from_millis(100), dropped).await.is_err(), "still silent");

    let journal = timeout(SECOND, upstream.ended(4)).await.expect("all four closed at once, not after minutes");
    assert!(journal.iter().all(|entry| entry.ending() == Some(Ending::ClientHungUp)), "{journal:#?}");
}

#[tokio::test]
async fn one_quick_failure_is_tried_again_and_a_second_is_told() {
    let upstream = FakeUpstream::start().await;
    let good = Behaviour::answer("Hello");
    let patient = Behaviour::status(429).with_header("retry-after", "1");
    upstream.on_each("once", [Behaviour::status(503), good.clone()]);
    upstream.on_each("gateway", [Behaviour::status(502), good.clone()]);
    upstream.on_each("limited", [patient.clone(), good.clone()]);
    upstream.on_each("twice", [Behaviour::status(503), Behaviour::status(504), good]);
    let target = target(&upstream.base_url());

    for model in ["once", "gateway", "limited"] {
        let began = Instant::now();
        let heard = ask(&target, model).await;
        assert_eq!((heard.text.as_str(), heard.attempts, heard.failure), ("Hello", 2, None), "{model}");
        let pause = if model == "limited" { SECOND } else { Duration::from_millis(100) };
        assert!(began.elapsed() >= pause, "{model} after {:?}", began.elapsed());
    }
    let heard = ask(&target, "twice").await;
    assert_eq!(heard.failure.map(|failure| (failure.code, failure.status)), Some(("upstream_failed", Some(504))));
    assert_eq!(upstream.journal().len(), 8);

    let hurried = Target { timeouts: Timeouts { first_output: SECOND / 2, ..Timeouts::default() }, ..target };
    upstream.on("late", patient);
    assert_eq!(ask(&hurried, "late").await.code(), "rate_limited");
    assert_eq!(upstream.journal().len(), 9);
}

#[tokio::test]
async fn failures_that_would_stay_or_cost_twice_are_not_tried_again() {
    let spent = json!({"error": {"message": "no credit", "code": "insufficient_quota"}});
    let limited = |value: &str| Behaviour::status(429).with_header("retry-after", value);
    let cases = [
        (Behaviour::status(429), "rate_limited", None),
        (limited("6"), "rate_limited", Some(6)),
        (limited("86400"), "rate_limited", Some(86_400)),
        (limited("999999999"), "rate_limited", Some(86_400)),
        (limited("-1"), "rate_limited", None),
        (limited("soon"), "rate_limited", None),
        (Behaviour::json(429, &spent).with_header("retry-after", "1"), "quota_exhausted", Some(1)),
        (Behaviour::status(503).with_header("retry-after", "60"), "upstream_failed", Some(60)),
        (Behaviour::status(500), "upstream_failed", None),
        (Behaviour::status(400), "refused_request", None),
        (Behaviour::cut_after("Hel"), "cut_off", None),
    ];
    for (behaviour, code, retry_after_s) in cases {
        let upstream = FakeUpstream::start().await;
        upstream.on("m", behaviour);
        let heard = ask(&target(&upstream.base_url()), "m").await;
        assert_eq!(heard.code(), code);
        assert_eq!(heard.failure.and_then(|failure| failure.retry_after_s), retry_after_s, "{code}");
        assert_eq!(upstream.journal().len(), 1, "{code}");
    }
}

#[tokio::test]
async fn a_refused_connection_is_tried_again_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let target = target(&format!("http://{address}/v1"));
    let began = Instant::now();
    assert_eq!(ask(&target, "m").await.code(), "connect_failed");
    assert!(began.elapsed() >= Duration::from_millis(100), "{:?}", began.elapsed());

    // The server comes up in the pause.
    let (heard, ()) = tokio::join!(ask(&target, "m"), async {
        sleep(Duration::from_millis(30)).await;
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_reuseaddr(true).expect("an option");
        socket.bind(address).expect("the same port");
        let (mut socket, _) = socket.listen(8).expect("listening").accept().await.expect("a client");
        let mut buffer = vec![0; 64 * 1024];
        let _ = tokio::io::AsyncReadExt::read(&mut socket, &mut buffer).await;
        let body = String::from_utf8(good_stream()).expect("text");
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n{body}");
        let _ = tokio::io::AsyncWriteExt::write_all(&mut socket, answer.as_bytes()).await;
    });
    assert_eq!((heard.failure, heard.text.as_str(), heard.attempts), (None, HELLO, 2));
}

#[tokio::test]
async fn a_server_that_accepts_no_connection_is_given_up_in_time() {
    // A backlog that is full: the kernel leaves further connections unanswered.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let listener = socket.listen(1).expect("listening");
    let address = listener.local_addr().expect("an address");
    let mut waiting = Vec::new();
    while let Ok(Ok(stream)) = timeout(Duration::from_millis(100), TcpStream::connect(address)).await {
        waiting.push(stream);
    }
    let settings = ClientSettings { connect_timeout: Duration::from_millis(300), ..ClientSettings::default() };
    let client = UpstreamClient::new(settings).expect("a client");
    let began = Instant::now();
    let heard = ask_with(&client, &target(&format!("http://{address}/v1")), "m").await;
    assert_eq!(heard.code(), "timeout_connect");
    assert!(began.elapsed() < SECOND, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_broken_or_unknown_certificate_is_told_apart_from_a_server_that_is_away() {
    let plain = target(&format!("https://{}/v1", tls::answer_plainly_once()));
    let failure = ask(&plain, "m").await.failure.expect("a failure");
    assert_eq!(failure.code, "tls_failed");
    assert!(failure.message.contains("does not speak TLS"), "{}", failure.message);

    let unsigned = target(&format!("https://{}/v1", tls::show_self_signed_once()));
    let failure = ask(&unsigned, "m").await.failure.expect("a failure");
    assert_eq!(failure.code, "tls_failed");
    assert!(failure.message.contains("authority"), "{}", failure.message);
}

#[tokio::test]
async fn answers_without_end_are_cut_at_their_bound() {
    let endless = |piece: Vec<u8>| Behaviour::steps([Behaviour::event_stream(), Step::Forever(piece, Duration::ZERO)]);
    let json = Step::Head(200, vec![("content-type".into(), "application/json".into())]);
    let opening = Step::Body(b"{\"choices\":[{\"message\":{\"content\":\"".to_vec());
    let behaviours = [
        ("text", endless(Chunks::delta(&"x".repeat(10_000)))),
        ("one line", endless(vec![b'x'; 10_000])),
        ("one event", endless(b"data: x\n".repeat(1_000))),
        ("JSON", Behaviour::steps([json, opening, Step::Forever(vec![b'x'; 10_000], Duration::ZERO)])),
    ];
    for (name, behaviour) in behaviours {
        let upstream = FakeUpstream::start().await;
        upstream.on("m", behaviour);
        let heard = ask(&target(&upstream.base_url()), "m").await;
        assert_eq!(heard.code(), "too_large", "{name}");
        assert!(heard.text.len() <= 4 * 1024 * 1024, "{name}: {} bytes", heard.text.len());
        let entry = &upstream.ended(1).await[0];
        assert_eq!(entry.ending(), Some(Ending::ClientHungUp), "{name}");
        assert!(entry.bytes_sent < 32 * 1024 * 1024, "{name}: {} bytes taken", entry.bytes_sent);
    }
}

#[tokio::test]
async fn a_good_answer_comes_at_its_own_time_beside_three_bad_ones() {
    let upstream = FakeUpstream::start().await;
    upstream.on("hang", Behaviour::silence());
    upstream.on("limit", Behaviour::status(429));
    upstream.on("cut", Behaviour::cut_after("Hel"));
    upstream.on("good", Behaviour::answer("Hello").after(Duration::from_millis(100)));
    let (client, target) = (client(), impatient(&upstream.base_url()));
    let timed = |model: &'static str| {
        let (client, target) = (client.clone(), target.clone());
        async move {
            let began = Instant::now();
            let heard = ask_with(&client, &target, model).await;
            (heard.code(), heard.text, began.elapsed())
        }
    };
    let (hang, limit, cut, good) = tokio::join!(timed("hang"), timed("limit"), timed("cut"), timed("good"));
    assert_eq!((hang.0, limit.0, cut.0, good.0), ("timeout_first_byte", "rate_limited", "cut_off", "none"));
    assert_eq!(good.1, "Hello");
    assert!(good.2 < hang.2, "{:?} and {:?}", good.2, hang.2);
    assert_eq!(upstream.ended(4).await.len(), 4);
}

#[tokio::test]
async fn the_time_of_sending_is_that_of_the_attempt_that_was_answered() {
    let upstream = FakeUpstream::start().await;
    upstream.on_each("m", [Behaviour::status(503), Behaviour::answer("Hello")]);
    let began = Instant::now();
    let request = ChatRequest::new("m", None, "hi");
    let stream = client().stream_chat(&target(&upstream.base_url()), &request, CancellationToken::new()).await;
    let sent_at = stream.expect("a stream").sent_at();
    assert!(sent_at - began >= Duration::from_millis(100));
    assert!(sent_at <= upstream.journal()[1].started);
}

#[tokio::test]
async fn the_models_of_an_upstream_are_listed_and_a_bad_list_is_a_plain_failure() {
    let upstream = FakeUpstream::start().await;
    let target = impatient(&upstream.base_url());
    upstream.lists(&["b", "a", "b"]);
    let listed = client().list_models(&target).await.expect("a list");
    assert_eq!(listed.models.iter().map(|model| model.id.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    let [entry] = &upstream.ended(1).await[..] else { panic!("one request") };
    assert_eq!((entry.method.as_str(), entry.path.as_str()), ("GET", "/v1/models"));
    assert_eq!(entry.header("authorization"), Some(format!("Bearer {KEY}").as_str()));

    let head = Step::Head(200, vec![("content-type".into(), "application/json".into())]);
    let cases = [
        (Behaviour::status(401), "unauthorized"),
        (Behaviour::status(404), "endpoint_not_found"),
        (Behaviour::reply(200, "text/html", "<html>"), "bad_response"),
        (Behaviour::json(200, &json!({"ok": true})), "bad_response"),
        (Behaviour::reply(200, "application/json", "{\"data\":["), "bad_response"),
        (Behaviour::silence(), "timeout_total"),
        (Behaviour::steps([head.clone(), Step::Body(b"{".to_vec()), Step::Hang]), "timeout_idle"),
        (Behaviour::steps([head.clone(), Step::Body(b"{".to_vec()), Step::Cut]), "cut_off"),
        (Behaviour::steps([head, Step::Forever(vec![b' '; 10_000], Duration::ZERO)]), "too_large"),
    ];
    for (behaviour, code) in cases {
        upstream.on_models(behaviour);
        assert_eq!(client().list_models(&target).await.expect_err(code).code, code);
    }
}
