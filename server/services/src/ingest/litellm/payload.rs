//! The fields of LiteLLM's `StandardLoggingPayload` that are used. A field of an unexpected type counts as missing; all other
//! fields, prompts and answers above all, are skipped without being stored.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
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

/// The entries of a body, which is a JSON array, one object, or one object on each line, and the number of entries that could
/// not be parsed. After a syntax error the rest of the body is lost and counts as one.
pub(super) fn read(body: &[u8]) -> (Vec<Payload>, usize) {
    let mut events = Vec::new();
    let mut unreadable = 0;
    for item in serde_json::Deserializer::from_slice(body).into_iter::<&RawValue>() {
        let Ok(item) = item else {
            unreadable += 1;
            break;
        };
        let items = match item.get().starts_with('[') {
            true => serde_json::from_str(item.get()).unwrap_or_default(),
            false => vec![item],
        };
        for item in items {
            match serde_json::from_str::<Payload>(item.get()) {
                Ok(event) => events.push(event),
                Err(_) => unreadable += 1,
            }
        }
    }
    (events, unreadable)
}

fn lenient<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(body: &str) -> (Vec<String>, usize) {
        let (events, unreadable) = read(body.as_bytes());
        (events.into_iter().map(|event| event.id.unwrap_or_default()).collect(), unreadable)
    }

    #[test]
    fn all_three_formats_are_read() {
        let expected = (vec!["a".to_owned(), "b".to_owned()], 0);
        assert_eq!(ids(r#"[{"id":"a"},{"id":"b"}]"#), expected);
        assert_eq!(ids("{\"id\":\"a\"}\n{\"id\":\"b\"}\n"), expected);
        assert_eq!(ids(r#" {"id":"a"} "#), (vec!["a".to_owned()], 0));
        assert_eq!(ids("[]"), (vec![], 0));
    }

    #[test]
    fn what_cannot_be_read_does_not_take_the_rest_along() {
        assert_eq!(ids(r#"[{"id":"a"},7,{"id":"b"}]"#), (vec!["a".into(), "b".into()], 1));
        assert_eq!(ids("{\"id\":\"a\"}\n{\"id\":"), (vec!["a".into()], 1));
        let odd = r#"{"id":7,"stream":"yes","prompt_tokens":-1,"startTime":"now","error_information":[],"id2":{}}"#;
        let (events, unreadable) = read(odd.as_bytes());
        assert_eq!((events.len(), unreadable), (1, 0));
        assert!(events[0].id.is_none() && events[0].stream.is_none() && events[0].prompt_tokens.is_none());
    }
}
