//! LiteLLM's generic callback. Its proxy sends a log entry for each request, prompts and answers included; of those nothing is
//! kept.
//!
//! `api` accepts a batch and answers at once, `service` processes it, `payload` parses LiteLLM's entries, `convert` turns them
//! into usage events.

mod api;
mod convert;
mod metrics;
mod payload;
mod service;

pub use api::{IngestDoc, router};
pub use service::Ingest;
