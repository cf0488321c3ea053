//! The simulated upstream, asked the way the product asks it.

use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use foundation::shutdown::Tasks;
use services::demo;
use tokio_util::sync::CancellationToken;
use upstream::{
    ChatEvent, ChatRequest, ClientSettings, Target, Timeouts, UpstreamClient, UpstreamError, check_base_url,
};

struct Demo {
    tasks: Tasks,
    client: UpstreamClient,
    target: Target,
}

#[derive(Debug, Default, PartialEq)]
struct Told {
    text: String,
    reasoning: String,
    finish: String,
    usage: (Option<u64>, Option<u64>),
}

impl Demo {
    async fn start(speed: f64) -> Self {
        let tasks = Tasks::default();
        let upstream = demo::start_at_speed(&tasks, speed).await.expect("a free port");
        let base_url = check_base_url(&upstream.base_url).expect("a base URL");
        let target = Target {
            base_url,
            api_key: None,
            allow_private: true,
            headers: HeaderMap::default(),
            timeouts: Timeouts::default(),
        };
        Self { tasks, client: UpstreamClient::new(ClientSettings::default()).expect("a client"), target }
    }

    async fn ask(&self, request: &ChatRequest) -> Result<Told, UpstreamError> {
        let mut stream = self.client.stream_chat(&self.target, request, CancellationToken::new()).await?;
        let mut told = Told::default();
        while let Some(event) = stream.next().await? {
            match event {
                ChatEvent::Delta(text) => told.text.push_str(&text),
                ChatEvent::Reasoning(text) => told.reasoning.push_str(&text),
                ChatEvent::Finish(reason) => told.finish = reason,
                ChatEvent::Usage(counts) => told.usage = (counts.input, counts.output),
                ChatEvent::Refusal(_) | ChatEvent::Image(_) | ChatEvent::SecretRedacted => {}
            }
        }
        Ok(told)
    }
}

#[tokio::test]
async fn the_simulated_upstream_lists_the_models_that_the_catalogue_registers() {
    let demo = Demo::start(1_000.0).await;
    let listed = demo.client.list_models(&demo.target).await.expect("a list");
    let listed: Vec<_> = listed.models.iter().map(|model| (model.id.as_str(), model.context_window)).collect();
    let registered = demo::models();
    let registered: Vec<_> = registered.iter().map(|model| (model.name, Some(model.context_window))).collect();
    assert_eq!(listed, registered);
}

#[tokio::test]
async fn every_simulated_model_answers_with_counts_and_the_same_words_twice() {
    let demo = Demo::start(1_000.0).await;
    for model in demo::models() {
        let request = ChatRequest::new(model.name, Some("Be kind."), "What is autumn?");
        let told = demo.ask(&request).await.expect("an answer");
        assert!(told.text.to_lowercase().contains("simulated"), "{}", told.text);
        assert!(told.text.contains("autumn"), "{}", told.text);
        assert_eq!(told.reasoning.is_empty(), model.name != "demo/thinker");
        assert_eq!(told.finish, "stop");
        assert!(told.usage.0.is_some_and(|tokens| tokens > 4) && told.usage.1.is_some_and(|tokens| tokens > 10));
        assert_eq!(demo.ask(&request).await.expect("an answer"), told);
    }
}

#[tokio::test]
async fn max_tokens_cuts_a_simulated_answer_at_exactly_that_many() {
    let demo = Demo::start(1_000.0).await;
    let mut request = ChatRequest::new("demo/sage", None, "What is autumn?");
    request.max_tokens = Some(12);
    let told = demo.ask(&request).await.expect("an answer");
    assert_eq!((told.finish.as_str(), told.usage.1), ("length", Some(12)));
}

#[tokio::test]
async fn the_failure_to_try_hits_the_poet_alone() {
    let demo = Demo::start(1_000.0).await;
    for model in demo::models() {
        let outcome = demo.ask(&ChatRequest::new(model.name, None, "Hello [fail]")).await;
        if model.name == "demo/poet" {
            let failure = outcome.expect_err("a failure");
            assert_eq!((failure.code, failure.retry_after_s), ("rate_limited", Some(20)));
        } else {
            assert!(outcome.is_ok(), "{}", model.name);
        }
    }
    let unknown = demo.ask(&ChatRequest::new("demo/nobody", None, "Hello")).await;
    assert_eq!(unknown.expect_err("a failure").code, "model_not_found");
}

#[tokio::test]
async fn the_four_take_clearly_different_time_to_the_first_word_and_to_the_last() {
    let demo = Demo::start(4.0).await;
    let timed = async |model: &'static str| {
        let began = Instant::now();
        demo.ask(&ChatRequest::new(model, None, "What is autumn?")).await.expect("an answer");
        began.elapsed()
    };
    let (swift, poet, thinker, sage) =
        tokio::join!(timed("demo/swift"), timed("demo/poet"), timed("demo/thinker"), timed("demo/sage"));
    assert!(swift < poet && poet < thinker && thinker < sage, "{swift:?} {poet:?} {thinker:?} {sage:?}");
}

#[tokio::test]
async fn the_simulated_upstream_ends_with_the_server_even_while_it_answers() {
    let demo = Demo::start(0.2).await;
    let request = ChatRequest::new("demo/sage", None, "What is autumn?");
    let asked = demo.client.stream_chat(&demo.target, &request, CancellationToken::new()).await;
    let mut stream = asked.expect("an answer");
    stream.next().await.expect("the answer has begun");
    assert!(demo.tasks.stop(Duration::from_secs(5)).await, "every task has ended");
    let failure = loop {
        match stream.next().await {
            Ok(event) => assert!(event.is_some(), "the answer came to its end"),
            Err(failure) => break failure,
        }
    };
    assert_eq!(failure.code, "cut_off");
}
