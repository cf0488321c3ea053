//! A member's comparisons to take away: as JSON, as a table, as Markdown; and as the program that asks the same again.

mod api;
mod code;
mod csv;
mod document;

pub use api::{ExportDoc, router};
