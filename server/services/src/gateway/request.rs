//! The request for a chat completion. Only what the gateway needs is parsed; everything else is forwarded as written.

use std::ops::Range;

use axum::http::StatusCode;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    error::Failure,
    fields::{Fields, FieldsError, split, write_string},
    refused_fields::is_refused,
};

/// Messages of one request.
const MAX_MESSAGES: usize = 10_000;
/// Bytes up to which a body is kept in memory while its response is streamed.
const KEPT_BODY: usize = 16 * 1024;
/// Answers of one request that are followed.
const MAX_CHOICES: usize = 128;
/// Characters of a model's name.
const MAX_NAME: usize = 200;

/// A parsed request.
#[derive(Debug)]
pub(super) struct ChatCall {
    body: Bytes,
    fields: Fields,
    /// The model's name as the caller wrote it.
    pub model: String,
    pub is_stream: bool,
    /// The estimated number of prompt tokens, set when the body is released.
    estimate: Option<u64>,
    /// Whether the caller requested the chunk with the token counts (`stream_options.include_usage`).
    pub wants_usage: bool,
    /// How many answers were requested (`n`).
    pub choices: usize,
}

/// The part of a message that counts towards its length.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    content: Option<&'a RawValue>,
}

/// One part of a message's content.
#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow)]
    text: Option<&'a RawValue>,
}

impl ChatCall {
    /// Parses a body.
    ///
    /// # Errors
    ///
    /// The body is no request for a chat completion, or contains a field that is rejected.
    pub(super) fn read(body: Bytes) -> Result<Self, Failure> {
        let text = std::str::from_utf8(&body)
            .map_err(|_| Failure::bad_request("invalid_json", "The body is not UTF-8, as JSON has to be."))?;
        let fields = split(text).map_err(|error| match error {
            FieldsError::TooDeep => Failure::bad_request("too_deep", "The body is nested more than 128 levels deep."),
            FieldsError::NotAnObject => Failure::bad_request("invalid_json", "The body is JSON, but no object."),
            FieldsError::NotJson(line, column) => Failure::bad_request(
                "invalid_json",
                format!("The body is not valid JSON: something is wrong at line {line}, column {column}."),
            ),
        })?;
        check_names(&fields)?;
        let value = |name| find(&fields, name).map(|range| &text[range]);
        let model = model(value("model"))?;
        check_messages(value("messages"))?;
        let is_stream = flag(value("stream")).ok_or_else(|| {
            Failure::bad_request("invalid_type", "`stream` has to be true or false.").with_param("stream")
        })?;
        let wants_usage = match value("stream_options").filter(|value| *value != "null") {
            None => false,
            Some(options) => wants_usage(options)?,
        };
        // Whatever else `n` may be is for the upstream to refuse.
        let choices = value("n").and_then(|n| n.parse().ok()).filter(|n| (1..=MAX_CHOICES).contains(n)).unwrap_or(1);
        Ok(Self { model, is_stream, wants_usage, choices, estimate: None, fields, body })
    }

    /// Whether this site requests the token counts where the caller did not: they are needed for the record of usage.
    pub(super) fn adds_usage(&self) -> bool {
        self.is_stream && !self.wants_usage
    }

