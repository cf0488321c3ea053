//! Interprets one JSON object of an answer: the data of an event, or a whole body.

use std::{borrow::Cow, ops::Range};

use serde_json::Value;

use super::{
    object::{Object, range_in},
    output::{Output, outputs},
    usage::{TokenCounts, counts_of},
};

/// Choices of one answer that are read; more than any provider returns.
const MAX_CHOICES: usize = 128;

/// What the data of one event is.
#[derive(Debug)]
pub enum Item<'a> {
    /// `[DONE]`.
    Done,
    /// A completion, or a part of one.
    Chunk(Chunk<'a>),
    /// An error object.
    Error(Value),
    /// JSON of another kind, or no JSON, for example `ping`. It can be skipped without losing a piece of the answer.
    Noise,
    /// Begins as a JSON object and is not valid JSON: a piece of the answer may be lost.
    Broken,
}

/// A completion, or a part of one. Ranges are in the text that was read.
#[derive(Debug)]
pub struct Chunk<'a> {
    pub model: Slot,
    /// The field `choices`.
    pub list: Slot,
    pub choices: Vec<Choice<'a>>,
    pub counts: TokenCounts,
    /// Whether there is a `usage` object, also one without counts.
    pub has_usage: bool,
}

/// One of the answers to a prompt, or a part of one.
#[derive(Debug)]
pub struct Choice<'a> {
    pub index: u64,
    /// The field `delta`.
    pub delta: Slot,
    /// Whether it has a whole `message` in place of a delta.
    pub is_whole: bool,
    pub outputs: Vec<Output<'a>>,
    /// Never empty: servers that send `""` with every chunk have not finished.
    pub finish_reason: Option<Cow<'a, str>>,
}

/// Where a field is in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The field could be inserted here, right after the opening brace.
    Missing(usize),
    Null(Range<usize>),
    Set(Range<usize>),
}

impl<'a> Item<'a> {
    /// Interprets the data of one event, or a whole body.
    pub fn read(text: &'a str) -> Self {
        let trimmed = text.trim_start_matches('\u{feff}').trim();
        match trimmed.as_bytes().first() {
            Some(b'{') => Self::read_object(text, trimmed),
            Some(b'[') if trimmed == "[DONE]" => Self::Done,
            // Gemini wraps errors in a list.
            Some(b'[') => match serde_json::from_str::<Vec<Value>>(trimmed) {
                Ok(list) => list.into_iter().find(|item| item.get("error").is_some()).map_or(Self::Noise, Self::Error),
                Err(_) => Self::Noise,
            },
            _ => Self::Noise,
        }
    }

    fn read_object(text: &'a str, trimmed: &'a str) -> Self {
        let Some(object) = Object::parse(trimmed) else { return Self::Broken };
        let mut raw = object.list("choices");
        raw.truncate(MAX_CHOICES);
        let list: Vec<Object<'a>> = raw.iter().map(|choice| Object::of(choice)).collect();
        if is_error(&object, &list) {
            // A number too large for serde_json is the only way to fail here.
            return Self::Error(serde_json::from_str(trimmed).unwrap_or_default());
        }
        let has_usage = object.get("usage").is_some_and(|usage| usage.get().starts_with('{'));
        if object.get("choices").is_none() && !has_usage {
            return Self::Noise;
        }
        let counts = counts_of(&object, &list);
        let choices = raw.iter().zip(&list).map(|(raw, choice)| Choice::read(text, raw.get(), choice)).collect();
        Self::Chunk(Chunk {
            model: slot(text, trimmed, &object, "model"),
            list: slot(text, trimmed, &object, "choices"),
            choices,
            counts,
            has_usage,
        })
    }
}

impl<'a> Choice<'a> {
    fn read(text: &str, own: &'a str, choice: &Object<'a>) -> Self {
        let mut all = Vec::new();
        let delta = choice.get("delta").filter(|delta| delta.get().starts_with('{'));
        let message = choice.get("message").filter(|message| message.get().starts_with('{'));
        if let Some(message) = delta.or(message) {
            outputs(&Object::of(message), &mut all);
        } else {
            // The older completions: the text is the choice's own.
            outputs(&Object::only("content", choice.get("text")), &mut all);
        }
        Self {
            index: choice.number("index").unwrap_or(0),
            delta: slot(text, own, choice, "delta"),
            is_whole: delta.is_none() && message.is_some(),
            outputs: all,
            finish_reason: choice.text("finish_reason").filter(|reason| !reason.is_empty()),
        }
    }
}

fn slot(text: &str, own: &str, object: &Object<'_>, name: &str) -> Slot {
    match object.field(name) {
        Some(value) if value.get() == "null" => Slot::Null(range_in(text, value)),
        Some(value) => Slot::Set(range_in(text, value)),
        None => Slot::Missing(own.as_ptr().addr() - text.as_ptr().addr() + 1),
    }
}

