//! Answers as they are meant to be read: Markdown to HTML that can do nothing. Made on the server alone.
//!
//! Nothing that a model wrote becomes markup: every tag and attribute here is written by this module, every text is
//! escaped, raw HTML is shown as the text it is, images are links, and links lead only to `http`, `https` and `mailto`.

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