    /// The body for an upstream: with the upstream's name of the model, and with a request for the token counts if `adds_usage`.
    pub(super) fn body_for(&self, upstream_model: &str, adds_usage: bool) -> Bytes {
        let mut out = Vec::with_capacity(self.body.len() + upstream_model.len() + 64);
        let mut has_options = false;
        for (name, range) in &self.fields {
            out.push(if out.is_empty() { b'{' } else { b',' });
            write_string(name, &mut out);
            out.push(b':');
            match name.as_str() {
                "model" => write_string(upstream_model, &mut out),
                "stream_options" if adds_usage => {
                    has_options = true;
                    write_options(self.text(range), &mut out);
                }
                _ => out.extend_from_slice(&self.body[range.clone()]),
            }
        }
        if adds_usage && !has_options {
            out.extend_from_slice(br#","stream_options":{"include_usage":true}"#);
        }
        out.push(b'}');
        out.into()
    }

    /// The estimated number of prompt tokens, for upstreams that do not report it: one for every four bytes of text, and four
    /// for each message.
    pub(super) fn estimated_tokens(&self) -> u64 {
        if let Some(estimate) = self.estimate {
            return estimate;
        }
        let messages = find(&self.fields, "messages").map(|range| self.text(&range)).unwrap_or("[]");
        let messages: Vec<Message<'_>> = serde_json::from_str(messages).unwrap_or_default();
        let bytes: usize = messages.iter().map(|message| message.content.map_or(0, text_bytes)).sum();
        (bytes.div_ceil(4) + 4 * messages.len()) as u64
    }

    /// Frees a long body, to be called when no further model will be called. Only the token estimate remains usable.
    pub(super) fn release_body(&mut self) {
        if self.body.len() > KEPT_BODY {
            self.estimate = Some(self.estimated_tokens());
            self.body = Bytes::new();
            self.fields.clear();
        }
    }

    fn text(&self, range: &Range<usize>) -> &str {
        // The body was checked to be UTF-8 when it was parsed.
        std::str::from_utf8(&self.body[range.clone()]).unwrap_or_default()
    }
}

/// Bytes of text in the content of a message; images and other parts do not count.
fn text_bytes(content: &RawValue) -> usize {
    match content.get().as_bytes().first() {
        Some(b'"') => content.get().len() - 2,
        Some(b'[') => {
            let parts: Vec<Part<'_>> = serde_json::from_str(content.get()).unwrap_or_default();
            parts.iter().map(|part| part.text.map_or(0, |text| text.get().len().saturating_sub(2))).sum()
        }
        _ => 0,
    }
}

fn find(fields: &Fields, name: &str) -> Option<Range<usize>> {
    fields.iter().find(|(found, _)| found == name).map(|(_, range)| range.clone())
}

/// Rejects fields that could redirect the call, and duplicate fields, because upstreams differ in which of the two they use.
fn check_names(fields: &Fields) -> Result<(), Failure> {
    for (index, (name, _)) in fields.iter().enumerate() {
        let shown: String = name.chars().take(60).collect();
        if is_refused(name) {
            let message = format!(
                "`{shown}` is not taken: where a call goes, and with which key, is set by the operator of this site."
            );
            return Err(Failure::bad_request("field_not_allowed", message));
        }
        if fields[..index].iter().any(|(earlier, _)| earlier == name) {
            return Err(Failure::bad_request("duplicate_field", format!("`{shown}` is there twice.")));
        }
    }
    Ok(())
}

fn model(value: Option<&str>) -> Result<String, Failure> {
    let missing = || {
        Failure::bad_request("missing_model", "Name a model; `GET /v1/models` lists those that this key may ask.")
            .with_param("model")
    };
    let name: String = value.and_then(|value| serde_json::from_str(value).ok()).ok_or_else(missing)?;
    match name.chars().count() {
        0 => Err(missing()),
        1..=MAX_NAME => Ok(name),
        _ => Err(Failure::rejected(StatusCode::NOT_FOUND, "model_not_found", "No model has so long a name.")
            .with_param("model")),
    }
}

fn check_messages(value: Option<&str>) -> Result<(), Failure> {
    let bad = |code, message: &str| Err(Failure::bad_request(code, message).with_param("messages"));
    let messages = value.map(serde_json::from_str::<Vec<&RawValue>>);
    match messages {
        None => bad("missing_messages", "`messages` is missing."),
        Some(Err(_)) => bad("invalid_type", "`messages` has to be a list of messages."),
        Some(Ok(messages)) if messages.is_empty() => bad("empty_messages", "`messages` is empty: say something."),
        Some(Ok(messages)) if messages.len() > MAX_MESSAGES => {
            bad("too_many_messages", "`messages` has more than 10,000 entries.")
        }
        Some(Ok(messages)) if messages.iter().any(|message| !message.get().starts_with('{')) => {
            bad("invalid_type", "Every entry of `messages` has to be an object with a role and a content.")
        }
        Some(Ok(_)) => Ok(()),
    }
}

fn flag(value: Option<&str>) -> Option<bool> {
    match value {
        None | Some("null" | "false") => Some(false),
        Some("true") => Some(true),
        Some(_) => None,
    }
}

fn wants_usage(options: &str) -> Result<bool, Failure> {
    let bad =
        |_| Failure::bad_request("invalid_type", "`stream_options` has to be an object.").with_param("stream_options");
    let fields = split(options).map_err(bad)?;
    Ok(find(&fields, "include_usage").is_some_and(|range| &options[range] == "true"))
}

/// Appends the options with `include_usage` set.
fn write_options(options: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"include_usage":true"#);
    for (name, range) in split(options).unwrap_or_default() {
        if name != "include_usage" {
            out.push(b',');
            write_string(&name, out);
            out.push(b':');
            out.extend_from_slice(options[range].as_bytes());
        }
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<ChatCall, String> {
        ChatCall::read(Bytes::copy_from_slice(body.as_bytes())).map_err(|failure| failure.code.into_owned())
    }

    fn sent(body: &str) -> String {
        let call = read(body).expect("reads");
        String::from_utf8(call.body_for("up/m", call.adds_usage()).to_vec()).expect("text")
    }

    #[test]
    fn what_this_site_adds_can_be_left_out_and_what_the_caller_wrote_stays() {
        let options = r#"{"model":"m","messages":[{}],"stream":true,"stream_options":{"include_obfuscation":false}}"#;
        for (body, sent) in [
            (r#"{"model":"m","messages":[{}],"stream":true}"#, r#"{"model":"up/m","messages":[{}],"stream":true}"#),
            (options, &options.replace(r#""m""#, r#""up/m""#)),
        ] {
            let call = read(body).expect("reads");
            assert!(call.adds_usage());
            assert_eq!(call.body_for("up/m", false), sent);
        }
    }

    #[test]
    fn everything_but_the_models_name_goes_on_as_it_is_written() {
        let body = r#"{"messages":[ {"role":"user","content":"h\u00efß"} ], "model" : "m","temperature":0.70,"x_new":{"a":[1e3]}}"#;
        let expected = r#"{"messages":[ {"role":"user","content":"h\u00efß"} ],"model":"up/m","temperature":0.70,"x_new":{"a":[1e3]}}"#;
        assert_eq!(sent(body), expected);
    }

    #[test]
    fn a_stream_asks_for_token_counts_and_keeps_other_options() {
        let with = |options: &str| sent(&format!(r#"{{"model":"m","messages":[{{}}],"stream":true{options}}}"#));
        let asked = r#"{"model":"up/m","messages":[{}],"stream":true,"stream_options":{"include_usage":true}}"#;
        assert_eq!(with(""), asked);
        assert_eq!(with(r#","stream_options":null"#), asked);
        assert_eq!(with(r#","stream_options":{"include_usage":false}"#), asked);
        assert_eq!(
            with(r#","stream_options":{"include_obfuscation": false}"#),
            r#"{"model":"up/m","messages":[{}],"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false}}"#
        );
        let own = r#","stream_options":{ "include_usage":true }"#;
        assert_eq!(
            with(own),
            r#"{"model":"up/m","messages":[{}],"stream":true,"stream_options":{ "include_usage":true }}"#
        );
    }

    #[test]
    fn what_cannot_be_asked_is_refused_with_a_code() {
        let many = |n: usize| format!(r#"{{"model":"m","messages":[{}]}}"#, vec!["{}"; n].join(","));
        assert!(read(&many(10_000)).is_ok());
        for (body, code) in [
            ("", "invalid_json"),
            ("{", "invalid_json"),
            ("[]", "invalid_json"),
            (r#"{"messages":[{}]}"#, "missing_model"),
            (r#"{"model":"","messages":[{}]}"#, "missing_model"),
            (r#"{"model":7,"messages":[{}]}"#, "missing_model"),
            (r#"{"model":"m"}"#, "missing_messages"),
            (r#"{"model":"m","messages":[]}"#, "empty_messages"),
            (r#"{"model":"m","messages":"hi"}"#, "invalid_type"),
            (r#"{"model":"m","messages":["hi"]}"#, "invalid_type"),
            (r#"{"model":"m","messages":[{}],"stream":"yes"}"#, "invalid_type"),
            (r#"{"model":"m","messages":[{}],"stream_options":[]}"#, "invalid_type"),
            (r#"{"model":"m","messages":[{}],"api_base":"http://x"}"#, "field_not_allowed"),
            (r#"{"model":"m","messages":[{}],"ap\u0069_key":"x"}"#, "field_not_allowed"),
            (r#"{"model":"m","messages":[{}],"extra_body":{}}"#, "field_not_allowed"),
            (r#"{"model":"m","messages":[{}],"model":"n"}"#, "duplicate_field"),
            (&many(10_001), "too_many_messages"),
        ] {
            assert_eq!(read(body).err().as_deref(), Some(code), "{body:.80}");
        }
        assert_eq!(ChatCall::read(Bytes::from_static(b"{\"model\":\"\xff\"}")).unwrap_err().code, "invalid_json");
    }

    #[test]
    fn a_schema_of_a_tool_may_have_fields_of_any_name() {
        let body =
            r#"{"model":"m","messages":[{}],"tools":[{"function":{"parameters":{"properties":{"api_key":{}}}}}]}"#;
        assert!(read(body).is_ok());
    }

    #[test]
    fn the_length_of_a_prompt_is_estimated_without_its_images() {
        let call =
            |content: &str| read(&format!(r#"{{"model":"m","messages":[{{"content":{content}}}]}}"#)).expect("reads");
        assert_eq!(call("\"12345678\"").estimated_tokens(), 2 + 4);
        let parts = r#"[{"type":"text","text":"1234"},{"type":"image_url","image_url":{"url":"data:very long"}}]"#;
        assert_eq!(call(parts).estimated_tokens(), 1 + 4);
        assert_eq!(call("null").estimated_tokens(), 4);
    }
}
