//! The gateway: handles one request from its arrival to the end of its response.

use std::{sync::Arc, time::Instant};

use axum::{
    body::Body,
    extract::Request,
    http::{StatusCode, header::CONTENT_TYPE, request::Parts},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use database::Notice;
use eventlog::EventLog;
use foundation::{clock::Clock, shutdown::Tasks};
use prometheus_client::registry::Registry;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use upstream::UpstreamClient;

use super::{
    accounting::Accounting,
    body::{self, LARGE_BODIES, RequestError},
    caller::Caller,
    candidates::Candidates,
    dispatch::{Answer, with_failover},
    error::Failure,
    key,
    relay::relay,
    request::ChatCall,
    response_headers::with_gateway_headers,
    usage_recorder::UsageRecorder,
};
use crate::{
    catalog::{CallableModel, CatalogService},
    keys::{AuthorizedKey, KeyService},
    routing::RoutingService,
};

/// The gateway's dependencies.
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
    pub(super) tasks: Tasks,
    keys: Arc<KeyService>,
    candidates: Candidates,
    catalog: Arc<CatalogService>,
    client: UpstreamClient,
    log: EventLog,
    clock: Arc<dyn Clock>,
    accounting: Arc<Accounting>,
    large_bodies: Arc<Semaphore>,
}

/// A request that may be sent to a model.
struct PreparedCall {
    call: ChatCall,
    candidates: Vec<Arc<CallableModel>>,
    body_permit: Option<OwnedSemaphorePermit>,
}

impl Gateway {
    /// A gateway with these dependencies.
    pub fn new(deps: GatewayDeps) -> Self {
        let health = deps.catalog.health().clone();
        Self {
            keys: deps.keys,
            candidates: Candidates::new(deps.routing, deps.catalog.clone()),
            catalog: deps.catalog,
            client: deps.client,
            log: deps.log,
            clock: deps.clock,
            accounting: Arc::new(Accounting::new(deps.tasks.draining(), health)),
            tasks: deps.tasks,
            large_bodies: Arc::new(Semaphore::new(LARGE_BODIES)),
        }
    }

    /// Handles a notification that the catalogue has changed.
    pub fn on_notify(&self, notice: Notice<'_>) {
        self.candidates.on_notify(notice);
    }

    /// Registers the gateway's metrics, named without their prefix.
    pub fn register_metrics(&self, registry: &mut Registry) {
        self.accounting.metrics.register(registry);
    }

    /// The public names that the key of a request may use.
    ///
    /// # Errors
    ///
    /// The key is missing or invalid, or the database cannot be reached.
    pub(super) async fn model_names(&self, parts: &Parts) -> Result<Vec<String>, Failure> {
        let key = self.authenticate(parts).await?;
        self.candidates.names(&key, self.clock.now()).await
    }

    /// Handles a chat completion and sends the response through `reply`. Runs in a task of the server, so that the usage record
    /// is completed whatever happens to the connection; `reply` is closed when the caller disconnects.
    pub(super) async fn chat(self: Arc<Self>, request: Request, reply: oneshot::Sender<Response>) {
        let mut caller = Caller::Waiting(reply);
        let arrived = Instant::now();
        let _in_flight = self.accounting.metrics.begin();
        let (parts, body) = request.into_parts();
        let Ok(permit) = self.log.admit() else {
            self.accounting.metrics.count_rejected();
            return caller.respond(log_full().into_response(), Bytes::new()).await;
        };
        let accounting = self.accounting.clone();
        let mut recorder = UsageRecorder::open(accounting, permit, &parts.headers, self.clock.now(), arrived);
        // Boxed, so that a stream that is open for minutes does not keep the memory of this phase.
        let prepared = tokio::select! {
            biased;
            prepared = Box::pin(self.prepare(&parts, body, &mut recorder)) => prepared,
            () = caller.closed() => Err(RequestError::Disconnected),
        };
        // Header values are slices of the connection's read buffer: dropping them frees about 8 kB during the response.
        drop(parts);
        let PreparedCall { call, candidates, body_permit } = match prepared {
            Ok(prepared) => prepared,
            Err(RequestError::Disconnected) => return recorder.disconnected(false, None, || 0).await,
            Err(RequestError::Rejected(failure)) => {
                let response = with_gateway_headers(failure.clone().into_response(), &recorder);
                recorder.rejected(&failure).await;
                return caller.respond(response, Bytes::new()).await;
            }
        };
        let request_id = recorder.id();
        let answering = Box::pin(with_failover((&self.client, &self.catalog), &call, &candidates, &mut recorder));
        let answered = caller.wait_for(answering, call.is_stream, request_id).await;
        drop(body_permit);
        match answered {
            None => recorder.disconnected(caller.is_streaming(), None, || 0).await,
            Some(Err(failure)) => {
                let response = with_gateway_headers(failure.clone().into_response(), &recorder);
                recorder.failed(&failure, caller.is_streaming()).await;
                caller.respond(response, failure.to_event()).await;
            }
            Some(Ok(Answer::Buffered(buffered))) => {
                let mut response = with_gateway_headers(Response::new(buffered.body.clone().into()), &recorder);
                response.headers_mut().insert(CONTENT_TYPE, buffered.content_type);
                let progress = &buffered.progress;
                recorder.completed(progress, progress.ending(1), || call.estimated_tokens()).await;
                caller.respond(response, buffered.body).await;
            }
            Some(Ok(Answer::Stream(opened))) => relay(*opened, call, recorder, caller).await,
        }
    }

    /// Everything that is checked before a model is called: the key, the body, the models, the rate limit.
    async fn prepare(
        &self,
        parts: &Parts,
        body: Body,
        recorder: &mut UsageRecorder,
    ) -> Result<PreparedCall, RequestError> {
        let rejected = RequestError::Rejected;
        let key = self.authenticate(parts).await.map_err(rejected)?;
        recorder.set_key(&key);
        let received = body::receive(&parts.headers, body, &self.large_bodies).await?;
        let call = ChatCall::read(received.bytes).map_err(rejected)?;
        let now = self.clock.now();
        let is_known = self.candidates.is_known(&call.model, now).await.map_err(rejected)?;
        recorder.set_request(is_known.then_some(call.model.as_str()), call.is_stream);
        let candidates = self.candidates.select(&call.model, &key, now).await.map_err(rejected)?;
        if let Err(wait) = self.keys.take(&key, now).await {
            let seconds = wait.as_secs_f64().ceil().clamp(1.0, 60.0);
            return Err(rejected(Failure::rate_limited(seconds as u32)));
        }
        Ok(PreparedCall { call, candidates, body_permit: received.permit })
    }

    async fn authenticate(&self, parts: &Parts) -> Result<AuthorizedKey, Failure> {
        let secret = key::bearer(&parts.uri, &parts.headers)?;
        let now = self.clock.now();
        let key = self.keys.authenticate(secret, now).await.map_err(Failure::from_error)?.ok_or_else(key::incorrect)?;
        self.keys.touch(key.id, now);
        Ok(key)
    }
}

fn log_full() -> Failure {
    Failure::server_error(
        StatusCode::SERVICE_UNAVAILABLE,
        "event_log_full",
        "This site cannot account for another request at the moment and takes none in. Try again shortly.",
    )
}
