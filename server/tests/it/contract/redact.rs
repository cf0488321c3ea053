//! What differs from run to run is replaced by its kind.

use chrono::DateTime;
use serde_json::Value;
use uuid::Uuid;

/// Of a longer array, such as one of hours, the first two are shown.
const LONGEST_ARRAY: usize = 20;

/// The answer with ids, times, secrets, ports, durations and rates replaced.
pub(super) fn redacted(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(redacted_text(&text)),
        Value::Array(items) if items.len() > LONGEST_ARRAY => {
            let rest = Value::from(format!("[{} more]", items.len() - 2));
            items.into_iter().take(2).map(redacted).chain([rest]).collect()
        }
        Value::Array(items) => items.into_iter().map(redacted).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| field(name, value)).collect(),
        other => other,
    }
}

fn field(name: String, value: Value) -> (String, Value) {
    let value = match name.as_str() {
        "tokens_per_second" if value.is_number() => Value::from("[rate]"),
        name if value.is_number() && (name == "ms" || name.ends_with("_ms")) => Value::from("[ms]"),
        _ => redacted(value),
    };
    (name, value)
}

fn redacted_text(text: &str) -> String {
    if DateTime::parse_from_rfc3339(text).is_ok() {
        return "[time]".into();
    }
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let mut redacted = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_of_word) {
        let (between, from_word) = rest.split_at(start);
        let (word, after) = from_word.split_at(from_word.find(|c: char| !is_of_word(c)).unwrap_or(from_word.len()));
        redacted.push_str(between);
        redacted.push_str(kind(word, &redacted).unwrap_or(word));
        rest = after;
    }
    redacted + rest
}

/// What stands for a word that follows this text, if it is new in every run.
fn kind(word: &str, before: &str) -> Option<&'static str> {
    match word {
        _ if Uuid::parse_str(word).is_ok() => Some("[id]"),
        _ if before.ends_with("127.0.0.1:") => Some("[port]"),
        _ if word.starts_with("qd-") => Some("[secret]"),
        // 128 and 256 bits in base64url: a share link's slug, the token of an invitation.
        _ if [22, 43].contains(&word.len()) && word.contains(|c: char| c.is_ascii_uppercase()) => Some("[secret]"),
        _ => None,
    }
}
