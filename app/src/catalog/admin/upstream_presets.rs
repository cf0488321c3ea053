//! Presets for the usual kinds of upstreams.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// Word, name, base URL, and a note.
const PRESETS: [(&str, &str, &str, &str); 7] = [
    ("openai", "OpenAI", "https://api.openai.com/v1", "The key begins with sk-."),
    ("openrouter", "OpenRouter", "https://openrouter.ai/api/v1", "Hundreds of models: filter before importing."),
    ("litellm", "LiteLLM", "http://127.0.0.1:4000/v1", "The key is a virtual key or the proxy's master key."),
    ("ollama", "Ollama", "http://127.0.0.1:11434/v1", "Needs no key."),
    ("llamacpp", "llama.cpp", "http://127.0.0.1:8080/v1", "llama-server; a key only where it was started with one."),
    ("vllm", "vLLM", "http://127.0.0.1:8000/v1", "A key only where it was started with one."),
    (
        "anthropic",
        "Anthropic",
        "https://api.anthropic.com/v1",
        "Its OpenAI-compatible endpoint. To list models it may want the headers x-api-key and anthropic-version too.",
    ),
];

/// Links to the form of a new upstream, filled from a preset.
#[component]
pub(super) fn Presets() -> impl IntoView {
    let link = |(word, name, ..): (&str, &'static str, &str, &str)| {
        view! { <li><a class="quiet small" href=format!("/admin/upstreams/new?preset={word}")>{name}</a></li> }
    };
    view! { <ul class="presets" aria-label="Usual upstreams">{PRESETS.into_iter().map(link).collect::<Vec<_>>()}</ul> }
}

/// The initial values of a new upstream's form: name, base URL and note of a preset.
pub(super) fn first_values() -> (&'static str, &'static str, &'static str) {
    use_query_map().with_untracked(|query| {
        let preset = PRESETS.iter().find(|(word, ..)| query.get_str("preset") == Some(word));
        preset.map_or(("", "", ""), |(_, name, url, hint)| (*name, *url, *hint))
    })
}
