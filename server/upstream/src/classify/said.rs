//! What the body of a refusal says, whatever its shape.

use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::{phrase::Numbers, retry_after, unwrap::unwrap};

/// Characters of a message that are looked at.
const MAX_MESSAGE: usize = 2_000;
/// Errors inside of errors that are looked into: a proxy repeats what the provider sent it.
const MAX_DEPTH: usize = 7;
/// Words by which a refusal is recognised that are kept.
const MAX_KINDS: usize = 32;
/// Response headers that name the error: Bedrock's and Hugging Face's.
const KIND_HEADERS: [&str; 2] = ["x-amzn-errortype", "x-error-code"];

/// A refusal, read. Everything in it is the upstream's, unredacted and unchecked.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The status of the response, or the one that an error inside of an answer names.
    pub status: Option<u16>,
    /// Codes, types and statuses in words.
    pub kinds: Vec<String>,
    /// The code of the error; numbers are text.
    pub code: Option<String>,
    /// The field of the request that it is about.
    pub param: Option<String>,
    /// The words of the innermost error.
    pub message: Option<String>,
    /// The messages with and without what proxies put in front of them.
    pub texts: Vec<String>,
    /// How many tokens there were and how many there may be, where fields say so.
    pub numbers: Numbers,
    /// Seconds until it is worth another try, where the body says so.
    pub wait_s: Option<u32>,
}

impl Said {
    /// Reads the response to a request.
    pub(super) fn by_response(status: StatusCode, headers: &HeaderMap, body: &Value) -> Self {
        let mut said = Self { status: Some(status.as_u16()), ..Self::default() };
        for value in KIND_HEADERS.iter().filter_map(|name| headers.get(*name)?.to_str().ok()) {
            // Bedrock appends the address of its documentation.
            said.add_kind(value.split(':').next().unwrap_or_default());
        }
        said.read(body, 0);
        said
    }

    /// Reads an error inside of an answer. A code that is a status counts as one.
    pub(super) fn by_object(object: &Value) -> Self {
        let mut said = Self::default();
        said.read(object, 0);
        let as_status = |kind: &String| kind.parse().ok().filter(|status| (400..=599).contains(status));
        said.status = said.kinds.iter().find_map(as_status);
        said
    }

    /// `{error: {…}}`, `{error: "…"}`, `{errors: […]}`, `{detail: …}`, `{message: …}`, a list of one of these, or bare text.
    fn read(&mut self, body: &Value, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        match body {
            Value::String(text) => self.read_text(text, depth),
            Value::Array(items) => items.iter().take(1).for_each(|item| self.read(item, depth + 1)),
            Value::Object(_) => self.read_object(body, depth),
            _ => {}
        }
    }

    fn read_object(&mut self, object: &Value, depth: usize) {
        for name in ["code", "type", "status", "error_type", "status_code"] {
            if let Some(word) = word(object.get(name)) {
                if name == "code" {
                    self.code = Some(word.clone());
                }
                self.add_kind(&word);
            }
        }
        if let Some(param) = object.get("param").and_then(Value::as_str).map(str::to_owned).or_else(|| place(object)) {
            self.param = Some(param);
        }
        let count = |name: &str| object.get(name).and_then(Value::as_u64);
        // llama.cpp's server.
        self.numbers.used = count("n_prompt_tokens").or(self.numbers.used);
        self.numbers.limit = count("n_ctx").or(self.numbers.limit);
        // Hugging Face, while it loads a model.
        if let Some(seconds) = object.get("estimated_time").and_then(Value::as_f64) {
            self.add_kind("estimated_time");
            self.wait_s = retry_after::seconds(seconds);
        }
        self.read_message(object, depth);
        self.read_details(object, depth);
    }

    /// The words, from outside in: the innermost ones are the provider's.
    fn read_message(&mut self, object: &Value, depth: usize) {
        // An `error` beside a `message` is a code, such as `unauthorized`.
        let has_message = object.get("message").is_some_and(Value::is_string);
        if let Some(word) = object.get("error").and_then(Value::as_str).filter(|_| has_message) {
            self.add_kind(word);
        }
        let names = ["errors", "error", "message", "detail", "msg", "error_message", "error_msg"];
        let in_choice = object.pointer("/choices/0/error");
        let fields = names.iter().filter_map(|name| object.get(name)).chain(in_choice);
        let is_word = |field: &Value| has_message && field.is_string() && object.get("error") == Some(field);
        let mut fields = fields.filter(|field| !field.is_null() && !field.is_boolean() && !is_word(field));
        if let Some(field) = fields.next() {
            self.read(field, depth + 1);
        }
    }

    /// What stands beside the words.
    fn read_details(&mut self, error: &Value, depth: usize) {
        for inner in ["innererror", "inner_error"].iter().filter_map(|name| error.get(name)) {
            inner.get("code").and_then(Value::as_str).into_iter().for_each(|code| self.add_kind(code));
        }
        for detail in error.get("details").and_then(Value::as_array).into_iter().flatten().take(10) {
            detail.get("reason").and_then(Value::as_str).into_iter().for_each(|reason| self.add_kind(reason));
            let delay = detail.get("retryDelay").and_then(Value::as_str).and_then(retry_after::duration);
            self.wait_s = delay.or(self.wait_s);
        }
        if let Some(metadata) = error.get("metadata") {
            if metadata.get("reasons").and_then(Value::as_array).is_some_and(|reasons| !reasons.is_empty()) {
                self.add_kind("metadata.reasons");
            }
            // OpenRouter: what the provider sent it, as text or as JSON.
            if let Some(raw) = metadata.get("raw") {
                self.read(raw, depth + 1);
            }
        }
    }

