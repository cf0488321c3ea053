//! A complete answer: the model's reasoning, folded, and its text.

use crate::render::{escaped, render};

/// The answer as HTML; `None` if it has no markup and no reasoning, and is better shown as plain text.
pub fn answer_html(answer: &str, reasoning: Option<&str>) -> Option<String> {
    let html = render(answer);
    let Some(reasoning) = reasoning else { return html };
    let html = html.unwrap_or_else(|| format!("<div class=\"md-plain\">{}</div>", escaped(answer)));
    let reasoning = escaped(reasoning);
    Some(format!("<details class=\"reasoning\"><summary>Reasoning</summary><div>{reasoning}</div></details>{html}"))
}
