//! An ended answer as HTML. Made on the server; the browser gets it ready to be put in its place.

use super::Run;
use crate::markdown::{escaped, render};

/// The answer, with what the model thought before it folded away; `None` where it is better shown as the text it is.
pub fn answer_html(run: &Run) -> Option<String> {
    let text = run.response_content.as_deref().filter(|_| run.status.is_ended())?;
    let answer = render(text);
    let Some(reasoning) = &run.reasoning_content else { return answer };
    let answer = answer.unwrap_or_else(|| format!("<div class=\"md-plain\">{}</div>", escaped(text)));
    let reasoning = escaped(reasoning);
    Some(format!("<details class=\"reasoning\"><summary>Reasoning</summary><div>{reasoning}</div></details>{answer}"))
}
