//! Templates that members keep, encrypted like prompts.

mod api;
mod repo;
mod service;

pub use api::{TemplatesDoc, router};
pub use service::TemplateService;
