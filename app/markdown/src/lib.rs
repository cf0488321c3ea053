//! Renders answers from Markdown to inert HTML, on the server only.
//!
//! Nothing that a model writes becomes markup: this crate writes every tag and attribute, escapes all text, shows raw HTML
//! as text, turns images into links, and allows links to `http`, `https` and `mailto` only.

mod answer;
mod code;
mod escape;
#[cfg(test)]
mod hostile;
mod json;
mod link;
mod render;

pub use answer::answer_html;
pub use render::{escaped, render};
