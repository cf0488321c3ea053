//! Templates: prompts that members keep for reuse.

mod port;
mod rules;
mod types;

pub use port::TemplatePort;
pub use rules::NAME_CHARACTERS;
pub use types::{Template, TemplateDraft};
