//! Records the usage of one request: collects what is known of it, and writes exactly one event to the event log, whatever
//! happens.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use eventlog::Permit;
use upstream::completion::{Ending, Progress};
use uuid::Uuid;

use super::{accounting::Accounting, error::Failure};
use crate::{
    catalog::{CallableModel, Prices},
    keys::AuthorizedKey,
    usage::{ErrorClass, EventSource, Outcome, UsageEvent, UsageSource},
};

/// If the caller disconnects after this long without output, the model counts as too slow.
const SLOW_AFTER: Duration = Duration::from_secs(10);

/// The usage record of one request. Dropping it without a final call records an error without a class.
pub(super) struct UsageRecorder {
    accounting: Arc<Accounting>,
    /// `None` once the event is written.
    permit: Option<Permit>,
    event: UsageEvent,
    prices: Prices,
    arrived: Instant,
    /// When the last upstream call began.
    sent_at: Option<Instant>,
}

impl UsageRecorder {
    /// Begins the record of a request that has just arrived.
    pub(super) fn open(
        accounting: Arc<Accounting>,
        permit: Permit,
        headers: &HeaderMap,
        occurred_at: DateTime<Utc>,
        arrived: Instant,
    ) -> Self {
        let event = UsageEvent {
            id: Uuid::now_v7(),
            occurred_at,
            request_id: caller_request_id(headers),
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
        Self { accounting, permit: Some(permit), event, prices, arrived, sent_at: None }
    }

    /// The request's id, which is also sent to the caller.
    pub(super) fn id(&self) -> Uuid {
        self.event.id
    }

    /// When the request arrived.
    pub(super) fn occurred_at(&self) -> DateTime<Utc> {
        self.event.occurred_at
    }

    /// Number of upstream calls so far.
    pub(super) fn attempts(&self) -> u32 {
        self.event.attempt
    }

    /// Public name of the model that was called last, or the requested one.
    pub(super) fn model(&self) -> &str {
        &self.event.model_public_name
    }

    /// Sets the key and its member.
    pub(super) fn set_key(&mut self, key: &AuthorizedKey) {
        self.event.api_key_id = Some(key.id.0);
        self.event.user_id = Some(key.user_id.0);
    }

    /// Sets what is requested. Unknown model names are not recorded, since they may contain anything.
    pub(super) fn set_request(&mut self, known_model: Option<&str>, is_stream: bool) {
        self.event.model_public_name = known_model.unwrap_or_default().to_owned();
        self.event.is_stream = is_stream;
    }

    /// An upstream call begins.
    pub(super) fn begin_attempt(&mut self, model: &CallableModel) {
        self.event.attempt += 1;
        self.event.model_public_name.clone_from(&model.public_name);
        self.event.upstream_id = Some(model.upstream_id);
        self.prices = model.prices;
        self.sent_at = Some(Instant::now());
    }

    /// An upstream call has ended, or its answer has begun. Tells what the failure shows of the model's health.
    pub(super) fn end_attempt(&self, model: &CallableModel, failure: Option<&Failure>) {
        let state = failure.and_then(|failure| failure.health);
        if failure.is_none() || state.is_some() {
            self.accounting.health.note(model.upstream_id, &model.upstream_model, state);
        }
    }

    /// The response has ended. `tokens_in` estimates the prompt if the upstream did not count it.
    pub(super) async fn completed(self, progress: &Progress, ending: Ending, tokens_in: impl FnOnce() -> u64 + Send) {
        let class = match ending {
            Ending::Complete => None,
            Ending::Empty => Some(ErrorClass::Empty),
            Ending::Filtered => Some(ErrorClass::ContentFilter),
            Ending::Damaged | Ending::CutOff => Some(ErrorClass::CutOff),
        };
        let outcome = class.map_or(Outcome::Success, ErrorClass::outcome);
        self.with_tokens(progress, tokens_in).close(outcome, class, Some(200)).await;
    }

    /// The response failed after it had begun with status 200.
    pub(super) async fn interrupted(
        self,
        class: ErrorClass,
        progress: &Progress,
        tokens_in: impl FnOnce() -> u64 + Send,
    ) {
        self.with_tokens(progress, tokens_in).close(class.outcome(), Some(class), Some(200)).await;
    }

    /// No model answered. `has_begun`: the caller has received the head of a stream, with status 200.
    pub(super) async fn failed(self, failure: &Failure, has_begun: bool) {
        let status = if has_begun { 200 } else { failure.status.as_u16() };
        self.close(failure.class.outcome(), Some(failure.class), Some(status)).await;
    }

    /// The request was rejected before any model was called.
    pub(super) async fn rejected(self, failure: &Failure) {
        // A failure of this server has no class: the classes are for faults of callers and upstreams.
        let class = (!failure.status.is_server_error()).then_some(failure.class);
        self.close(Outcome::Refused, class, Some(failure.status.as_u16())).await;
    }

    /// The caller disconnected. `has_begun`: it had received the head of a response, with status 200; `progress` is that of the
    /// answer, if one had begun.
    pub(super) async fn disconnected(
        self,
        has_begun: bool,
        progress: Option<&Progress>,
        tokens_in: impl FnOnce() -> u64 + Send,
    ) {
        let status = has_begun.then_some(200);
        let Some(progress) = progress.filter(|progress| progress.has_output()) else {
            // During a shutdown it is this server that closes the connection.
            let is_slow =
                !self.accounting.is_draining() && self.sent_at.is_some_and(|sent| sent.elapsed() >= SLOW_AFTER);
            return match is_slow {
                true => self.close(Outcome::Error, Some(ErrorClass::Slow), status).await,
                false => self.close(Outcome::Abandoned, Some(ErrorClass::HangUp), status).await,
            };
        };
        self.with_tokens(progress, tokens_in).close(Outcome::Abandoned, Some(ErrorClass::HangUp), status).await;
    }

    fn with_tokens(mut self, progress: &Progress, tokens_in: impl FnOnce() -> u64) -> Self {
        let event = &mut self.event;
        if progress.has_output() || progress.counts.output.is_some() {
            let is_counted = progress.counts.input.is_some() && progress.counts.output.is_some();
            event.usage_source = Some(if is_counted { UsageSource::Upstream } else { UsageSource::Estimated });
            event.tokens_in = progress.counts.input.or_else(|| Some(tokens_in()));
            let estimated = progress.has_output().then_some(progress.output_bytes.div_ceil(4) as u64);
            event.tokens_out = progress.counts.output.or(estimated);
        } else if progress.counts.input.is_some() {
            event.usage_source = Some(UsageSource::Upstream);
            event.tokens_in = progress.counts.input;
        }
        event.cost_usd = self.prices.cost(event.tokens_in, event.tokens_out);
        if event.is_stream
            && let (Some(first), Some(sent)) = (progress.first_output, self.sent_at)
        {
            event.ttft_ms = Some(milliseconds(first.saturating_duration_since(sent)));
        }
        self
    }

    /// Writes the event. When this returns, the event survives a crash of the process.
    async fn close(mut self, outcome: Outcome, class: Option<ErrorClass>, status: Option<u16>) {
        let Some(permit) = self.permit.take() else { return };
        self.complete(outcome, class, status);
        if self.is_recorded() {
            permit.write(std::slice::from_ref(&self.event)).await;
        }
    }

    fn complete(&mut self, outcome: Outcome, class: Option<ErrorClass>, status: Option<u16>) {
        let event = &mut self.event;
        (event.outcome, event.error_class, event.status_code) = (outcome, class, status);
        event.latency_ms = milliseconds(self.arrived.elapsed());
        event.upstream_latency_ms = self.sent_at.map(|sent| milliseconds(sent.elapsed()));
        self.accounting.metrics.count(event);
    }

    fn is_recorded(&self) -> bool {
        self.event.api_key_id.is_some() || self.accounting.admits_keyless()
    }
}

impl Drop for UsageRecorder {
    /// Reached only after a panic or an aborted task: the request is recorded even then, without waiting for the disk.
    fn drop(&mut self) {
        let Some(permit) = self.permit.take() else { return };
        self.complete(Outcome::Error, None, None);
        if self.is_recorded() {
            permit.hand_over(std::slice::from_ref(&self.event));
        }
    }
}

/// The request id that the caller sent, if it is a plausible one.
fn caller_request_id(headers: &HeaderMap) -> Option<String> {
    let id = ["x-client-request-id", "x-request-id"].iter().find_map(|name| headers.get(*name))?.to_str().ok()?;
    let is_id = (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    is_id.then(|| id.to_owned())
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
