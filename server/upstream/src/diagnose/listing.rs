//! The list of models: whether the model is on it, and which base URL serves one.

use foundation::suggest::suggest;

use crate::{ModelList, Target, UpstreamClient, base_url::BaseUrl};

/// Whether the model is on the list, in words.
pub(super) enum Found {
    Listed(String),
    /// What happened, and what to do.
    Missing(String, String),
    /// The list is empty. What happened, and what to do.
    Unclear(String, String),
}

pub(super) fn find(model: &str, list: &ModelList) -> Found {
    let listed = &list.models;
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
    match listed.iter().find(|other| other.stands_for(model)) {
        Some(pattern) if pattern.is_pattern() => {
            return Found::Listed(format!("Fits “{}”, which is listed.", pattern.id));
        }
        Some(_) => return Found::Listed(format!("Listed, among {count} there.")),
        None => {}
    }
    if let Some(cut) = &list.cut {
        return Found::Unclear(
            format!("The upstream does not list “{model}” among the first {count}. {cut}"),
            "Nothing has to be done if the model replies.".into(),
        );
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

/// How many models are listed, and what is to be known about the list.
pub(super) fn in_words(list: &ModelList) -> String {
    let patterns = list.models.iter().filter(|model| model.is_pattern()).count();
    let mut words = match list.models.len() - patterns {
        1 => "1 model is listed.".to_owned(),
        n => format!("{n} models are listed."),
    };
    match patterns {
        0 => {}
        1 => words.push_str(" 1 more entry is a pattern that stands for models it does not name."),
        n => words.push_str(&format!(" {n} more entries are patterns that stand for models they do not name.")),
    }
    match list.left_out {
        0 => {}
        1 => words.push_str(" 1 entry without a usable name is left out."),
        n => words.push_str(&format!(" {n} entries without a usable name are left out.")),
    }
    if let Some(cut) = &list.cut {
        words.push_str(&format!(" {cut}"));
    }
    words
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ListedModel;

    fn list(ids: &[&str], cut: Option<&str>) -> ModelList {
        let models = ids.iter().map(|id| ListedModel { id: (*id).to_owned(), context_window: None }).collect();
        ModelList { models, left_out: 2, cut: cut.map(str::to_owned) }
    }

    #[test]
    fn a_model_is_missing_only_where_the_list_is_whole_and_no_pattern_stands_for_it() {
        let found = |model: &str, list: &ModelList| match find(model, list) {
            Found::Listed(_) => "listed",
            Found::Missing(..) => "missing",
            Found::Unclear(..) => "unclear",
        };
        let whole = list(&["models/gem-1", "openai/*"], None);
        assert_eq!((found("gem-1", &whole), found("openai/gpt", &whole)), ("listed", "listed"));
        assert_eq!(found("acme/x", &whole), "missing");
        assert_eq!(found("acme/x", &list(&["a"], Some("It was cut."))), "unclear");
        assert_eq!(found("acme/x", &list(&[], None)), "unclear");
    }

    #[test]
    fn the_list_says_what_it_left_out_and_where_it_was_cut() {
        let words = in_words(&list(&["a", "openai/*"], Some("It was cut.")));
        let expected = "1 model is listed. 1 more entry is a pattern that stands for models it does not name. 2 entries \
                        without a usable name are left out. It was cut.";
        assert_eq!(words, expected);
    }
}
