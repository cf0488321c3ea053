//! `/metrics`: figures in Prometheus' text format. No label holds anything of a request.

use std::{fmt::Write, sync::Arc};

use axum::{Router, http::header::CONTENT_TYPE, response::IntoResponse, routing::get};
use eventlog::EventLog;

use crate::{gateway::Gateway, ingest::litellm::Ingest};

/// The figures of the gateway, of the ingest, and of the event log behind both.
pub fn metrics_router(gateway: Arc<Gateway>, ingest: Arc<Ingest>, log: EventLog) -> Router {
    let show = async move || {
        let mut text = gateway.metrics();
        for (name, kind, about, value) in log.metrics().into_iter().chain(ingest.metrics()) {
            let _ = writeln!(text, "# HELP {name} {about}\n# TYPE {name} {kind}\n{name} {value}");
        }
        ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
    };
    Router::new().route("/metrics", get(show))
}
