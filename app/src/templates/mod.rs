//! Templates: prompts to start from, four built-in ones and the members' own. They are filled in by templates.js and not by
//! the island, so that they add nothing to the WebAssembly.

mod api;
mod bar;
mod built_in;

pub use api::own_templates;
pub use bar::{TemplateBar, TemplateDialog};
