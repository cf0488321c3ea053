//! Responses that report a failure, by their status or in their body.

use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::{
    fault::Fault,
    phrase::Numbers,
    retry_after::{self, retry_after},
    said::Said,
    table,
};
use crate::{error::UpstreamError, redact::quotation};

/// Characters of a code or of the name of a field.
const MAX_WORD: usize = 100;

/// The error for a response whose status is not a success. `key`: the secrets to redact, one a line.
pub(crate) fn from_response(status: StatusCode, headers: &HeaderMap, body: &[u8], key: Option<&str>) -> UpstreamError {
    if status.is_redirection() {
        return UpstreamError::redirected(status.as_u16());
    }
    let body = serde_json::from_slice::<Value>(body).unwrap_or_else(|_| plain_text(headers, body));
    let said = Said::by_response(status, headers, &body);
    let (fault, numbers) = table::find(&said).unwrap_or((Fault::Refused, Numbers::default()));
    let wait = retry_after(headers, is_about_rates(fault));
    let error = error(&said, fault, numbers, key);
    UpstreamError { retry_after_s: wait.or(error.retry_after_s), ..error }
}

/// The error for an error object in the body of a response whose status was a success.
pub(crate) fn from_error_object(object: &Value, key: Option<&str>) -> UpstreamError {
    let said = Said::by_object(object);
    match table::find(&said) {
        Some((fault, numbers)) => error(&said, fault, numbers, key),
        None => with_words(UpstreamError::error_in_stream(), &said, quoted(&said, key), key),
    }
}

/// The upstream's own words, fit to be shown.
fn quoted(said: &Said, key: Option<&str>) -> Option<String> {
    said.message.as_deref().and_then(|message| quotation(message, key))
}

fn error(said: &Said, fault: Fault, numbers: Numbers, key: Option<&str>) -> UpstreamError {
    let words = quoted(said, key);
    let numbers = Numbers { used: numbers.used.or(said.numbers.used), limit: numbers.limit.or(said.numbers.limit) };
    let message = match (fault, &words) {
        // The only error whose message quotes the upstream: which parameter is wrong is known to nobody else.
        (Fault::Refused, Some(words)) => {
            format!("The model's server refused the request. It says: “{words}” Change that and try again.")
        }
        (Fault::TooLong | Fault::LargerThanRateLimit, _) => format!("{}{}", fault.message(), counted(numbers)),
        _ => fault.message().to_owned(),
    };
    let wait = said.wait_s.or_else(|| retry_after::in_words(fault, &said.texts));
    let error = UpstreamError { status: said.status, retry_after_s: wait, ..UpstreamError::of_fault(fault, message) };
    with_words(error, said, words, key)
}

/// The numbers of a refusal, which agents shorten their prompts by.
fn counted(numbers: Numbers) -> String {
    match (numbers.used, numbers.limit) {
        (Some(used), Some(limit)) => format!(" It has {used} tokens; the limit is {limit}."),
        (None, Some(limit)) => format!(" The limit is {limit} tokens."),
        (Some(used), None) => format!(" It has {used} tokens."),
        (None, None) => String::new(),
    }
}

/// Adds what the upstream said itself.
fn with_words(error: UpstreamError, said: &Said, words: Option<String>, key: Option<&str>) -> UpstreamError {
    let word = |word: &Option<String>| {
        let kept: String = word.as_deref()?.chars().filter(char::is_ascii_graphic).take(MAX_WORD).collect();
        quotation(&kept, key)
    };
    UpstreamError { provider_code: word(&said.code), param: word(&said.param).map(Into::into), detail: words, ..error }
}

fn is_about_rates(fault: Fault) -> bool {
    matches!(fault, Fault::RateLimited | Fault::Overloaded | Fault::LargerThanRateLimit)
}

