//! An example request to copy.

use std::sync::Arc;

use leptos::prelude::*;

use crate::{site::SiteInfo, ui::CopyButton};

/// A request with curl, for this site and one of its models.
#[component]
pub(super) fn Example(model: Option<String>) -> impl IntoView {
    let origin = use_context::<Arc<SiteInfo>>().map(|site| site.public_url.clone()).unwrap_or_default();
    view! {
        <div class="example">
            <pre tabindex="0" role="region" aria-label="Example with curl"><code id="example">
                {command(&origin, model.as_deref().unwrap_or("auto"))}
            </code></pre>
            <CopyButton of="example" word="Copy"/>
        </div>
    }
}

/// The name is quoted for JSON and then for the shell.
fn command(origin: &str, model: &str) -> String {
    let model = serde_json::Value::from(model).to_string();
    let body = format!(r#"{{"model": {model}, "messages": [{{"role": "user", "content": "Hello"}}]}}"#);
    let body = body.replace('\'', r"'\''");
    [
        "export QUADRILLE_KEY=qd-…",
        &format!("curl {origin}/v1/chat/completions \\"),
        "  -H \"Authorization: Bearer $QUADRILLE_KEY\" \\",
        "  -H 'Content-Type: application/json' \\",
        &format!("  -d '{body}'"),
    ]
    .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_quotes() {
        let text = command("http://127.0.0.1:3000", r#"it's "one""#);
        assert!(text.contains("curl http://127.0.0.1:3000/v1/chat/completions"));
        assert!(text.contains(r#""model": "it'\''s \"one\"""#), "{text}");
    }
}
