//! Converts an entry of LiteLLM into a usage event.

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use super::payload::{ErrorInformation, Payload};
use crate::usage::{ErrorClass, EventSource, Outcome, UsageEvent, UsageSource, is_believable_cost};

/// If the caller disconnects after this long without output, the model counts as too slow.
const SLOW_AFTER_MS: u64 = 10_000;
/// Age of the oldest event that is accepted; older ones come from a wrong clock.
const OLDEST: TimeDelta = TimeDelta::days(30);
/// How far in the future an event may be; later ones come from a wrong clock.
const NEWEST: TimeDelta = TimeDelta::hours(1);
/// Longer than any request takes.
const MAX_LATENCY_S: f64 = 86_400.0;
/// Characters of names and ids that are kept.
const MAX_NAME: usize = 200;

/// Why an entry is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Skipped {
    /// It says nothing about a chat model: an embedding, say, or an answer from a cache.
    NotACompletion,
    /// Times or ids are missing or impossible.
    Unusable,
}

/// The usage event of an entry.
///
/// # Errors
///
/// The entry is not about a completion, or is unusable.
pub(super) fn convert(payload: &Payload, now: DateTime<Utc>) -> Result<UsageEvent, Skipped> {
    let asks_a_model = payload.call_type.as_deref().is_none_or(is_completion);
    if !asks_a_model || payload.cache_hit == Some(true) {
        return Err(Skipped::NotACompletion);
    }
    let started = time(payload.start_time, now).ok_or(Skipped::Unusable)?;
    let id = id(payload).ok_or(Skipped::Unusable)?;
    let latency_ms = milliseconds(payload.start_time, payload.end_time).ok_or(Skipped::Unusable)?;
    let is_stream = payload.stream == Some(true);
    let is_disconnected = payload.error_str.as_deref().is_some_and(|text| text.contains("Client disconnected"));
    let count = |tokens: Option<u64>| tokens.filter(|tokens| (1..=1_000_000_000_000).contains(tokens));
    let (tokens_in, tokens_out) = (count(payload.prompt_tokens), count(payload.completion_tokens));
    let ending = ending(payload, is_disconnected, latency_ms).ok_or(Skipped::Unusable)?;
    let has_usage = tokens_in.is_some() || tokens_out.is_some();
    // A response that was interrupted has no counts of the upstream: LiteLLM estimates them.
    let usage_source = if is_disconnected { UsageSource::Estimated } else { UsageSource::Upstream };
    Ok(UsageEvent {
        id,
        occurred_at: started,
        request_id: payload.litellm_call_id.as_deref().map(shortened),
        api_key_id: None,
        user_id: None,
        model_public_name: payload.model_group.as_deref().map(shortened).unwrap_or_default(),
        upstream_id: None,
        status_code: ending.status,
        outcome: ending.outcome,
        error_class: ending.class,
        is_stream,
        tokens_in,
        tokens_out,
        usage_source: has_usage.then_some(usage_source),
        latency_ms,
        upstream_latency_ms: None,
        // Only for streams: of other responses LiteLLM reports the end.
        ttft_ms: if is_stream { first_token_ms(payload) } else { None },
        attempt: 1,
        cost_usd: payload.response_cost.and_then(cost),
        source: EventSource::LiteLlm,
    })
}

/// Whether a call of this type asks a chat model for an answer: chat and text completions, and the same through the APIs of
/// Anthropic, Google and OpenAI's responses. Embeddings, images, transcriptions and the like do not.
fn is_completion(call_type: &str) -> bool {
    const OTHERS: [&str; 4] = ["anthropic_messages", "responses", "generate_content", "generate_content_stream"];
    let is_other = |name: &str| OTHERS.contains(&name);
    // The asynchronous form of a call has an `a` in front.
    let is_unnamed = call_type.is_empty();
    is_unnamed
        || call_type.contains("completion")
        || is_other(call_type)
        || call_type.strip_prefix('a').is_some_and(is_other)
}