/// The body as text where it is plain text. HTML and binary data are not quoted.
fn plain_text(headers: &HeaderMap, body: &[u8]) -> Value {
    let content_type = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or("text/plain");
    match std::str::from_utf8(body) {
        Ok(text) if content_type.starts_with("text/plain") => Value::String(text.to_owned()),
        _ => Value::Null,
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

    fn in_answer(body: &str) -> UpstreamError {
        from_error_object(&serde_json::from_str(body).expect("JSON"), Some("secret-key-1"))
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
            (600, "refused_request"),
            (307, "redirected"),
        ];
        for (status, code) in cases {
            let error = answer(status, "{}");
            assert_eq!((error.code, error.status, error.detail), (code, Some(status), None));
        }
    }

    #[test]
    fn only_a_refused_request_quotes_in_its_message_and_never_a_key_or_a_page() {
        assert!(!answer(500, r#"{"error":"internal 10.0.0.7"}"#).message.contains("10.0.0.7"));
        assert!(answer(400, r#"{"error":"too hot"}"#).message.contains("“too hot”"));
        let echoed = answer(
            400,
            r#"{"error":{"message":"bad Bearer secret-key-1","code":"secret-key-1","param":"a secret-key-1"}}"#,
        );
        assert!(!format!("{echoed:?}").contains("secret-key-1"));
        let page = answer(400, "<html><h1>nginx</h1></html>");
        assert!(!format!("{page:?}").contains("nginx"));
    }

    #[test]
    fn members_are_sent_to_no_page_of_the_provider() {
        for (status, body) in [
            (
                402,
                r#"{"error":{"message":"Insufficient credits. Add more using https://openrouter.ai/settings/credits"}}"#,
            ),
            (
                400,
                r#"{"error":{"message":"Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."}}"#,
            ),
            (
                400,
                r#"{"error":{"message":"Your organization must be verified to stream this model. Please go to: https://platform.openai.com/settings","param":"stream"}}"#,
            ),
        ] {
            let error = answer(status, body);
            assert!(!error.message.contains("http") && !error.message.contains("Billing"), "{}", error.message);
            assert!(error.detail.is_some() && error.advice().is_some());
        }
    }

    #[test]
    fn a_prompt_that_is_too_long_is_told_with_its_numbers() {
        let error = answer(
            400,
            r#"{"error":{"message":"x","type":"exceed_context_size_error","code":400,"n_prompt_tokens":5000,"n_ctx":4096}}"#,
        );
        assert_eq!(error.code, "payload_too_large");
        assert!(error.message.ends_with("It has 5000 tokens; the limit is 4096."), "{}", error.message);
    }

    #[test]
    fn the_providers_code_and_field_are_plain_and_bounded() {
        let error = answer(400, r#"{"error":{"message":"x","code":400,"param":"messages[0].content"}}"#);
        assert_eq!(
            (error.provider_code.as_deref(), error.param.as_deref()),
            (Some("400"), Some("messages[0].content"))
        );
        let body =
            serde_json::json!({"error": {"message": "x", "code": "a\u{202e}\n b".repeat(500), "param": "\u{0}"}});
        let error = answer(400, &body.to_string());
        assert_eq!(error.provider_code.map(|code| code.len()), Some(MAX_WORD));
        assert_eq!(error.param, None);
    }

    #[test]
    fn an_error_inside_of_an_answer_is_told_by_the_same_table() {
        for (body, code, status) in [
            (r#"{"error":{"code":503,"message":"No instances available"}}"#, "upstream_failed", Some(503)),
            (r#"{"error":{"code":429,"message":"x"}}"#, "rate_limited", Some(429)),
            (r#"{"error":{"code":"context_length_exceeded","message":"x"}}"#, "payload_too_large", None),
            (r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, "upstream_failed", None),
            (r#"{"error":{"message":"overloaded"}}"#, "error_in_stream", None),
            (r#"{"error":true}"#, "error_in_stream", None),
        ] {
            let error = in_answer(body);
            assert_eq!((error.code, error.status), (code, status), "{body}");
        }
        assert_eq!(in_answer(r#"{"error":"secret-key-1 is gone"}"#).detail.as_deref(), Some("[redacted] is gone"));
    }

    #[test]
    fn the_wait_is_in_the_body_where_no_header_has_it() {
        let wait = |status, body| answer(status, body).retry_after_s;
        assert_eq!(wait(503, r#"{"error":"Model acme/m is currently loading","estimated_time":19.2}"#), Some(20));
        let delay = r#"[{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"34.07s"}]}}]"#;
        assert_eq!(wait(429, delay), Some(35));
        assert_eq!(
            wait(429, r#"{"error":{"message":"Rate limit reached for m. Please try again in 6.5s."}}"#),
            Some(7)
        );
        assert_eq!(wait(400, r#"{"error":{"message":"Please try again in 6.5s."}}"#), None);
    }
}
