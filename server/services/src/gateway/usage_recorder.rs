//! The account of one request: what is known of it so far, and how it is closed, once, whatever happens.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::http::HeaderMap;
use eventlog::Permit;
use uuid::Uuid;

use super::{answer::ResponseMetadata, error::Failure, service::Gateway};
use crate::{
    catalog::{CallableModel, Prices},
    keys::AuthorizedKey,
    usage::{ErrorClass, EventSource, Outcome, UsageEvent, UsageSource},
};

/// Silence after which a caller's hanging up is the model's fault.
const SLOW_AFTER: Duration = Duration::from_secs(10);

/// One request's account.
pub(super) struct UsageRecorder {
    gateway: Arc<Gateway>,
    /// `None` once the account is closed.
    permit: Option<Permit>,
    event: UsageEvent,
    prices: Prices,
    arrived: Instant,
    /// When the model that was asked last was asked.
    sent_at: Option<Instant>,
}

impl UsageRecorder {
    /// Opens the account of a request that has just arrived.
    pub(super) fn open(gateway: Arc<Gateway>, permit: Permit, headers: &HeaderMap, arrived: Instant) -> Self {
        let event = UsageEvent {
            id: Uuid::now_v7(),
            occurred_at: gateway.clock.now(),
            request_id: callers_id(headers),
            api_key_id: None,
            user_id: None,
            model_public_name: String::new(),
            upstream_id: None,
            status_code: None,
            outcome: Outcome::Error,
            error_class: None,
            is_stream: false,
            tokens_in: None,
            tokens_out: None,
            usage_source: None,
            latency_ms: 0,
            upstream_latency_ms: None,
            ttft_ms: None,
            attempt: 0,
            cost_usd: None,
            source: EventSource::Gateway,
        };
        let prices = Prices::default();
        Self { gateway, permit: Some(permit), event, prices, arrived, sent_at: None }
    }

    /// The request's id, which its caller is told too.
    pub(super) fn id(&self) -> Uuid {
        self.event.id
    }

    /// How many upstream calls there have been.
    pub(super) fn attempts(&self) -> u32 {
        self.event.attempt
    }

    /// The model that was asked last.
    pub(super) fn model(&self) -> &str {
        &self.event.model_public_name
    }

    /// Whose request it is.
    pub(super) fn of(&mut self, key: &AuthorizedKey) {
        self.event.api_key_id = Some(key.id.0);
        self.event.user_id = Some(key.user_id.0);
    }

    /// What is asked for. A name that nobody knows is not kept: callers could write anything into it.
    pub(super) fn requested_model(&mut self, known_model: Option<&str>, is_stream: bool) {
        self.event.model_public_name = known_model.unwrap_or_default().to_owned();
        self.event.is_stream = is_stream;
    }

    /// A model is asked now.
    pub(super) fn begin_attempt(&mut self, model: &CallableModel) {
        self.event.attempt += 1;
        self.event.model_public_name.clone_from(&model.public_name);
        self.event.upstream_id = Some(model.upstream_id);
        self.prices = model.prices;
        self.sent_at = Some(Instant::now());
    }

    /// The answer came to its end.
    pub(super) async fn answered(self, facts: &ResponseMetadata, tokens_in: impl FnOnce() -> u64 + Send) {
        let (outcome, class) = match facts.has_output() {
            true => (Outcome::Success, None),
            false => (Outcome::Error, Some(ErrorClass::Empty)),
        };
        self.with_tokens(facts, tokens_in).close(outcome, class, Some(200)).await;
    }

    /// The answer broke off after its caller was told that it is good.
    pub(super) async fn broke(
        self,
        class: ErrorClass,
        facts: &ResponseMetadata,
        tokens_in: impl FnOnce() -> u64 + Send,
    ) {
        self.with_tokens(facts, tokens_in).close(Outcome::Error, Some(class), Some(200)).await;
    }

    /// There is no answer.
    pub(super) async fn failed(self, failure: &Failure) {
        self.close(Outcome::Error, Some(failure.class), Some(failure.status.as_u16())).await;
    }

