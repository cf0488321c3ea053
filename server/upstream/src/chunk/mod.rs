//! Reads chat completions, streamed or whole, of any OpenAI-compatible server. Fields are looked up by name in an untyped
//! value instead of being deserialised into a struct: servers extend the schema in different ways, and a field that is not
//! needed here must not make a completion unreadable.

mod surrogates;
mod usage;

use serde_json::Value;

use surrogates::replace_lone_surrogates;
pub use usage::token_counts;

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatEvent {
    /// The next piece of the text; never empty.
    Delta(String),
    /// The next piece of the reasoning that precedes the text; never empty.
    Reasoning(String),
    /// Why the answer ends, in the upstream's word, for example `stop` or `length`.
    Finish(String),
    /// The upstream's token counts; unknown is `None`. May come more than once: the last one counts.
    Usage { tokens_in: Option<u64>, tokens_out: Option<u64> },
}

/// The data of one event, or a whole body, by its kind.
#[derive(Debug, PartialEq)]
pub(super) enum Parsed {
    /// `[DONE]`.
    Done,
    Events(Vec<ChatEvent>),
    /// An error object.
    Error(Value),
    /// No JSON object, for example `ping`. It can be skipped without losing a piece of the answer.
    Noise,
    /// Begins as a JSON object and is not valid JSON: a piece of the answer may be lost.
    Broken,
}

/// Reads the data of one event, or a whole body.
pub(super) fn parse(data: &str) -> Parsed {
    let data = data.trim();
    if data == "[DONE]" {
        return Parsed::Done;
    }
    if !data.starts_with('{') {
        return Parsed::Noise;
    }
    let value = serde_json::from_str(data).or_else(|_| serde_json::from_str(&replace_lone_surrogates(data)));
    let Ok(value) = value else { return Parsed::Broken };
    if is_error(&value) { Parsed::Error(value) } else { Parsed::Events(read(&value)) }
}

/// An `error` that is set; or the flat form of some servers; or a choice that ended in an error.
fn is_error(value: &Value) -> bool {
    let is_set = |value: &Value| !matches!(value, Value::Null | Value::Bool(false));
    value.get("error").is_some_and(is_set)
        || value.get("object").is_some_and(|object| object == "error")
        || value.get("choices").is_none() && value.get("type").is_some_and(|kind| kind == "error")
        || value.pointer("/choices/0/finish_reason").is_some_and(|reason| reason == "error")
}

fn read(value: &Value) -> Vec<ChatEvent> {
    let mut events = Vec::new();
    let choices = value.get("choices").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    // Requests ask for one choice; where a server sends more, only the first is read.
    let is_first = |choice: &&Value| choice.get("index").and_then(Value::as_u64).unwrap_or(0) == 0;
    for choice in choices.iter().filter(is_first) {
        read_choice(choice, &mut events);
    }
    if let Some(usage) = value.get("usage").and_then(read_usage) {
        events.push(usage);
    }
    events
}

fn read_choice(choice: &Value, events: &mut Vec<ChatEvent>) {
    let piece = ["delta", "message"].iter().find_map(|name| choice.get(name).filter(|piece| piece.is_object()));
    let (mut reasoning, mut text) = (String::new(), String::new());
    if let Some(piece) = piece {
        if let Some(thought) = ["reasoning_content", "reasoning"].iter().find_map(|name| piece.get(name)?.as_str()) {
            reasoning.push_str(thought);
        }
        for name in ["content", "refusal"] {
            read_content(piece.get(name).unwrap_or(&Value::Null), &mut text, &mut reasoning);
        }
    } else if let Some(plain) = choice.get("text").and_then(Value::as_str) {
        text.push_str(plain);
    }
    if !reasoning.is_empty() {
        events.push(ChatEvent::Reasoning(reasoning));
    }
    if !text.is_empty() {
        events.push(ChatEvent::Delta(text));
    }
    if let Some(reason) = choice.get("finish_reason").and_then(Value::as_str).filter(|reason| !reason.is_empty()) {
        events.push(ChatEvent::Finish(identifier(reason)));
    }
}

/// Content is a string, or a list of parts with text or reasoning.
fn read_content(content: &Value, text: &mut String, reasoning: &mut String) {
    match content {
        Value::String(piece) => text.push_str(piece),
        Value::Array(parts) => parts.iter().for_each(|part| read_content(part, text, reasoning)),
        Value::Object(part) => match part.get("thinking") {
            Some(thought) => read_content(thought, &mut *reasoning, &mut String::new()),
            None => read_content(part.get("text").unwrap_or(&Value::Null), text, reasoning),
        },
        _ => {}
    }
}

/// A finish reason is one short identifier. The filter keeps an upstream from placing other text where it is shown.
fn identifier(reason: &str) -> String {
    reason.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).take(40).collect()
}

