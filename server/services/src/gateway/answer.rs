//! Extracts the metadata of a response from its JSON objects as they pass: where the model's name is, whether there is output,
//! the token counts, and whether the response has finished or failed.

use std::{ops::Range, time::Instant};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use upstream::completion::token_counts;

use super::fields::range_in;

/// What the objects read so far say.
#[derive(Debug, Default)]
pub(super) struct ResponseMetadata {
    /// When the first output arrived.
    pub first_output: Option<Instant>,
    /// Bytes of output, from which tokens are estimated.
    pub output_bytes: usize,
    pub tokens_in: Option<u64>,
    pub tokens_out: Option<u64>,
    /// Whether a choice had a `finish_reason`.
    pub is_finished: bool,
}

/// One object of a response.
#[derive(Debug, PartialEq)]
pub(super) enum Chunk {
    /// A completion or a part of one.
    Completion {
        /// Byte range of the model's name, quotes included.
        model: Option<Range<usize>>,
        /// Whether it has token counts but no choices.
        is_usage_only: bool,
    },
    /// An error object.
    Error(Value),
    /// Other JSON, or no JSON.
    Other,
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    choices: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    object: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    delta: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    finish_reason: Option<&'a RawValue>,
}

/// The fields of a message or delta that count as output.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning_content: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning: Option<&'a RawValue>,
    #[serde(borrow)]
    refusal: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_calls: Option<&'a RawValue>,
    #[serde(borrow)]
    function_call: Option<&'a RawValue>,
    #[serde(borrow)]
    audio: Option<&'a RawValue>,
}

impl ResponseMetadata {
    /// Reads one object and adds what it says.
    pub(super) fn read(&mut self, text: &str) -> Chunk {
        let Ok(wire) = serde_json::from_str::<Wire<'_>>(text) else { return Chunk::Other };
        let choices: Vec<Choice<'_>> =
            wire.choices.and_then(|choices| serde_json::from_str(choices.get()).ok()).unwrap_or_default();
        if is_error(&wire, &choices) {
            return Chunk::Error(serde_json::from_str(text).unwrap_or_default());
        }
        if wire.choices.is_none() && wire.usage.is_none() {
            return Chunk::Other;
        }
        choices.iter().for_each(|choice| self.add_choice(choice));
        if let Some(usage) = wire.usage.and_then(|usage| serde_json::from_str(usage.get()).ok()) {
            let (tokens_in, tokens_out) = token_counts(&usage);
            // Some upstreams report counts with every chunk; the last ones are valid.
            self.tokens_in = tokens_in.or(self.tokens_in);
            self.tokens_out = tokens_out.or(self.tokens_out);
        }
        Chunk::Completion {
            model: wire.model.filter(|model| model.get().starts_with('"')).map(|model| range_in(text, model)),
            is_usage_only: choices.is_empty() && wire.usage.is_some(),
        }
    }

    /// Whether there is at least one token of output.
    pub(super) fn has_output(&self) -> bool {
        self.output_bytes > 0
    }

    fn add_choice(&mut self, choice: &Choice<'_>) {
        let mut bytes = choice.text.map_or(0, text_len);
        if let Some(message) = choice.delta.or(choice.message)
            && let Ok(message) = serde_json::from_str::<Message<'_>>(message.get())
        {
            let all = [
                message.content,
                message.reasoning_content.or(message.reasoning),
                message.refusal,
                message.tool_calls,
                message.function_call,
                message.audio,
            ];
            bytes += all.into_iter().flatten().map(text_len).sum::<usize>();
        }
        if bytes > 0 {
            self.output_bytes += bytes;
            self.first_output.get_or_insert_with(Instant::now);
        }
        self.is_finished |= choice.finish_reason.is_some();
    }
}

/// Bytes of a value without its delimiters; 0 for `false` and for empty objects and lists.
fn text_len(value: &RawValue) -> usize {
    match value.get() {
        "false" | "{}" | "[]" => 0,
        text => text.len().saturating_sub(2),
    }
}

/// An `error` that is not null, the flat form `{"object": "error"}` or `{"type": "error"}` of some servers, or a choice that
/// ended with an error.
fn is_error(wire: &Wire<'_>, choices: &[Choice<'_>]) -> bool {
    let is = |value: Option<&RawValue>, word: &str| value.is_some_and(|value| value.get() == word);
    wire.error.is_some_and(|error| error.get() != "false")
        || is(wire.object, "\"error\"")
        || (wire.choices.is_none() && is(wire.kind, "\"error\""))
        || choices.iter().any(|choice| is(choice.finish_reason, "\"error\""))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: &Value) -> (ResponseMetadata, Chunk) {
        let mut metadata = ResponseMetadata::default();
        let chunk = metadata.read(&value.to_string());
        (metadata, chunk)
    }

    #[test]
    fn every_kind_of_output_counts_and_emptiness_does_not() {
        let output = |delta: Value| read(&json!({"choices": [{"delta": delta}]})).0.output_bytes;
        assert_eq!(output(json!({"role": "assistant", "content": ""})), 0);
        assert_eq!(output(json!({"content": null, "tool_calls": []})), 0);
        assert_eq!(output(json!({"content": "abcd"})), 4);
        assert_eq!(output(json!({"reasoning_content": "hm", "reasoning": "hm"})), 2);
        assert!(output(json!({"tool_calls": [{"function": {"name": "f", "arguments": ""}}]})) > 0);
        assert!(output(json!({"content": [{"type": "text", "text": "a"}]})) > 0);
        assert_eq!(read(&json!({"choices": [{"message": {"content": "abc"}}]})).0.output_bytes, 3);
    }

    #[test]
    fn counts_that_are_none_are_unknown() {
        for bad in [json!(null), json!(-3), json!("12"), json!(1e300), json!(0), json!([])] {
            let (metadata, _) = read(&json!({"choices": [], "usage": {"prompt_tokens": bad, "completion_tokens": 4}}));
            assert_eq!((metadata.tokens_in, metadata.tokens_out), (None, Some(4)), "{bad}");
        }
        assert!(matches!(read(&json!({"choices": [], "usage": "x"})).1, Chunk::Completion { is_usage_only: true, .. }));
    }

    #[test]
    fn the_place_of_the_models_name_is_told() {
        let text = r#"{"id":"model","model" : "up/m","choices":[]}"#;
        let Chunk::Completion { model: Some(range), is_usage_only: false } = ResponseMetadata::default().read(text)
        else {
            panic!()
        };
        assert_eq!(&text[range], "\"up/m\"");
        assert!(matches!(read(&json!({"model": 7, "choices": []})).1, Chunk::Completion { model: None, .. }));
    }

    #[test]
    fn errors_are_recognised_in_every_shape() {
        for error in [
            json!({"error": {"message": "x"}}),
            json!({"error": "x", "choices": []}),
            json!({"object": "error", "message": "x"}),
            json!({"type": "error", "error": null}),
            json!({"choices": [{"delta": {}, "finish_reason": "error"}]}),
        ] {
            assert!(matches!(read(&error).1, Chunk::Error(_)), "{error}");
        }
        assert!(matches!(read(&json!({"error": null, "choices": []})).1, Chunk::Completion { .. }));
        assert_eq!(read(&json!({"x": 1})).1, Chunk::Other);
        assert_eq!(ResponseMetadata::default().read("{\"choices\": ["), Chunk::Other);
        assert_eq!(ResponseMetadata::default().read("ping"), Chunk::Other);
    }
}