    /// No model was asked.
    pub(super) async fn refused(self, failure: &Failure) {
        // What is broken here is nobody else's fault.
        let class = (!failure.status.is_server_error()).then_some(failure.class);
        self.close(Outcome::Refused, class, Some(failure.status.as_u16())).await;
    }

    /// The caller went away.
    pub(super) async fn hung_up(self, facts: Option<&ResponseMetadata>, tokens_in: impl FnOnce() -> u64 + Send) {
        let status = facts.map(|_| 200);
        let Some(facts) = facts.filter(|facts| facts.has_output()) else {
            // When the server stops it is us who hang up.
            let is_slow = !self.gateway.tasks.draining().is_cancelled()
                && self.sent_at.is_some_and(|sent| sent.elapsed() >= SLOW_AFTER);
            return match is_slow {
                true => self.close(Outcome::Error, Some(ErrorClass::Slow), status).await,
                false => self.close(Outcome::Abandoned, Some(ErrorClass::HangUp), status).await,
            };
        };
        self.with_tokens(facts, tokens_in).close(Outcome::Abandoned, Some(ErrorClass::HangUp), status).await;
    }

    fn with_tokens(mut self, facts: &ResponseMetadata, tokens_in: impl FnOnce() -> u64) -> Self {
        let event = &mut self.event;
        if facts.has_output() || facts.tokens_out.is_some() {
            let is_counted = facts.tokens_in.is_some() && facts.tokens_out.is_some();
            event.usage_source = Some(if is_counted { UsageSource::Upstream } else { UsageSource::Estimated });
            event.tokens_in = facts.tokens_in.or_else(|| Some(tokens_in()));
            let estimated = facts.has_output().then_some(facts.output_bytes.div_ceil(4) as u64);
            event.tokens_out = facts.tokens_out.or(estimated);
        } else if facts.tokens_in.is_some() {
            event.usage_source = Some(UsageSource::Upstream);
            event.tokens_in = facts.tokens_in;
        }
        event.cost_usd = self.prices.cost(event.tokens_in, event.tokens_out);
        if event.is_stream
            && let (Some(first), Some(sent)) = (facts.first_output, self.sent_at)
        {
            event.ttft_ms = Some(milliseconds(first.saturating_duration_since(sent)));
        }
        self
    }

    /// Writes the account down. When this returns it survives the death of the process.
    async fn close(mut self, outcome: Outcome, class: Option<ErrorClass>, status: Option<u16>) {
        let Some(permit) = self.permit.take() else { return };
        self.complete(outcome, class, status);
        if self.is_written_down() {
            permit.write(std::slice::from_ref(&self.event)).await;
        }
    }

    fn complete(&mut self, outcome: Outcome, class: Option<ErrorClass>, status: Option<u16>) {
        let event = &mut self.event;
        (event.outcome, event.error_class, event.status_code) = (outcome, class, status);
        event.latency_ms = milliseconds(self.arrived.elapsed());
        event.upstream_latency_ms = self.sent_at.map(|sent| milliseconds(sent.elapsed()));
        self.gateway.metrics.count(event);
    }

    /// Whoever has no key could fill the disk: beyond a rate that no mistake reaches, such requests are only counted.
    fn is_written_down(&self) -> bool {
        self.event.api_key_id.is_some() || self.gateway.keyless.check().is_ok()
    }
}

impl Drop for UsageRecorder {
    /// Only after a fault of our own: even then the request is accounted for.
    fn drop(&mut self) {
        let Some(permit) = self.permit.take() else { return };
        self.complete(Outcome::Error, None, None);
        if self.is_written_down() {
            permit.hand_over(std::slice::from_ref(&self.event));
        }
    }
}

/// The id that a caller gave the request, if it looks like one.
fn callers_id(headers: &HeaderMap) -> Option<String> {
    let id = ["x-client-request-id", "x-request-id"].iter().find_map(|name| headers.get(*name))?.to_str().ok()?;
    let is_id = (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    is_id.then(|| id.to_owned())
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