fn read_usage(usage: &Value) -> Option<ChatEvent> {
    let (tokens_in, tokens_out) = token_counts(usage.is_object().then_some(usage)?);
    Some(ChatEvent::Usage { tokens_in, tokens_out })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn events(value: &Value) -> Vec<ChatEvent> {
        match parse(&value.to_string()) {
            Parsed::Events(events) => events,
            other => panic!("{value} is read as {other:?}"),
        }
    }

    fn delta(text: &str) -> ChatEvent {
        ChatEvent::Delta(text.into())
    }

    #[test]
    fn text_is_read_from_every_shape_of_content() {
        let with = |piece: Value| events(&json!({"choices": [{"index": 0, "delta": piece, "new_field": 1}], "x": {}}));
        assert_eq!(with(json!({"content": "a"})), [delta("a")]);
        assert_eq!(with(json!({"role": "assistant", "content": ""})), []);
        assert_eq!(with(json!({"content": null, "tool_calls": []})), []);
        assert_eq!(
            with(json!({"content": [{"type": "text", "text": "a"}, "b", {"type": "image_url"}, 7]})),
            [delta("ab")]
        );
        assert_eq!(with(json!({"refusal": "no", "content": null})), [delta("no")]);
        let thinking = json!({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]});
        assert_eq!(with(thinking), [ChatEvent::Reasoning("hm".into())]);
        for name in ["reasoning_content", "reasoning"] {
            let both = json!({name: "hm", "content": "a"});
            assert_eq!(with(both), [ChatEvent::Reasoning("hm".into()), delta("a")]);
        }
        assert_eq!(events(&json!({"choices": [{"message": {"content": "whole"}}]})), [delta("whole")]);
        assert_eq!(events(&json!({"choices": [{"text": "plain"}]})), [delta("plain")]);
    }

    #[test]
    fn only_the_first_of_several_answers_is_read_whatever_their_order() {
        let two =
            json!({"choices": [{"index": 1, "delta": {"content": "b"}}, {"index": 0, "delta": {"content": "a"}}]});
        assert_eq!(events(&two), [delta("a")]);
        for nothing in [json!({"choices": []}), json!({"choices": null}), json!({"choices": "x"}), json!({})] {
            assert_eq!(events(&nothing), []);
        }
    }

    #[test]
    fn a_finish_reason_is_one_short_word() {
        let reason = |reason: Value| events(&json!({"choices": [{"delta": {}, "finish_reason": reason}]}));
        assert_eq!(reason(json!("stop")), [ChatEvent::Finish("stop".into())]);
        assert_eq!(reason(json!("<b>a b</b>")), [ChatEvent::Finish("babb".into())]);
        for none in [json!(null), json!(""), json!(7)] {
            assert_eq!(reason(none), []);
        }
    }

    #[test]
    fn a_wrong_count_is_unknown_and_never_zero() {
        let count = |value: Value| match events(&json!({"usage": {"prompt_tokens": value, "completion_tokens": 3}}))[..]
        {
            [ChatEvent::Usage { tokens_in, tokens_out: Some(3) }] => tokens_in,
            ref other => panic!("{other:?}"),
        };
        assert_eq!(count(json!(7)), Some(7));
        assert_eq!(count(json!(7.0)), Some(7));
        assert_eq!(count(json!(1_000_000_000_000_u64)), Some(1_000_000_000_000));
        for bad in [json!(0), json!(-1), json!(null), json!("7"), json!(1.5), json!(1e300), json!(u64::MAX), json!([7])]
        {
            assert_eq!(count(bad.clone()), None, "{bad}");
        }
        assert_eq!(count(json!(1_000_000_000_001_u64)), None);
        assert_eq!(events(&json!({"usage": null})), []);
        assert_eq!(events(&json!({"usage": "x"})), []);
        assert_eq!(
            events(&json!({"usage": {"input_tokens": 4}})),
            [ChatEvent::Usage { tokens_in: Some(4), tokens_out: None }]
        );
    }

    #[test]
    fn errors_noise_and_broken_json_are_told_apart() {
        assert_eq!(parse(" [DONE] "), Parsed::Done);
        for noise in ["", "ping", "OK", "[1]", "\"text\"", "7"] {
            assert_eq!(parse(noise), Parsed::Noise, "{noise}");
        }
        for broken in ["{", "{\"choices\":[{\"delta\":{\"content\":\"a", "{\"a\":1}}", "{'a':1}"] {
            assert_eq!(parse(broken), Parsed::Broken, "{broken}");
        }
        assert_eq!(parse(&format!("{{\"a\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000))), Parsed::Broken);
        for error in [
            r#"{"error":{"message":"x"}}"#,
            r#"{"error":"x","choices":[]}"#,
            r#"{"object":"error","message":"x"}"#,
            r#"{"type":"error","message":"x"}"#,
            r#"{"choices":[{"delta":{},"finish_reason":"error"}]}"#,
        ] {
            assert!(matches!(parse(error), Parsed::Error(_)), "{error}");
        }
        assert!(matches!(parse(r#"{"error":null,"choices":[]}"#), Parsed::Events(_)));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,80}", escapes in r"(\\u[dD][89aAbBcCdDeEfF0-7][0-9]{0,2}|\\\\|é){0,6}") {
            parse(&text);
            parse(&format!("{{{text}"));
            parse(&format!(r#"{{"choices":[{{"delta":{{"content":"{escapes}"}}}}]}}"#));
        }
    }
}
