//! `/metrics`: the metrics of the gateway, the ingest and the event log in Prometheus' text format 0.0.4. No label contains
//! anything of a request.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use eventlog::EventLog;
use prometheus_client::{encoding::prometheus_text, registry::Registry};

use crate::{gateway::Gateway, ingest::litellm::Ingest};

/// The route. All metrics are registered here, each group below its own prefix.
pub fn metrics_router(gateway: &Gateway, ingest: &Ingest, log: &EventLog) -> Router {
    let mut registry = Registry::with_prefix("quadrille");
    gateway.register_metrics(registry.sub_registry_with_prefix("gateway"));
    log.register_metrics(registry.sub_registry_with_prefix("event_log"));
    ingest.register_metrics(registry.sub_registry_with_prefix("ingest"));
    Router::new().route("/metrics", get(show)).with_state(Arc::new(registry))
}

async fn show(State(registry): State<Arc<Registry>>) -> Result<impl IntoResponse, StatusCode> {
    let mut text = String::new();
    prometheus_text::encode(&mut text, &registry).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(([(CONTENT_TYPE, prometheus_text::CONTENT_TYPE)], text))
}
