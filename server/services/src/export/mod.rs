//! Exporting a member's comparisons: as JSON, CSV or Markdown, and as a program that sends the same request to the gateway.

mod api;
mod code;
mod csv;
mod document;

pub use api::{ExportDoc, router};
