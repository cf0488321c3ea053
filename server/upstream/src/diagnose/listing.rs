//! The list of models: whether the model is on it, and which base URL serves one.

use foundation::suggest::suggest;

use crate::{ListedModel, Target, UpstreamClient, base_url::BaseUrl};

/// Whether the model is on the list, in words.
pub(super) enum Found {
    Listed(String),
    /// What happened, and what to do.
    Missing(String, String),
    /// The list is empty. What happened, and what to do.
    Unclear(String, String),
}

pub(super) fn find(model: &str, listed: &[ListedModel]) -> Found {
    let count = match listed.len() {
        1 => "the one model".to_owned(),
        n => format!("{n} models"),
    };
    if listed.is_empty() {
        return Found::Unclear(
            "The upstream lists no models at all.".into(),
            "Load or pull a model there, or see whether the key belongs to an account that has any.".into(),
        );
    }
    if listed.iter().any(|other| other.id == model) {
        return Found::Listed(format!("Listed, among {count} there."));
    }
    let near = suggest(model, listed.iter().map(|other| other.id.as_str()));
    let remedy = match near.as_slice() {
        [] => {
            let shown: Vec<&str> = listed.iter().take(5).map(|other| other.id.as_str()).collect();
            format!("Choose one that it lists, for example {}.", shown.join(", "))
        }
        near => format!("Did you mean {}?", near.join(" or ")),
    };
    Found::Missing(format!("The upstream does not list “{model}” among {count}."), remedy)
}

/// The same server under one of the usual paths, where that serves a list of models and the entered path does not.
pub(super) async fn better_base_url(client: &UpstreamClient, target: &Target) -> Option<BaseUrl> {
    for path in ["/v1", "/api/v1", "/openai/v1"] {
        let base_url = target.base_url.with_path(path);
        if base_url == target.base_url {
            continue;
        }
        let other = Target { base_url: base_url.clone(), ..target.clone() };
        if client.list_models(&other).await.is_ok() {
            return Some(base_url);
        }
    }
    None
}
