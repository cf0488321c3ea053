//! What an answer says about itself, read from each JSON object of it as it passes: who wrote it, whether there is any output,
//! how many tokens, whether it has ended or failed.

use std::{ops::Range, time::Instant};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use upstream::token_counts;

use super::request::place_in;

/// What has been read so far.
#[derive(Debug, Default)]
pub(super) struct ResponseMetadata {
    /// When the first output came.
    pub first_output: Option<Instant>,
    /// About how much text, to estimate tokens by.
    pub output_bytes: usize,
    pub tokens_in: Option<u64>,
    pub tokens_out: Option<u64>,
    /// Whether it said why it ends.
    pub is_finished: bool,
}

/// One object of an answer.
#[derive(Debug, PartialEq)]
pub(super) enum Read {
    /// Part of a completion.
    Part {
        /// Where the model's name stands.
        model: Option<Range<usize>>,
        /// It brings nothing but the token counts.
        is_usage_only: bool,
    },
    /// An error object.
    Error(Value),
    /// JSON of another kind, or none at all.
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

/// Everything that counts as output.
#[derive(Deserialize)]
struct Choices<'a> {
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
    /// Reads one object.
    pub(super) fn read(&mut self, text: &str) -> Read {
        let Ok(wire) = serde_json::from_str::<Wire<'_>>(text) else { return Read::Other };
        let choices: Vec<Choice<'_>> =
            wire.choices.and_then(|choices| serde_json::from_str(choices.get()).ok()).unwrap_or_default();
        if is_error(&wire, &choices) {
            return Read::Error(serde_json::from_str(text).unwrap_or_default());
        }
        if wire.choices.is_none() && wire.usage.is_none() {
            return Read::Other;
        }
        choices.iter().for_each(|choice| self.take(choice));
        if let Some(usage) = wire.usage.and_then(|usage| serde_json::from_str(usage.get()).ok()) {
            let (tokens_in, tokens_out) = token_counts(&usage);
            // Some say it with every chunk; the last one holds.
            self.tokens_in = tokens_in.or(self.tokens_in);
            self.tokens_out = tokens_out.or(self.tokens_out);
        }
        Read::Part {
            model: place_in(text, wire.model.filter(|model| model.get().starts_with('"'))),
            is_usage_only: choices.is_empty() && wire.usage.is_some(),
        }
    }

    /// Whether there is at least one token of output.
    pub(super) fn has_output(&self) -> bool {
        self.output_bytes > 0
    }

    fn take(&mut self, choice: &Choice<'_>) {
        let mut bytes = choice.text.map_or(0, size);
        if let Some(said) = choice.delta.or(choice.message)
            && let Ok(said) = serde_json::from_str::<Choices<'_>>(said.get())
        {
            let all = [
                said.content,
                said.reasoning_content.or(said.reasoning),
                said.refusal,
                said.tool_calls,
                said.function_call,
                said.audio,
            ];
            bytes += all.into_iter().flatten().map(size).sum::<usize>();
        }
        if bytes > 0 {
            self.output_bytes += bytes;
            self.first_output.get_or_insert_with(Instant::now);
        }
        self.is_finished |= choice.finish_reason.is_some();
    }
}

/// Bytes of a text or of what else there is, without the marks around it; nothing for what is empty.
fn size(value: &RawValue) -> usize {
    match value.get() {
        "false" | "{}" | "[]" => 0,
        text => text.len().saturating_sub(2),
    }
}

/// An `error` that is there and not null; or the flat form of some servers; or a choice that ended in one.
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

    fn read(value: &Value) -> (ResponseMetadata, Read) {
        let mut facts = ResponseMetadata::default();
        let read = facts.read(&value.to_string());
        (facts, read)
    }

    #[test]
    fn every_kind_of_output_counts_and_emptiness_does_not() {
        let output = |said: Value| read(&json!({"choices": [{"delta": said}]})).0.output_bytes;
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
            let (facts, _) = read(&json!({"choices": [], "usage": {"prompt_tokens": bad, "completion_tokens": 4}}));
            assert_eq!((facts.tokens_in, facts.tokens_out), (None, Some(4)), "{bad}");
        }
        assert!(matches!(read(&json!({"choices": [], "usage": "x"})).1, Read::Part { is_usage_only: true, .. }));
    }

    #[test]
    fn the_place_of_the_models_name_is_told() {
        let text = r#"{"id":"model","model" : "up/m","choices":[]}"#;
        let Read::Part { model: Some(place), is_usage_only: false } = ResponseMetadata::default().read(text) else {
            panic!()
        };
        assert_eq!(&text[place], "\"up/m\"");
        assert!(matches!(read(&json!({"model": 7, "choices": []})).1, Read::Part { model: None, .. }));
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
            assert!(matches!(read(&error).1, Read::Error(_)), "{error}");
        }
        assert!(matches!(read(&json!({"error": null, "choices": []})).1, Read::Part { .. }));
        assert_eq!(read(&json!({"x": 1})).1, Read::Other);
        assert_eq!(ResponseMetadata::default().read("{\"choices\": ["), Read::Other);
        assert_eq!(ResponseMetadata::default().read("ping"), Read::Other);
    }
}
