//! A whole answer: what the model thought, folded away, and what it said.

use crate::render::{escaped, render};

/// The answer as HTML; `None` where it is better shown as the text it is (it holds no markup and no reasoning came before it).
pub fn answer_html(answer: &str, reasoning: Option<&str>) -> Option<String> {
    let html = render(answer);
    let Some(reasoning) = reasoning else { return html };
    let html = html.unwrap_or_else(|| format!("<div class=\"md-plain\">{}</div>", escaped(answer)));
    let reasoning = escaped(reasoning);
    Some(format!("<details class=\"reasoning\"><summary>Reasoning</summary><div>{reasoning}</div></details>{html}"))
}
