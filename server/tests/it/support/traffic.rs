//! Usage events as tests need them.

use chrono::{DateTime, Utc};
use services::usage::{ErrorClass, EventSource, Outcome, UsageEvent, UsageSource};
use uuid::Uuid;

pub(crate) fn time(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

/// A streamed success: 800 ms, the first token after 200 ms, 30 tokens in, 60 out, for a tenth of a cent.
pub(crate) fn success(model: &str, occurred_at: DateTime<Utc>) -> UsageEvent {
    UsageEvent {
        id: Uuid::now_v7(),
        occurred_at,
        request_id: None,
        api_key_id: None,
        user_id: None,
        model_public_name: model.into(),
        upstream_id: None,
        status_code: Some(200),
        outcome: Outcome::Success,
        error_class: None,
        is_stream: true,
        tokens_in: Some(30),
        tokens_out: Some(60),
        usage_source: Some(UsageSource::Upstream),
        latency_ms: 800,
        upstream_latency_ms: Some(800),
        ttft_ms: Some(200),
        attempt: 1,
        cost_usd: Some("0.001".parse().expect("a decimal")),
        source: EventSource::Gateway,
    }
}

/// A request that failed after three seconds, with nothing known of it.
pub(crate) fn failure(model: &str, occurred_at: DateTime<Utc>, class: ErrorClass) -> UsageEvent {
    UsageEvent {
        outcome: Outcome::Error,
        error_class: Some(class),
        status_code: Some(502),
        tokens_in: None,
        tokens_out: None,
        usage_source: None,
        latency_ms: 3_000,
        ttft_ms: None,
        cost_usd: None,
        ..success(model, occurred_at)
    }
}

/// So many successes with this latency.
pub(crate) fn successes(model: &str, occurred_at: DateTime<Utc>, count: u32, latency_ms: u64) -> Vec<UsageEvent> {
    let one = || UsageEvent { latency_ms, upstream_latency_ms: Some(latency_ms), ..success(model, occurred_at) };
    (0..count).map(|_| one()).collect()
}

/// So many failures.
pub(crate) fn failures(model: &str, occurred_at: DateTime<Utc>, count: u32) -> Vec<UsageEvent> {
    (0..count).map(|_| failure(model, occurred_at, ErrorClass::Upstream5xx)).collect()
}
