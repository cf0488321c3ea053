//! The fields of LiteLLM's `StandardLoggingPayload` that are used. All other fields, prompts and answers
//! above all, are skipped without being stored.

use serde::{Deserialize, Deserializer};
use serde_json::{Value, value::RawValue};

/// One log entry.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Payload {
    #[serde(deserialize_with = "lenient")]
    pub id: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub litellm_call_id: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub call_type: Option<String>,
    /// Missing for responses that are not streamed.
    #[serde(deserialize_with = "lenient")]
    pub stream: Option<bool>,
    /// In US dollars; 0 where LiteLLM does not know the price.
    #[serde(deserialize_with = "lenient")]
    pub response_cost: Option<f64>,
    #[serde(deserialize_with = "lenient")]
    pub status: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub prompt_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    pub completion_tokens: Option<u64>,
    /// Seconds since 1970, like the two below.
    #[serde(rename = "startTime", deserialize_with = "lenient")]
    pub start_time: Option<f64>,
    #[serde(rename = "endTime", deserialize_with = "lenient")]
    pub end_time: Option<f64>,
    #[serde(rename = "completionStartTime", deserialize_with = "lenient")]
    pub completion_start_time: Option<f64>,
    /// The public name; empty for an unknown model.
    #[serde(deserialize_with = "lenient")]
    pub model_group: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub cache_hit: Option<bool>,
    #[serde(deserialize_with = "lenient")]
    pub error_str: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub error_information: Option<ErrorInformation>,
}

/// Details of a failure.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ErrorInformation {
    /// The provider's own code, often an HTTP status.
    #[serde(deserialize_with = "lenient")]
    pub error_code: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub error_class: Option<String>,
    /// Set if the provider failed.
    #[serde(deserialize_with = "lenient")]
    pub llm_provider: Option<String>,
    /// Begins with the status, such as `429_RATE_LIMIT_EXCEEDED`.
    #[serde(deserialize_with = "lenient")]
    pub normalized_error: Option<String>,
}

impl Payload {
    /// An entry as it is written; `None` where it is no JSON object.
    pub(super) fn read(entry: &str) -> Option<Self> {
        entry.trim_start().starts_with('{').then(|| serde_json::from_str(entry).ok()).flatten()
    }
}

/// A value of the type that is expected, or one that can only mean it: programs in between turn numbers into text and text
/// into numbers. Anything else counts as missing.
trait Lenient: Sized {
    fn of(value: &Value) -> Option<Self>;
}

impl Lenient for String {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

impl Lenient for bool {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(value) => Some(*value),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            Value::Number(number) => number.as_u64().filter(|number| *number < 2).map(|number| number == 1),
            _ => None,
        }
    }
}

impl Lenient for f64 {
    fn of(value: &Value) -> Option<Self> {
        let number = match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        number.filter(|number| number.is_finite())
    }
}

impl Lenient for u64 {
    fn of(value: &Value) -> Option<Self> {
        // Whole numbers up to here are exact as floating-point numbers; no count comes near it.
        const MOST: f64 = 9_007_199_254_740_992.0;
        let number = f64::of(value).filter(|number| number.fract() == 0.0 && (0.0..=MOST).contains(number))?;
        Some(number as Self)
    }
}

impl Lenient for ErrorInformation {
    fn of(value: &Value) -> Option<Self> {
        Self::deserialize(value).ok().filter(|_| value.is_object())
    }
}

fn lenient<'de, T: Lenient, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    // Read as it is written first: half of a surrogate pair makes the field unreadable, not the entry.
    let written = Box::<RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(written.get()).ok().and_then(|value: Value| T::of(&value)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_of_another_type_means_what_it_can_only_mean_or_counts_as_missing() {
        let odd = json!({
            "id": 7, "litellm_call_id": null, "stream": "True", "cache_hit": 1, "prompt_tokens": "12", "completion_tokens": 8.0,
            "startTime": "1795255100.25", "response_cost": "0.5", "error_information": {"error_code": 429},
        });
        let entry = Payload::read(&odd.to_string()).expect("an entry");
        assert_eq!((entry.id.as_deref(), entry.litellm_call_id, entry.stream), (Some("7"), None, Some(true)));
        assert_eq!((entry.cache_hit, entry.prompt_tokens, entry.completion_tokens), (Some(true), Some(12), Some(8)));
        assert_eq!((entry.start_time, entry.response_cost), (Some(1_795_255_100.25), Some(0.5)));
        assert_eq!(entry.error_information.and_then(|error| error.error_code).as_deref(), Some("429"));

        let none = json!({
            "id": {}, "stream": "yes", "cache_hit": [], "prompt_tokens": -1, "completion_tokens": 1.5, "startTime": "now",
            "endTime": "NaN", "response_cost": "inf", "error_information": [],
        });
        let entry = Payload::read(&none.to_string()).expect("an entry");
        assert!(
            entry.id.is_none() && entry.stream.is_none() && entry.cache_hit.is_none() && entry.prompt_tokens.is_none()
        );
        assert!(entry.completion_tokens.is_none() && entry.start_time.is_none() && entry.end_time.is_none());
        assert!(entry.response_cost.is_none() && entry.error_information.is_none());
        for huge in ["9223372036854775808", "1e300", "18446744073709551616", "-9223372036854775809"] {
            let entry = Payload::read(&format!("{{\"prompt_tokens\":{huge}}}")).expect("an entry");
            assert!(entry.prompt_tokens.is_none(), "{huge}");
        }
    }

    #[test]
    fn half_an_emoji_costs_its_field_alone() {
        let entry = Payload::read(r#"{"id":"a","error_str":"\ud83d","messages":"\ud83d"}"#).expect("an entry");
        assert_eq!((entry.id.as_deref(), entry.error_str), (Some("a"), None));
    }

    #[test]
    fn what_is_no_object_is_no_entry() {
        for text in ["7", "\"a\"", "null", "[]", "[1]", "true", "{"] {
            assert!(Payload::read(text).is_none(), "{text}");
        }
    }
}
