//! The output in a message or a delta, in all the forms that servers give it.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::object::{Object, items, string};

/// What a piece of output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutputKind {
    Text,
    /// Reasoning that precedes the text.
    Thought,
    /// The model's own refusal to answer.
    Refusal,
    ToolCall,
    /// A picture; its text is its address, mostly a `data:` URL.
    Image,
    Audio,
}

/// A text of an answer that grows with the pieces of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lane {
    pub choice: u64,
    pub kind: OutputKind,
    /// Number of the tool call, 0 for other kinds.
    pub call: u64,
}

/// A piece of output.
#[derive(Clone, Copy, Debug)]
pub struct Output<'a> {
    pub kind: OutputKind,
    /// Number of the tool call, 0 for other kinds.
    pub call: u64,
    value: &'a RawValue,
}

impl<'a> Output<'a> {
    /// Its text: of a tool call the piece of its arguments, of a picture its address, of sound its transcript or its data.
    pub fn text(&self) -> Cow<'a, str> {
        string(self.value).unwrap_or_default()
    }

    /// Bytes of the piece as it was sent, without quotes. From these tokens are estimated.
    pub fn size(&self) -> usize {
        self.value.get().len().saturating_sub(2)
    }
}

/// The first of these fields that is a filled string counts as the thought: some servers send one field empty and the other
/// filled, some send both alike.
const THOUGHT_FIELDS: [&str; 3] = ["reasoning_content", "reasoning", "thinking"];

/// The output of a message or a delta.
pub(super) fn outputs<'a>(message: &Object<'a>, out: &mut Vec<Output<'a>>) {
    if let Some(thought) = THOUGHT_FIELDS.iter().find_map(|name| message.get(name).filter(|value| is_filled(value))) {
        push(OutputKind::Thought, thought, out);
    } else {
        for detail in message.list("reasoning_details") {
            let detail = Object::of(detail);
            push_field(OutputKind::Thought, &detail, &["text", "summary"], out);
        }
    }
    if let Some(content) = message.get("content") {
        push_content(OutputKind::Text, content, out);
    }
    if let Some(refusal) = message.get("refusal") {
        push(OutputKind::Refusal, refusal, out);
    }
    for image in message.list("images") {
        push_image(&Object::of(image), out);
    }
    for (position, call) in message.list("tool_calls").into_iter().enumerate() {
        let object = Object::of(call);
        push_call(&object, object.number("index").unwrap_or(position as u64), call, out);
    }
    if let Some(call) = message.get("function_call").filter(|call| call.get() != "{}") {
        let arguments = Object::of(call).get("arguments");
        out.push(Output { kind: OutputKind::ToolCall, call: 0, value: arguments.unwrap_or(call) });
    }
    if let Some(audio) = message.get("audio").map(Object::of) {
        push_field(OutputKind::Audio, &audio, &["transcript", "data"], out);
    }
}

/// Content is a string, or a list of parts.
fn push_content<'a>(kind: OutputKind, content: &'a RawValue, out: &mut Vec<Output<'a>>) {
    match content.get().as_bytes().first() {
        Some(b'"') => push(kind, content, out),
        Some(b'[') => items(content).into_iter().for_each(|part| push_content(kind, part, out)),
        Some(b'{') => push_part(kind, &Object::of(content), out),
        _ => {}
    }
}

fn push_part<'a>(kind: OutputKind, part: &Object<'a>, out: &mut Vec<Output<'a>>) {
    if let Some(thought) = part.get("thinking") {
        push_content(OutputKind::Thought, thought, out);
    } else if let Some(refusal) = part.get("refusal") {
        push(OutputKind::Refusal, refusal, out);
    } else if part.get("image_url").is_some() {
        push_image(part, out);
    } else if let Some(text) = part.get("text") {
        push_content(kind, text, out);
    }
}

/// A picture: `{"image_url": {"url": "…"}}`, or `{"image_url": "…"}`, or `{"url": "…"}`.
fn push_image<'a>(image: &Object<'a>, out: &mut Vec<Output<'a>>) {
    let inner = image.get("image_url").map(|inner| Object::of(inner).get("url").unwrap_or(inner));
    if let Some(address) = inner.or_else(|| image.get("url")) {
        push(OutputKind::Image, address, out);
    }
}