    fn read_text(&mut self, text: &str, depth: usize) {
        let text: String = text.chars().take(MAX_MESSAGE).collect();
        let unwrapped = unwrap(&text);
        unwrapped.errors.iter().for_each(|error| self.add_kind(error));
        let inner = unwrapped.texts.last().and_then(|text| json_of(text));
        self.texts.extend(unwrapped.texts.iter().map(|text| (*text).to_owned()));
        self.message = Some(text);
        if let Some(inner) = inner {
            self.read(&inner, depth + 1);
        }
    }

    fn add_kind(&mut self, word: &str) {
        if !word.is_empty() && word.len() <= 100 && self.kinds.len() < MAX_KINDS {
            self.kinds.push(word.to_owned());
        }
    }
}

/// A text or a number, as text.
fn word(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The field that a validator complains about: `["body", "stream_options", "include_usage"]`.
fn place(item: &Value) -> Option<String> {
    let parts: Vec<String> = item.get("loc")?.as_array()?.iter().take(10).filter_map(|part| word(Some(part))).collect();
    let parts = parts.strip_prefix(&["body".to_owned()]).unwrap_or(&parts);
    (!parts.is_empty()).then(|| parts.join("."))
}

/// The JSON at the beginning of a text; LiteLLM appends words of its own, and writes bytes as Python does.
fn json_of(text: &str) -> Option<Value> {
    let text = text.strip_prefix("b'").unwrap_or(text);
    let is_json = text.starts_with(['{', '[']);
    is_json.then(|| serde_json::Deserializer::from_str(text).into_iter().next()?.ok()).flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(body: &Value) -> Said {
        Said::by_object(body)
    }

    #[test]
    fn the_words_are_found_in_every_shape_of_error() {
        for body in [
            json!({"error": {"message": "too hot", "type": "invalid_request_error"}}),
            json!({"error": "too hot"}),
            json!({"error": ["too hot"]}),
            json!({"error": {"error": {"message": "too hot"}}}),
            json!({"object": "error", "message": "too hot", "code": 400}),
            json!({"object": "error", "message": {"detail": [{"msg": "too hot"}]}}),
            json!({"detail": "too hot"}),
            json!({"detail": [{"loc": ["body"], "msg": "too hot"}]}),
            json!({"detail": {"error": "too hot"}}),
            json!([{"error": {"code": 400, "message": "too hot"}}]),
            json!({"errors": [{"message": "too hot", "code": 5007}], "success": false}),
            json!({"error": "bad_request", "message": "too hot"}),
            json!({"error": {"message": "Provider returned error", "code": 400, "metadata": {"raw": "too hot"}}}),
            json!({"error": {"message": "x", "metadata": {"raw": r#"{"error":{"message":"too hot"}}"#}}}),
            json!({"choices": [{"error": {"message": "too hot"}, "finish_reason": "error"}]}),
            json!("too hot"),
        ] {
            assert_eq!(said(&body).message.as_deref(), Some("too hot"), "{body}");
        }
    }

    #[test]
    fn codes_and_fields_are_text_whatever_they_were() {
        let of = |body: Value| (said(&body).code, said(&body).param);
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(of(json!({"error": {"code": 400, "param": "stop"}})), (text("400"), text("stop")));
        assert_eq!(of(json!({"error": {"code": "a", "param": null}})), (text("a"), None));
        assert_eq!(of(json!({"error": {"code": [], "param": 7}})), (None, None));
        let loc = json!({"message": {"detail": [{"loc": ["body", "tools", 0, "name"], "msg": "x"}]}, "code": null});
        assert_eq!(of(loc), (None, text("tools.0.name")));
        let wrapped =
            r#"litellm.BadRequestError: OpenAIException - {"error":{"code":"c","param":"p","message":"m"}} x"#;
        assert_eq!(of(json!({"error": {"code": "400", "message": wrapped}})), (text("c"), text("p")));
    }

    #[test]
    fn a_code_that_is_a_status_is_the_status_of_an_error_in_an_answer() {
        for (code, status) in [(json!(503), Some(503)), (json!("429"), Some(429)), (json!(7), None), (json!("x"), None)]
        {
            assert_eq!(said(&json!({"error": {"code": code}})).status, status, "{code}");
        }
    }

    #[test]
    fn nested_and_endless_bodies_are_read_only_so_far() {
        let mut body = json!("deep");
        for _ in 0..100 {
            body = json!({"error": body, "code": "c"});
        }
        let read = said(&body);
        assert_eq!((read.message, read.kinds.len()), (None, MAX_DEPTH + 1));
        let long = said(&json!({"error": "é".repeat(100_000), "type": "t".repeat(100_000)}));
        assert_eq!((long.message.map(|text| text.chars().count()), long.kinds.len()), (Some(MAX_MESSAGE), 0));
    }
}