/// An `error` that is set; or the flat form of some servers; or a choice that ended in an error.
fn is_error(object: &Object<'_>, choices: &[Object<'_>]) -> bool {
    let is = |object: &Object<'_>, name: &str, word: &str| object.text(name).is_some_and(|text| text == word);
    let is_set =
        |name: &str| object.get(name).is_some_and(|value| !matches!(value.get(), "false" | "{}" | "[]" | "\"\""));
    let is_bare = object.get("choices").is_none() && object.get("usage").is_none();
    is_set("error")
        || is(object, "object", "error")
        || is_bare && (is(object, "type", "error") || is_set("detail"))
        || choices.iter().any(|choice| is(choice, "finish_reason", "error"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::completion::OutputKind;

    fn chunk(text: &str) -> Chunk<'_> {
        match Item::read(text) {
            Item::Chunk(chunk) => chunk,
            other => panic!("{text} is read as {other:?}"),
        }
    }

    #[test]
    fn the_places_of_fields_are_found_in_the_text() {
        let text = r#" {"id":"model","model" : "up/m","choices":[{"delta":{}},{"index":1},{"delta":null}]}"#;
        let read = chunk(text);
        let Slot::Set(model) = read.model else { panic!() };
        assert_eq!(&text[model], "\"up/m\"");
        let Slot::Missing(at) = read.choices[1].delta else { panic!() };
        assert_eq!(&text[at..at + 7], "\"index\"");
        let Slot::Null(null) = &read.choices[2].delta else { panic!() };
        assert_eq!(&text[null.clone()], "null");
        let text = r#"{"usage":{"prompt_tokens":1}}"#;
        let read = chunk(text);
        assert_eq!((read.model, read.list, read.has_usage), (Slot::Missing(1), Slot::Missing(1), true));
    }

    #[test]
    fn a_finish_reason_is_a_filled_string() {
        let reason = |reason: Value| {
            let text = json!({"choices": [{"delta": {}, "finish_reason": reason}]}).to_string();
            chunk(&text).choices[0].finish_reason.as_deref().map(str::to_owned)
        };
        assert_eq!(reason(json!("stop")).as_deref(), Some("stop"));
        for none in [json!(null), json!(""), json!(7)] {
            assert_eq!(reason(none), None);
        }
    }

    #[test]
    fn a_delta_counts_before_a_message_and_a_text_without_either() {
        let output = |choice: Value| {
            let text = json!({"choices": [choice]}).to_string();
            let read = chunk(&text);
            let texts: Vec<_> = read.choices[0].outputs.iter().map(|output| output.text().into_owned()).collect();
            (texts.concat(), read.choices[0].is_whole)
        };
        assert_eq!(output(json!({"delta": {"content": "a"}, "message": {"content": "so far a"}})), ("a".into(), false));
        assert_eq!(output(json!({"message": {"content": "whole"}})), ("whole".into(), true));
        assert_eq!(output(json!({"text": "plain"})), ("plain".into(), false));
    }

    #[test]
    fn errors_noise_and_broken_json_are_told_apart() {
        assert!(matches!(Item::read(" [DONE] "), Item::Done));
        for noise in ["", "ping", "OK", "[1]", "\"text\"", "7", "{}", r#"{"type":"ping"}"#, r#"{"x":1,"choices":null}"#]
        {
            assert!(matches!(Item::read(noise), Item::Noise), "{noise}");
        }
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(matches!(Item::read(&deep), Item::Noise));
        for broken in ["{", "{\"choices\":[{\"delta\":{\"content\":\"a", "{\"a\":1}}", "{'a':1}"] {
            assert!(matches!(Item::read(broken), Item::Broken), "{broken:.60}");
        }
        for error in [
            r#"{"error":{"message":"x"}}"#,
            r#"{"error":"x","choices":[]}"#,
            r#"{"object":"error","message":"x"}"#,
            r#"{"type":"error","error":null}"#,
            r#"{"detail":"x"}"#,
            r#"[{"error":{"code":400,"message":"x"}}]"#,
            r#"{"choices":[{"delta":{},"finish_reason":"error"}]}"#,
        ] {
            assert!(matches!(Item::read(error), Item::Error(_)), "{error}");
        }
        for fine in [r#"{"error":null,"choices":[]}"#, r#"{"error":{},"choices":[]}"#] {
            assert!(matches!(Item::read(fine), Item::Chunk(_)), "{fine}");
        }
    }

    #[test]
    fn half_an_emoji_is_replaced_and_the_rest_is_kept() {
        let read = chunk(r#"{"choices":[{"delta":{"content":"x\ud83d"}}]}"#);
        let output = &read.choices[0].outputs[0];
        assert_eq!((output.kind, output.text().as_ref()), (OutputKind::Text, "x\u{fffd}"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,80}", escapes in r"(\\u[dD][89aAbBcCdDeEfF0-7][0-9]{0,2}|\\\\|é){0,6}") {
            let escaped = format!(r#"{{"choices":[{{"delta":{{"content":"{escapes}"}}}}]}}"#);
            for text in [&text, &format!("{{{text}"), &escaped] {
                if let Item::Chunk(chunk) = Item::read(text) {
                    chunk.choices.iter().flat_map(|choice| &choice.outputs).for_each(|output| { output.text(); });
                }
            }
        }
    }
}
