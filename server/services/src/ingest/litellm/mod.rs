//! LiteLLM's generic callback. Its proxy sends a log entry for each request, prompts and answers included; of those nothing is
//! kept.
//!
//! `api` accepts a batch, `service` reads it, says what it came to and writes its events. `batch` takes a body apart, `payload`
//! reads one entry of LiteLLM's, `convert` turns it into a usage event.

mod api;
mod batch;
mod convert;
mod metrics;
mod payload;
mod service;

pub use api::{IngestDoc, router};
pub use service::Ingest;
