//! Responses that report a failure, by their status or in their body.

use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::retry_after::retry_after;
use crate::{error::UpstreamError, redact::quotation};

/// The error for a response whose status is not a success. `key`: the secrets to redact, one a line.
pub(crate) fn from_response(status: StatusCode, headers: &HeaderMap, body: &[u8], key: Option<&str>) -> UpstreamError {
    let body = serde_json::from_slice::<Value>(body).unwrap_or_else(|_| plain_text(headers, body));
    let message = message_of(&body).and_then(|message| quotation(message, key));
    let refusal = Refusal { status, kind: kind_of(&body), message: message.as_deref() };
    let error = UpstreamError { retry_after_s: retry_after(headers), ..refusal.error() };
    error.with_detail(message)
}

/// The error for an error object in the body of a response whose status was a success.
pub(crate) fn from_error_object(object: &Value, key: Option<&str>) -> UpstreamError {
    UpstreamError::error_in_stream().with_detail(message_of(object).and_then(|message| quotation(message, key)))
}

/// The body as text where it is plain text. HTML and binary data are not quoted.
fn plain_text(headers: &HeaderMap, body: &[u8]) -> Value {
    let content_type = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or("text/plain");
    match std::str::from_utf8(body) {
        Ok(text) if content_type.starts_with("text/plain") => Value::String(text.to_owned()),
        _ => Value::Null,
    }
}

/// The message of an error in any of the shapes in use: `{error: {message}}`, `{error: "…"}`, `{message}`, `{detail}`,
/// `{detail: [{msg}]}`, a list of one of them, or a bare text.
fn message_of(body: &Value) -> Option<&str> {
    match body {
        Value::String(message) => Some(message),
        Value::Array(items) => message_of(items.first()?),
        Value::Object(fields) => ["error", "message", "detail", "msg", "error_message"]
            .iter()
            .find_map(|name| message_of(fields.get(*name)?)),
        _ => None,
    }
}

/// The machine-readable code or type of an error, if there is one.
fn kind_of(body: &Value) -> &str {
    let body = body.as_array().and_then(|items| items.first()).unwrap_or(body);
    let error = body.get("error").filter(|error| error.is_object()).unwrap_or(body);
    ["code", "type"].iter().find_map(|name| error.get(name)?.as_str()).unwrap_or_default()
}

/// What a response says about why it is not a success.
struct Refusal<'a> {
    status: StatusCode,
    kind: &'a str,
    message: Option<&'a str>,
}