/// A tool call is output as soon as it has a name; its arguments may come in later pieces.
fn push_call<'a>(call: &Object<'a>, number: u64, whole: &'a RawValue, out: &mut Vec<Output<'a>>) {
    let function = call.get("function").map(Object::of).unwrap_or_default();
    let arguments = function.get("arguments").filter(|value| is_filled(value));
    let name = function.get("name").or_else(|| call.get("name"));
    if let Some(value) = arguments.or(name) {
        // A name alone is counted and has no text that grows.
        let value = if arguments.is_some() { value } else { whole };
        out.push(Output { kind: OutputKind::ToolCall, call: number, value });
    }
}

fn push_field<'a>(kind: OutputKind, object: &Object<'a>, names: &[&str], out: &mut Vec<Output<'a>>) {
    if let Some(value) = names.iter().find_map(|name| object.get(name).filter(|value| is_filled(value))) {
        push(kind, value, out);
    }
}

/// Appends a string that is not empty.
fn push<'a>(kind: OutputKind, value: &'a RawValue, out: &mut Vec<Output<'a>>) {
    if is_filled(value) {
        out.push(Output { kind, call: 0, value });
    }
}

fn is_filled(value: &RawValue) -> bool {
    value.get().starts_with('"') && value.get() != "\"\""
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(message: Value) -> Vec<(OutputKind, String)> {
        let text = message.to_string();
        let mut out = Vec::new();
        outputs(&Object::parse(&text).expect("an object"), &mut out);
        out.iter().map(|output| (output.kind, output.text().into_owned())).collect()
    }

    fn text(text: &str) -> (OutputKind, String) {
        (OutputKind::Text, text.into())
    }

    fn thought(text: &str) -> (OutputKind, String) {
        (OutputKind::Thought, text.into())
    }

    #[test]
    fn text_is_read_from_every_shape_of_content() {
        assert_eq!(read(json!({"content": "a", "new_field": 1})), [text("a")]);
        let parts = json!({"content": [{"type": "text", "text": "a"}, "b", {"type": "image_url"}, 7]});
        assert_eq!(read(parts), [text("a"), text("b")]);
        let thinking = json!({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]});
        assert_eq!(read(thinking), [thought("hm")]);
    }

    #[test]
    fn what_is_empty_is_no_output() {
        for empty in [
            json!({"role": "assistant", "content": ""}),
            json!({"content": null, "tool_calls": [], "audio": {}, "images": []}),
            json!({"content": [], "refusal": null, "function_call": null, "reasoning": ""}),
            json!({"content": [{"type": "text", "text": ""}], "reasoning_content": "", "refusal": ""}),
            json!({"content": false, "reasoning": {}, "tool_calls": {}}),
        ] {
            assert_eq!(read(empty.clone()), [], "{empty}");
        }
    }

    #[test]
    fn an_empty_thought_does_not_win_over_a_filled_one_of_another_name() {
        assert_eq!(
            read(json!({"reasoning_content": "", "reasoning": "Hm", "content": "ok"})),
            [thought("Hm"), text("ok")]
        );
        assert_eq!(read(json!({"reasoning": "", "reasoning_content": "Hm"})), [thought("Hm")]);
        let details = json!([{"type": "reasoning.text", "text": "Hm"}]);
        assert_eq!(read(json!({"reasoning": "Hm", "reasoning_details": details})), [thought("Hm")]);
        assert_eq!(read(json!({"reasoning_details": details})), [thought("Hm")]);
    }

    #[test]
    fn refusals_pictures_sound_and_tool_calls_are_output() {
        assert_eq!(
            read(json!({"content": "", "refusal": "I can't help with that."})),
            [(OutputKind::Refusal, "I can't help with that.".into())]
        );
        let url = "data:image/png;base64,AAAA";
        let image = (OutputKind::Image, url.to_owned());
        for picture in
            [json!({"type": "image_url", "image_url": {"url": url}}), json!({"image_url": url}), json!({"url": url})]
        {
            assert_eq!(read(json!({"images": [picture]})), std::slice::from_ref(&image));
        }
        assert_eq!(read(json!({"content": [{"type": "image_url", "image_url": {"url": url}}]})), [image]);
        assert_eq!(read(json!({"audio": {"id": "a", "transcript": "hi"}})), [(OutputKind::Audio, "hi".into())]);
        let calls = json!([{"index": 1, "function": {"arguments": "{\"a\""}}, {"index": 2, "function": {"name": "f", "arguments": ""}}]);
        assert_eq!(
            read(json!({"tool_calls": calls})),
            [(OutputKind::ToolCall, "{\"a\"".into()), (OutputKind::ToolCall, String::new())]
        );
        assert_eq!(read(json!({"function_call": {"name": "f"}})).len(), 1);
    }
}
