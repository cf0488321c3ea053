//! Templates: prompts to start from that members keep.

mod port;
mod rules;
mod types;

pub use port::TemplatePort;
pub use types::{Template, TemplateDraft};
