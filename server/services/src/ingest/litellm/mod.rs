//! LiteLLM's generic callback. Its proxy sends what each request came to, prompts and answers included; of those nothing is
//! kept.
//!
//! `api` takes a batch and answers at once, `service` works it off, `payload` reads what LiteLLM writes, `convert` makes a usage
//! event of it.

mod api;
mod convert;
mod payload;
mod service;

pub use api::{IngestDoc, router};
pub use service::Ingest;