struct Ending {
    outcome: Outcome,
    class: Option<ErrorClass>,
    status: Option<u16>,
}

/// How the call ended; `None` where the entry does not say.
fn ending(payload: &Payload, is_disconnected: bool, latency_ms: u64) -> Option<Ending> {
    let ending = |outcome, class, status| Some(Ending { outcome, class, status });
    let has_output = payload.completion_tokens.is_some_and(|tokens| tokens > 0);
    // Where LiteLLM has no counts at all, it reports 0 of both; a count that is missing or impossible says nothing either.
    let is_empty = payload.completion_tokens == Some(0) && payload.prompt_tokens != Some(0);
    match payload.status.as_deref() {
        _ if is_disconnected && !has_output && latency_ms >= SLOW_AFTER_MS => {
            ending(Outcome::Error, Some(ErrorClass::Slow), None)
        }
        _ if is_disconnected => ending(Outcome::Abandoned, Some(ErrorClass::HangUp), None),
        Some("success") if is_empty => ending(Outcome::Error, Some(ErrorClass::Empty), Some(200)),
        Some("success") => ending(Outcome::Success, None, Some(200)),
        None if payload.error_information.is_none() => None,
        _ => {
            let nothing = ErrorInformation::default();
            let error = payload.error_information.as_ref().unwrap_or(&nothing);
            let status = status(error);
            let (outcome, class) = classify(error, status);
            ending(outcome, class, status)
        }
    }
}

/// LiteLLM reports the mistakes of callers as failures of the model. Those are recorded as refused, which is not counted,
/// because otherwise any caller could spoil a model's statistics.
fn classify(error: &ErrorInformation, status: Option<u16>) -> (Outcome, Option<ErrorClass>) {
    let is_providers = error.llm_provider.as_deref().is_some_and(|provider| !provider.is_empty());
    let normalized = error.normalized_error.as_deref().unwrap_or_default();
    let counted = |class| (Outcome::Error, Some(class));
    match status {
        Some(429) if is_providers => counted(ErrorClass::RateLimited),
        // A rate limit of LiteLLM itself, not of the provider.
        Some(429) => (Outcome::Refused, Some(ErrorClass::RateLimited)),
        Some(401 | 403) if is_providers => counted(ErrorClass::Upstream4xx),
        Some(400 | 401 | 403 | 404 | 413 | 422) => (Outcome::Refused, Some(ErrorClass::Caller)),
        Some(499) => (Outcome::Abandoned, Some(ErrorClass::HangUp)),
        Some(408 | 504) => counted(ErrorClass::Timeout),
        Some(400..=499) => counted(ErrorClass::Upstream4xx),
        Some(_) if normalized.contains("CONNECTION") => counted(ErrorClass::Connect),
        Some(_) => counted(ErrorClass::Upstream5xx),
        None => (Outcome::Error, None),
    }
}

/// The HTTP status. LiteLLM has no field for it, so it is derived from the error's codes or class.
fn status(error: &ErrorInformation) -> Option<u16> {
    let leading = |text: &str| {
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok().filter(|status| (400..=599).contains(status))
    };
    let of_class = || match error.error_class.as_deref()? {
        "BadRequestError" | "ContextWindowExceededError" | "ContentPolicyViolationError" | "UnsupportedParamsError" => {
            Some(400)
        }
        "AuthenticationError" => Some(401),
        "PermissionDeniedError" => Some(403),
        "NotFoundError" => Some(404),
        "Timeout" => Some(408),
        "UnprocessableEntityError" => Some(422),
        "RateLimitError" => Some(429),
        "APIConnectionError" | "InternalServerError" | "APIError" => Some(500),
        "BadGatewayError" => Some(502),
        "ServiceUnavailableError" => Some(503),
        _ => None,
    };
    error
        .normalized_error
        .as_deref()
        .and_then(leading)
        .or_else(|| error.error_code.as_deref().and_then(leading))
        .or_else(of_class)
}

