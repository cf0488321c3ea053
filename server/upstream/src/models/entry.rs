//! One entry of an upstream's list.

use domain::text::is_unfit_for_names;
use serde_json::{Value, value::RawValue};

/// Longest name that the catalogue takes, in characters.
const LONGEST_NAME: usize = 200;

/// A model, or a pattern of models, as its upstream lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedModel {
    /// The upstream's own name, 1 to 200 characters, without white space around it.
    pub id: String,
    /// In tokens, where the list has it.
    pub context_window: Option<u32>,
}

impl ListedModel {
    /// An entry as it is written; `None` where it has no name that a catalogue could hold.
    pub(super) fn read(entry: &RawValue) -> Option<Self> {
        let entry: Value = serde_json::from_str(entry.get()).ok()?;
        let names = ["id", "model", "name"].iter().filter_map(|name| entry.get(name)?.as_str());
        let id = names.chain(entry.as_str()).map(str::trim).find(|id| !id.is_empty())?;
        // U+FFFD stands for bytes that were no text.
        let is_name = id.chars().take(LONGEST_NAME + 1).count() <= LONGEST_NAME && !id.contains(is_unreadable);
        is_name.then(|| Self { id: id.to_owned(), context_window: context_window(&entry) })
    }

    /// Whether it stands for many models, such as LiteLLM's `openai/*`; no model can be asked under this name.
    pub fn is_pattern(&self) -> bool {
        self.id.contains('*')
    }

    /// Whether an upstream that lists this serves the model of this name.
    pub(crate) fn stands_for(&self, model: &str) -> bool {
        // Gemini lists `models/gemini-pro` and takes the name with and without the prefix.
        let is_same = |id: &str| id == model || id.strip_prefix("models/") == Some(model);
        is_same(&self.id) || (self.is_pattern() && fits(&self.id, model))
    }
}

fn is_unreadable(c: char) -> bool {
    is_unfit_for_names(c) || c == char::REPLACEMENT_CHARACTER
}

/// Whether a name fits a pattern in which each `*` stands for any characters.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(start) else { return false };
    let mut parts = rest.split('*').collect::<Vec<_>>();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, after)) = name.split_once(part) else { return false };
        name = after;
    }
    name.ends_with(end)
}

/// Servers have different names for it, and different ways to write it.
fn context_window(entry: &Value) -> Option<u32> {
    const NAMES: [&str; 10] = [
        "/context_length",
        "/context_window",
        "/max_model_len",
        "/max_context_length",
        "/max_input_tokens",
        "/inputTokenLimit",
        "/model_info/max_input_tokens",
        "/top_provider/context_length",
        "/meta/n_ctx",
        "/meta/n_ctx_train",
    ];
    NAMES.iter().find_map(|name| tokens(entry.pointer(name)?))
}

/// `8192`, `8192.0`, `1e3`, `"8192"`, `"8,192"` or `"8k"`, which is shown as it was written.
fn tokens(value: &Value) -> Option<u32> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => written_tokens(text)?,
        _ => return None,
    };
    let is_count = number.fract() == 0.0 && (1.0..=f64::from(i32::MAX)).contains(&number);
    // The range has been checked.
    is_count.then_some(number as u32)
}

fn written_tokens(text: &str) -> Option<f64> {
    let text = text.trim().to_ascii_lowercase();
    let text = text.strip_suffix("tokens").unwrap_or(&text).trim_end();
    let (digits, unit) = match text.strip_suffix(['k', 'm']) {
        Some(digits) if text.ends_with('k') => (digits, 1e3),
        Some(digits) => (digits, 1e6),
        None => (text, 1.0),
    };
    let digits: String = digits.chars().filter(|c| !matches!(c, ',' | '_' | ' ')).collect();
    Some((domain::number::parse(&digits)? * unit).round())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(entry: &Value) -> Option<ListedModel> {
        ListedModel::read(&serde_json::value::to_raw_value(entry).expect("json"))
    }

    fn id(entry: &Value) -> Option<String> {
        read(entry).map(|model| model.id)
    }

    #[test]
    fn every_form_of_a_name_that_servers_write_is_taken_as_it_is() {
        for name in ["/my/llms/Qwen 3", "hf.co/a/b:Q4_K_M", "模型-α", "models/gem-1", "*", "openai/*", "a?b#c%20d"] {
            assert_eq!(id(&json!({"id": name})).as_deref(), Some(name));
        }
        assert_eq!(id(&json!({"model": "only-model"})).as_deref(), Some("only-model"));
        assert_eq!(id(&json!({"id": null, "name": "b"})).as_deref(), Some("b"));
        assert_eq!(id(&json!({"id": " ", "model": 7, "name": " b\n"})).as_deref(), Some("b"));
        assert_eq!(id(&json!("bare")).as_deref(), Some("bare"));
    }

    #[test]
    fn what_is_no_usable_name_is_left_out() {
        let long = "x".repeat(10_000);
        for name in ["", " ", "a\u{0}", "a\u{1b}[31m", "a\u{202e}b", "a\u{200b}b", "a\u{200d}b", "a\u{fffd}", &long] {
            assert_eq!(id(&json!({"id": name})), None, "{name:?}");
        }
        for entry in
            [json!(null), json!(7), json!({}), json!([]), json!({"id": 7}), json!({"id": {"id": "a"}}), json!(true)]
        {
            assert_eq!(id(&entry), None, "{entry}");
        }
        let lone = RawValue::from_string(r#"{"id":"\ud83d"}"#.to_owned()).expect("json");
        assert_eq!(ListedModel::read(&lone), None);
    }

    #[test]
    fn a_context_window_is_read_from_every_way_to_write_a_number() {
        let window =
            |value: Value| read(&json!({"id": "x", "context_length": value})).and_then(|model| model.context_window);
        for (value, expected) in [
            (json!(8192), 8192),
            (json!("8192"), 8192),
            (json!(" 8,192 tokens"), 8192),
            (json!(8192.0), 8192),
            (json!(1e3), 1_000),
            (json!("8k"), 8_000),
            (json!("1.5M"), 1_500_000),
            (json!(i32::MAX), i32::MAX.unsigned_abs()),
        ] {
            assert_eq!(window(value.clone()), Some(expected), "{value}");
        }
        let bad =
            [json!(-1), json!(0), json!(1.5), json!(u64::MAX), json!(1e300), json!(null), json!("-8"), json!("k")];
        for value in bad.into_iter().chain([json!("unlimited"), json!(""), json!([8192]), json!(true), json!("1e3e3")])
        {
            assert_eq!(window(value.clone()), None, "{value}");
        }
        let elsewhere =
            [json!({"max_model_len": 4096}), json!({"meta": {"n_ctx_train": 4096}}), json!({"inputTokenLimit": 4096})];
        for entry in elsewhere.into_iter().chain([json!({"context_length": null, "max_input_tokens": "4096"})]) {
            assert_eq!(context_window(&entry), Some(4096), "{entry}");
        }
    }

    #[test]
    fn a_pattern_stands_for_the_names_that_fit_it() {
        let stands = |id: &str, model: &str| ListedModel { id: id.into(), context_window: None }.stands_for(model);
        for (id, model) in [("*", "a"), ("openai/*", "openai/gpt"), ("a*b*c", "a-b-b-c"), ("x", "x"), ("models/g", "g")]
        {
            assert!(stands(id, model), "{id} {model}");
        }
        for (id, model) in [("openai/*", "gpt"), ("a*b*c", "a-c"), ("x", "y"), ("*b", "a"), ("ab*ba", "aba")] {
            assert!(!stands(id, model), "{id} {model}");
        }
    }
}
