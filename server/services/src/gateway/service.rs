//! One request from beginning to end.

use std::{num::NonZeroU32, sync::Arc, time::Instant};

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE, request::Parts},
    response::{IntoResponse, Response},
};
use database::Notice;
use eventlog::EventLog;
use foundation::{clock::Clock, shutdown::Tasks};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use upstream::UpstreamClient;

use super::{
    body::{self, LARGE_PLACES, NotTaken},
    candidates::{AUTO, internal_error},
    dispatch::Answer,
    error::Failure,
    key,
    metrics::GatewayMetrics,
    model_cache::ModelCaches,
    relay::relay,
    request::ChatCall,
    usage_recorder::UsageRecorder,
};
use crate::{
    catalog::{CallableModel, CatalogService},
    keys::{AuthorizedKey, KeyService},
    routing::RoutingService,
};

/// Requests without a key that are written down: so many at once, and so many each second after that.
const KEYLESS_BURST: NonZeroU32 = NonZeroU32::MIN.saturating_add(4_999);
const KEYLESS_EACH_SECOND: NonZeroU32 = NonZeroU32::MIN.saturating_add(49);

/// What the gateway works with.
pub struct GatewayDeps {
    pub keys: Arc<KeyService>,
    pub routing: Arc<RoutingService>,
    pub catalog: Arc<CatalogService>,
    pub client: UpstreamClient,
    pub log: EventLog,
    pub clock: Arc<dyn Clock>,
    pub tasks: Tasks,
}

/// The gateway.
pub struct Gateway {
    pub(super) keys: Arc<KeyService>,
    pub(super) routing: Arc<RoutingService>,
    pub(super) model_caches: ModelCaches,
    pub(super) client: UpstreamClient,
    pub(super) log: EventLog,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) tasks: Tasks,
    pub(super) keyless: DefaultDirectRateLimiter,
    pub(super) metrics: GatewayMetrics,
    large_bodies: Arc<Semaphore>,
}

/// A request that is to be asked.
struct Prepared {
    call: ChatCall,
    candidates: Vec<Arc<CallableModel>>,
    place: Option<OwnedSemaphorePermit>,
}

impl Gateway {
    /// The gateway of these parts.
    pub fn new(parts: GatewayDeps) -> Self {
        Self {
            keys: parts.keys,
            routing: parts.routing,
            model_caches: ModelCaches::new(parts.catalog),
            client: parts.client,
            log: parts.log,
            clock: parts.clock,
            tasks: parts.tasks,
            keyless: RateLimiter::direct(Quota::per_second(KEYLESS_EACH_SECOND).allow_burst(KEYLESS_BURST)),
            metrics: GatewayMetrics::default(),
            large_bodies: Arc::new(Semaphore::new(LARGE_PLACES)),
        }
    }

    /// Hears of changes of the catalogue.
    pub fn on_notify(&self, notice: Notice<'_>) {
        self.model_caches.on_notify(notice);
    }

    /// What whoever watches the server reads, in Prometheus' text format.
    pub fn metrics(&self) -> String {
        self.metrics.to_text()
    }

    /// Whose key a request has.
    pub(super) async fn authenticate(&self, parts: &Parts) -> Result<AuthorizedKey, Failure> {
        let secret = key::bearer(&parts.uri, &parts.headers)?;
        let now = self.clock.now();
        let key = self.keys.authenticate(secret, now).await.map_err(internal_error)?.ok_or_else(key::incorrect)?;
        self.keys.touch(key.id, now);
        Ok(key)
    }