/// An idempotency key: the same entry has the same id however often it is sent. Derived from LiteLLM's ids of the call and of
/// the answer, because neither alone is unique.
fn id(payload: &Payload) -> Option<Uuid> {
    let (call, answer) = (payload.litellm_call_id.as_deref(), payload.id.as_deref());
    if call.or(answer).is_none_or(str::is_empty) {
        return None;
    }
    let mut hash = Sha256::new();
    for part in ["litellm", call.unwrap_or_default(), answer.unwrap_or_default()] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    let bytes: [u8; 16] = std::array::from_fn(|index| digest[index]);
    Some(Builder::from_custom_bytes(bytes).into_uuid())
}

fn time(seconds: Option<f64>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let seconds = seconds.filter(|seconds| seconds.is_finite() && *seconds > 0.0)?;
    let time = DateTime::from_timestamp_micros((seconds * 1e6) as i64)?;
    (now - OLDEST <= time && time <= now + NEWEST).then_some(time)
}

fn milliseconds(from: Option<f64>, to: Option<f64>) -> Option<u64> {
    let seconds = to? - from?;
    // The two times are of different clock readings: an end slightly before the start means a duration of 0.
    (seconds > -1.0 && seconds < MAX_LATENCY_S).then(|| (seconds.max(0.0) * 1e3).round() as u64)
}

/// Until the first token, where that is known: LiteLLM reports the end of the answer where it did not see the first one arrive.
fn first_token_ms(payload: &Payload) -> Option<u64> {
    let (first, end) = (payload.completion_start_time?, payload.end_time?);
    milliseconds(payload.start_time, Some(first)).filter(|ms| *ms > 0 && first < end)
}

/// LiteLLM reports a cost of 0 when it does not know the price. Unbelievable costs count as unknown too: the catalogue may have
/// the price.
fn cost(usd: f64) -> Option<Decimal> {
    Decimal::try_from(usd).ok().filter(|cost| *cost > Decimal::ZERO && is_believable_cost(cost))
}

fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-21T10:00:00Z".parse().expect("a time")
    }

    fn event(changes: Value) -> Result<UsageEvent, Skipped> {
        let mut payload = json!({
            "id": "chatcmpl-1", "litellm_call_id": "call-1", "call_type": "acompletion", "stream": null,
            "status": "success", "startTime": 1795255100.25, "endTime": 1795255101.75, "completionStartTime": 1795255101.75,
            "response_time": 0.5, "model": "openai/gpt", "model_group": "acme/gpt", "prompt_tokens": 12,
            "completion_tokens": 8, "response_cost": 0.000021, "messages": [{"role": "user", "content": "secret"}],
        });
        for (name, value) in changes.as_object().expect("changes") {
            payload[name] = value.clone();
        }
        convert(&Payload::read(&payload.to_string()).expect("an entry"), now())
    }

    fn failure(error: Value) -> (Outcome, Option<ErrorClass>, Option<u16>) {
        let event =
            event(json!({"status": "failure", "completion_tokens": 0, "error_information": error})).expect("an event");
        (event.outcome, event.error_class, event.status_code)
    }

    #[test]
    fn a_success_is_taken_with_its_public_name_and_its_times() {
        let event = event(json!({})).expect("an event");
        assert_eq!(
            (event.model_public_name.as_str(), event.outcome, event.status_code),
            ("acme/gpt", Outcome::Success, Some(200))
        );
        assert_eq!((event.latency_ms, event.ttft_ms), (1_500, None));
        assert_eq!((event.tokens_in, event.tokens_out), (Some(12), Some(8)));
        assert_eq!(event.cost_usd.map(|cost| cost.to_string()).as_deref(), Some("0.000021"));
        assert_eq!(event.occurred_at.timestamp_millis(), 1_795_255_100_250);
        assert!(!format!("{event:?}").contains("secret"));
    }

    #[test]
    fn a_stream_has_a_first_token_and_its_whole_latency() {
        let event = event(json!({"stream": true, "completionStartTime": 1795255100.5})).expect("an event");
        assert_eq!((event.is_stream, event.ttft_ms, event.latency_ms), (true, Some(250), 1_500));
    }

    #[test]
    fn a_first_token_that_was_not_seen_to_arrive_has_no_time() {
        // The end of the answer, something after it, its beginning, and nothing.
        for first in [json!(1795255101.75), json!(1795255103.0), json!(1795255100.25), json!(null), json!("soon")] {
            let event = event(json!({"stream": true, "completionStartTime": first})).expect("an event");
            assert_eq!((event.ttft_ms, event.outcome), (None, Outcome::Success), "{first}");
        }
    }

    #[test]
    fn every_kind_of_call_that_asks_a_chat_model_counts_and_no_other() {
        for kind in [
            "completion",
            "acompletion",
            "atext_completion",
            "anthropic_messages",
            "responses",
            "aresponses",
            "agenerate_content_stream",
            "",
        ] {
            assert_eq!(event(json!({"call_type": kind})).map(|event| event.outcome), Ok(Outcome::Success), "{kind}");
        }
        for kind in [
            "embedding",
            "aembedding",
            "image_generation",
            "amoderation",
            "arerank",
            "atranscription",
            "aspeech",
            "a",
            "alist_input_items",
            "pass_through_endpoint",
            "acreate_batch",
        ] {
            assert_eq!(event(json!({"call_type": kind})), Err(Skipped::NotACompletion), "{kind}");
        }
        assert!(event(json!({"call_type": null})).is_ok());
    }

    #[test]
    fn odd_counts_are_unknown_and_no_failure_of_the_model() {
        for tokens in
            [json!(null), json!(-1), json!(9_223_372_036_854_775_808_u64), json!("many"), json!(1.5), json!([8])]
        {
            let event = event(json!({"completion_tokens": tokens, "prompt_tokens": tokens})).expect("an event");
            assert_eq!((event.outcome, event.tokens_in, event.tokens_out), (Outcome::Success, None, None), "{tokens}");
            assert_eq!(event.usage_source, None, "{tokens}");
        }
        let text =
            event(json!({"completion_tokens": "8", "prompt_tokens": 12.0, "response_cost": "0.5"})).expect("an event");
        assert_eq!((text.tokens_in, text.tokens_out), (Some(12), Some(8)));
        assert_eq!(text.cost_usd.map(|cost| cost.to_string()).as_deref(), Some("0.5"));
        let uncounted = event(json!({"completion_tokens": 0, "prompt_tokens": 0})).expect("an event");
        assert_eq!((uncounted.outcome, uncounted.tokens_out), (Outcome::Success, None), "LiteLLM had no counts");
        assert_eq!(event(json!({"status": null})), Err(Skipped::Unusable), "neither success nor failure");
    }

    #[test]
    fn the_status_comes_from_the_normalized_error_and_callers_faults_do_not_count() {
        use ErrorClass as C;
        use Outcome as O;
        let providers = |normalized: &str| json!({"normalized_error": normalized, "error_code": "mock_500", "llm_provider": "openai"});
        let own = |normalized: &str| json!({"normalized_error": normalized, "llm_provider": ""});
        assert_eq!(failure(providers("500_PROVIDER_INTERNAL_ERROR")), (O::Error, Some(C::Upstream5xx), Some(500)));
        assert_eq!(failure(providers("429_RATE_LIMIT_EXCEEDED")), (O::Error, Some(C::RateLimited), Some(429)));
        assert_eq!(failure(own("429_RATE_LIMIT_EXCEEDED")), (O::Refused, Some(C::RateLimited), Some(429)));
        assert_eq!(failure(providers("408_UPSTREAM_TIMEOUT")), (O::Error, Some(C::Timeout), Some(408)));
        assert_eq!(failure(providers("500_PROVIDER_CONNECTION_ERROR")), (O::Error, Some(C::Connect), Some(500)));
        assert_eq!(failure(providers("400_INVALID_REQUEST")), (O::Refused, Some(C::Caller), Some(400)));
        assert_eq!(failure(own("401_X")), (O::Refused, Some(C::Caller), Some(401)));
        assert_eq!(failure(providers("401_X")), (O::Error, Some(C::Upstream4xx), Some(401)));
        assert_eq!(failure(json!({"error_code": "503"})), (O::Error, Some(C::Upstream5xx), Some(503)));
        assert_eq!(failure(json!({"error_class": "NotFoundError"})), (O::Refused, Some(C::Caller), Some(404)));
        assert_eq!(failure(json!({"error_code": "mock_500"})), (O::Error, None, None));
    }

    #[test]
    fn a_hang_up_is_neither_success_nor_error_unless_the_model_was_silent_for_long() {
        let gone = |changes: Value| {
            let mut all = json!({"error_str": "Client disconnected the request"});
            all.as_object_mut().expect("an object").extend(changes.as_object().expect("changes").clone());
            let event = event(all).expect("an event");
            (event.outcome, event.error_class, event.usage_source)
        };
        let (abandoned, estimated) = ((Outcome::Abandoned, Some(ErrorClass::HangUp)), Some(UsageSource::Estimated));
        assert_eq!(gone(json!({})), (abandoned.0, abandoned.1, estimated));
        let silent = json!({"completion_tokens": 0, "endTime": 1795255111.0});
        assert_eq!(gone(silent), (Outcome::Error, Some(ErrorClass::Slow), estimated));
    }

    #[test]
    fn the_same_event_has_the_same_id_and_others_have_others() {
        let id = |changes| event(changes).expect("an event").id;
        assert_eq!(id(json!({})), id(json!({"status": "failure"})));
        assert_ne!(id(json!({})), id(json!({"id": "chatcmpl-2"})));
        assert_ne!(id(json!({})), id(json!({"litellm_call_id": "call-2"})));
        assert_ne!(id(json!({"litellm_call_id": "ab", "id": "c"})), id(json!({"litellm_call_id": "a", "id": "bc"})));
    }

    #[test]
    fn unknown_is_unknown_and_what_cannot_be_is_left_out() {
        let event_of = |changes| event(changes).expect("an event");
        for cost in [0.0, -0.5, 1_000_000.5, 7e28, 1e300] {
            assert_eq!(event_of(json!({"response_cost": cost})).cost_usd, None, "{cost}");
        }
        assert_eq!(event_of(json!({"response_cost": 1e6})).cost_usd, Some(Decimal::from(1_000_000)));
        assert_eq!(event_of(json!({"completion_tokens": 0})).error_class, Some(ErrorClass::Empty));
        assert_eq!(event_of(json!({"prompt_tokens": 0})).tokens_in, None);
        assert_eq!(event(json!({"startTime": null})).unwrap_err(), Skipped::Unusable);
        assert_eq!(event(json!({"startTime": 1.0})).unwrap_err(), Skipped::Unusable);
        assert_eq!(event(json!({"endTime": 1795255000.0})).unwrap_err(), Skipped::Unusable);
        assert_eq!(event(json!({"id": "", "litellm_call_id": null})).unwrap_err(), Skipped::Unusable);
        assert_eq!(event(json!({"call_type": "aembedding"})).unwrap_err(), Skipped::NotACompletion);
        for hit in [json!(true), json!("True"), json!(1)] {
            assert_eq!(event(json!({"cache_hit": hit})).unwrap_err(), Skipped::NotACompletion, "no call of a model");
        }
        for none in [json!(false), json!(null), json!("False"), json!("")] {
            assert!(event(json!({"cache_hit": none})).is_ok());
        }
    }
}
