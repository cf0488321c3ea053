//! Templates: prompts to start from, four that are there and those that members keep. They are filled in by templates.js,
//! outside of the island, so that they cost the browser nothing until they are used.

mod api;
mod bar;
mod built_in;

pub use api::own_templates;
pub use bar::{TemplateBar, TemplateDialog};