    /// Answers a chat completion. Runs as a task of the server; `answer` is closed when the caller goes away.
    pub(super) async fn chat(self: Arc<Self>, request: Request, mut answer: oneshot::Sender<Response>) {
        let arrived = Instant::now();
        let _in_flight = self.metrics.begin();
        let (parts, body) = request.into_parts();
        let Ok(permit) = self.log.admit() else {
            self.metrics.count_rejected();
            drop(answer.send(no_room().into_response()));
            return;
        };
        let mut meter = UsageRecorder::open(self.clone(), permit, &parts.headers, arrived);
        // Boxed, so that a stream that is open for minutes does not keep the room that its beginning took.
        let prepared = tokio::select! {
            biased;
            prepared = Box::pin(self.prepare(&parts, body, &mut meter)) => prepared,
            () = answer.closed() => Err(NotTaken::Gone),
        };
        // Its headers are slices of what was read from the connection, 8 kB that nobody needs while the answer comes.
        drop(parts);
        let Prepared { call, candidates, place } = match prepared {
            Ok(prepared) => prepared,
            Err(NotTaken::Gone) => return meter.hung_up(None, || 0).await,
            Err(NotTaken::Refused(failure)) => {
                let response = response_headers(failure.clone().into_response(), &meter);
                meter.refused(&failure).await;
                drop(answer.send(response));
                return;
            }
        };
        let asked = tokio::select! {
            biased;
            asked = Box::pin(self.with_failover(&call, &candidates, &mut meter)) => Some(asked),
            () = answer.closed() => None,
        };
        drop(place);
        match asked {
            None => meter.hung_up(None, || 0).await,
            Some(Err(failure)) => {
                let response = response_headers(failure.clone().into_response(), &meter);
                meter.failed(&failure).await;
                drop(answer.send(response));
            }
            Some(Ok(Answer::Whole { body, content_type, facts })) => {
                let mut response = response_headers(Response::new(body.into()), &meter);
                response.headers_mut().insert(CONTENT_TYPE, content_type);
                meter.answered(&facts, || call.estimated_tokens()).await;
                drop(answer.send(response));
            }
            Some(Ok(Answer::Stream(opened))) => relay(*opened, call, meter, answer).await,
        }
    }

    async fn prepare(
        &self,
        parts: &Parts,
        body: axum::body::Body,
        meter: &mut UsageRecorder,
    ) -> Result<Prepared, NotTaken> {
        let refused = NotTaken::Refused;
        let key = self.authenticate(parts).await.map_err(refused)?;
        meter.of(&key);
        let taken = body::take(&parts.headers, body, &self.large_bodies).await?;
        let call = ChatCall::read(taken.bytes).map_err(refused)?;
        let now = self.clock.now();
        let models = self.model_caches.current(now).await.map_err(|error| refused(internal_error(error)))?;
        let is_known = call.model == AUTO || models.get(&call.model).is_some();
        meter.requested_model(is_known.then_some(call.model.as_str()), call.is_stream);
        let candidates = self.candidates(&call.model, &key, now).await.map_err(refused)?;
        if let Err(wait) = self.keys.take(&key, now).await {
            let seconds = wait.as_secs_f64().ceil().clamp(1.0, 60.0);
            return Err(refused(Failure::too_many(seconds as u32)));
        }
        Ok(Prepared { call, candidates, place: taken.place })
    }
}

/// The answer says who gave it, after how many attempts, and what to call it.
pub(super) fn response_headers(mut response: Response, meter: &UsageRecorder) -> Response {
    let headers = response.headers_mut();
    let mut mark = |name, value: Result<HeaderValue, _>| {
        if let Ok(value) = value {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    mark("x-request-id", HeaderValue::from_str(&meter.id().to_string()));
    if meter.attempts() > 0 {
        mark("x-quadrille-model", HeaderValue::from_bytes(meter.model().as_bytes()));
        mark("x-quadrille-attempts", Ok(HeaderValue::from(meter.attempts())));
    }
    response
}

fn no_room() -> Failure {
    Failure::internal_error(
        StatusCode::SERVICE_UNAVAILABLE,
        "event_log_full",
        "This site cannot account for another request at the moment and takes none in. Try again shortly.",
    )
}