impl Refusal<'_> {
    fn error(&self) -> UpstreamError {
        let status = self.status.as_u16();
        let answered = |code, message: &str| UpstreamError::answered(code, status, message);
        if self.says_model_is_unknown() {
            return answered(
                "model_not_found",
                "The model's server does not know this model. Choose another one; the operator may have to correct its \
                 name.",
            );
        }
        if self.says_quota_is_spent() {
            return answered(
                "quota_exhausted",
                "The provider's account has no credit or quota left. Choose another model, and tell the operator.",
            );
        }
        match status {
            300..=399 => UpstreamError::redirected(status),
            401 => answered(
                "unauthorized",
                "The model's server did not accept the API key. Tell the operator to check the upstream's key.",
            ),
            403 => answered(
                "unauthorized",
                "The API key is not allowed to use this model. Tell the operator, or choose another model.",
            ),
            404 | 405 | 410 => answered(
                "endpoint_not_found",
                "There is no chat completion at the upstream's address. Tell the operator to check its base URL; it \
                 usually ends in /v1.",
            ),
            413 => self.too_long(),
            400 | 422 if self.says_context_is_exceeded() => self.too_long(),
            429 => answered(
                "rate_limited",
                "The model's server limits how often it can be asked. Wait a little and try again, or choose another model.",
            ),
            500.. => answered(
                "upstream_failed",
                "The model's server failed. Try again in a moment, or choose another model.",
            ),
            _ => self.refused(),
        }
    }

    fn too_long(&self) -> UpstreamError {
        UpstreamError::answered(
            "payload_too_large",
            self.status.as_u16(),
            "The prompt is too long for this model. Shorten it, lower max tokens, or choose a model with a larger context \
             window.",
        )
    }

    /// The only error whose message quotes the upstream: which parameter is wrong is known to nobody else.
    fn refused(&self) -> UpstreamError {
        let message = match self.message {
            Some(message) => {
                format!("The model's server refused the request. It says: “{message}” Change that and try again.")
            }
            None => {
                "The model's server refused the request without saying why. Try without parameters, or choose another \
                     model."
                    .to_owned()
            }
        };
        UpstreamError::answered("refused_request", self.status.as_u16(), message)
    }

    fn says_model_is_unknown(&self) -> bool {
        let message = self.message.unwrap_or_default().to_ascii_lowercase();
        let named = message.contains("model")
            && ["not found", "does not exist", "invalid model name", "no such model", "unknown model"]
                .iter()
                .any(|phrase| message.contains(phrase));
        matches!(self.status.as_u16(), 400 | 404 | 422) && (self.kind == "model_not_found" || named)
    }

    fn says_quota_is_spent(&self) -> bool {
        let spent = ["insufficient_quota", "billing_hard_limit_reached", "insufficient_balance"].contains(&self.kind);
        self.status.as_u16() == 402 || (spent && matches!(self.status.as_u16(), 403 | 429))
    }

    fn says_context_is_exceeded(&self) -> bool {
        let message = self.message.unwrap_or_default().to_ascii_lowercase();
        self.kind == "context_length_exceeded"
            || self.kind == "exceed_context_size_error"
            || message.contains("maximum context length")
            || message.contains("context window")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> UpstreamError {
        from_response(
            StatusCode::from_u16(status).expect("status"),
            &HeaderMap::new(),
            body.as_bytes(),
            Some("secret-key-1"),
        )
    }

    #[test]
    fn every_status_has_its_code() {
        let cases = [
            (400, "refused_request"),
            (401, "unauthorized"),
            (402, "quota_exhausted"),
            (403, "unauthorized"),
            (404, "endpoint_not_found"),
            (413, "payload_too_large"),
            (418, "refused_request"),
            (422, "refused_request"),
            (429, "rate_limited"),
            (500, "upstream_failed"),
            (503, "upstream_failed"),
            (529, "upstream_failed"),
            (307, "redirected"),
        ];
        for (status, code) in cases {
            let error = answer(status, "{}");
            assert_eq!((error.code, error.status, error.detail), (code, Some(status), None));
        }
    }

    #[test]
    fn the_words_are_found_in_every_shape_of_error() {
        for body in [
            r#"{"error":{"message":"too hot","type":"invalid_request_error"}}"#,
            r#"{"error":"too hot"}"#,
            r#"{"object":"error","message":"too hot","code":400}"#,
            r#"{"detail":"too hot"}"#,
            r#"{"detail":[{"loc":["body"],"msg":"too hot"}]}"#,
            r#"[{"error":{"code":400,"message":"too hot"}}]"#,
            r#""too hot""#,
            "too hot",
        ] {
            let error = answer(400, body);
            assert_eq!(error.detail.as_deref(), Some("too hot"), "{body}");
            assert!(error.message.contains("“too hot”"), "{body}");
        }
    }

    #[test]
    fn what_an_error_is_about_is_read_from_its_code_or_its_words() {
        let cases = [
            (404, r#"{"error":{"code":"model_not_found","message":"x"}}"#, "model_not_found"),
            (404, r#"{"error":{"message":"model \"x\" not found, try pulling it first"}}"#, "model_not_found"),
            (400, r#"{"error":{"message":"Invalid model name passed in model=x"}}"#, "model_not_found"),
            (429, r#"{"error":{"type":"tokens","code":"insufficient_quota","message":"x"}}"#, "quota_exhausted"),
            (400, r#"{"error":{"code":"context_length_exceeded","message":"x"}}"#, "payload_too_large"),
            (400, r#"{"error":{"message":"This model's maximum context length is 10 tokens"}}"#, "payload_too_large"),
        ];
        for (status, body, code) in cases {
            assert_eq!(answer(status, body).code, code, "{body}");
        }
    }

    #[test]
    fn only_a_refused_request_quotes_in_its_message_and_never_a_key_or_a_page() {
        assert!(!answer(500, r#"{"error":"internal 10.0.0.7"}"#).message.contains("10.0.0.7"));
        let echoed = answer(400, r#"{"error":"bad header Bearer secret-key-1"}"#);
        assert!(!format!("{echoed:?}").contains("secret-key-1"));
        let page = answer(400, "<html><h1>nginx</h1></html>");
        assert!(!format!("{page:?}").contains("nginx"));
    }
}
