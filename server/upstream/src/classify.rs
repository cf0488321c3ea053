//! From what went wrong on the wire, or what an upstream answered, to an [`UpstreamError`].

use std::{error::Error as StdError, io};

use chrono::DateTime;
use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use serde_json::Value;

use crate::{
    error::UpstreamError,
    guard::{Blocked, NameUnknown},
    redact::quotation,
};

/// Longest wait that is passed on, in seconds: a day.
const MAX_RETRY_AFTER: u32 = 86_400;

/// A request that got no answer.
pub(super) fn from_transport(error: &reqwest::Error) -> UpstreamError {
    tracing::debug!(?error, "a call to an upstream failed");
    if let Some(Blocked(kind)) = find(error) {
        return UpstreamError::address_blocked(kind);
    }
    if find::<NameUnknown>(error).is_some() {
        return UpstreamError::dns_failed();
    }
    if let Some(error) = find::<rustls::Error>(error) {
        return UpstreamError::tls_failed(tls_reason(error));
    }
    match (error.is_connect(), error.is_timeout()) {
        (true, true) => UpstreamError::timeout_connect(),
        (true, false) => UpstreamError::connect_failed(),
        _ if is_not_http(error) => UpstreamError::bad_response("something that is not HTTP"),
        _ => UpstreamError::cut_off(),
    }
}

/// The first error of this type in the chain of causes, looking into `io::Error` too (which hides what it wraps).
fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        if let Some(inner) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref)
            && let Some(found) = find::<E>(inner)
        {
            return Some(found);
        }
        next = error.source();
    }
    None
}

fn is_not_http(error: &reqwest::Error) -> bool {
    find::<hyper::Error>(error).is_some_and(|error| error.is_parse() || error.is_parse_too_large())
}

/// Why a certificate of nobody's is not taken.
pub(super) const UNKNOWN_ISSUER: &str = "its certificate was issued by an authority that this site does not know";

pub(super) fn tls_reason(error: &rustls::Error) -> &'static str {
    use rustls::{CertificateError as C, Error as E};
    match error {
        E::InvalidCertificate(C::Expired | C::ExpiredContext { .. }) => "its certificate has expired",
        E::InvalidCertificate(C::NotValidYet | C::NotValidYetContext { .. }) => "its certificate is not valid yet",
        E::InvalidCertificate(C::NotValidForName | C::NotValidForNameContext { .. }) => {
            "its certificate is for another name"
        }
        E::InvalidCertificate(C::UnknownIssuer) => UNKNOWN_ISSUER,
        E::InvalidCertificate(C::Revoked) => "its certificate has been revoked",
        E::InvalidCertificate(_) => "its certificate is not valid",
        E::InvalidMessage(_) => "it does not speak TLS at this port",
        _ => "the handshake failed",
    }
}

/// An answer that is not a success.
pub(super) fn from_answer(status: StatusCode, headers: &HeaderMap, body: &[u8], key: Option<&str>) -> UpstreamError {
    let body = serde_json::from_slice::<Value>(body).unwrap_or_else(|_| plain_text(headers, body));
    let words = words_of(&body).and_then(|words| quotation(words, key));
    let refusal = Refused { status, kind: kind_of(&body), words: words.as_deref() };
    let error = UpstreamError { retry_after_s: retry_after(headers), ..refusal.error() };
    error.with_detail(words)
}

/// An error object in the middle of an answer that began well.
pub(super) fn from_error_object(object: &Value, key: Option<&str>) -> UpstreamError {
    UpstreamError::error_in_stream().with_detail(words_of(object).and_then(|words| quotation(words, key)))
}

/// Plain text is worth quoting; a page or bytes are not.
fn plain_text(headers: &HeaderMap, body: &[u8]) -> Value {
    let content_type = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or("text/plain");
    match std::str::from_utf8(body) {
        Ok(text) if content_type.starts_with("text/plain") => Value::String(text.to_owned()),
        _ => Value::Null,
    }
}

/// The words of an error in any of the shapes in use: `{error: {message}}`, `{error: "…"}`, `{message}`, `{detail}`,
/// `{detail: [{msg}]}`, a list of one of them, or a bare text.
fn words_of(body: &Value) -> Option<&str> {
    match body {
        Value::String(words) => Some(words),
        Value::Array(items) => words_of(items.first()?),
        Value::Object(fields) => {
            ["error", "message", "detail", "msg", "error_message"].iter().find_map(|name| words_of(fields.get(*name)?))
        }
        _ => None,
    }
}

/// The machine-readable code or type of an error, if there is one.
fn kind_of(body: &Value) -> &str {
    let body = body.as_array().and_then(|items| items.first()).unwrap_or(body);
    let error = body.get("error").filter(|error| error.is_object()).unwrap_or(body);
    ["code", "type"].iter().find_map(|name| error.get(name)?.as_str()).unwrap_or_default()
}

struct Refused<'a> {
    status: StatusCode,
    kind: &'a str,
    words: Option<&'a str>,
}

impl Refused<'_> {
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

    /// The one failure that quotes in its message: what is wrong with a parameter only the upstream can say.
    fn refused(&self) -> UpstreamError {
        let message = match self.words {
            Some(words) => {
                format!("The model's server refused the request. It says: “{words}” Change that and try again.")
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
        let words = self.words.unwrap_or_default().to_ascii_lowercase();
        let named = words.contains("model")
            && ["not found", "does not exist", "invalid model name", "no such model", "unknown model"]
                .iter()
                .any(|phrase| words.contains(phrase));
        matches!(self.status.as_u16(), 400 | 404 | 422) && (self.kind == "model_not_found" || named)
    }

    fn says_quota_is_spent(&self) -> bool {
        let spent = ["insufficient_quota", "billing_hard_limit_reached", "insufficient_balance"].contains(&self.kind);
        self.status.as_u16() == 402 || (spent && matches!(self.status.as_u16(), 403 | 429))
    }

    fn says_context_is_exceeded(&self) -> bool {
        let words = self.words.unwrap_or_default().to_ascii_lowercase();
        self.kind == "context_length_exceeded"
            || self.kind == "exceed_context_size_error"
            || words.contains("maximum context length")
            || words.contains("context window")
    }
}

/// How long to wait, in whole seconds rounded up and at most a day; `None` where it cannot be told. A date is read against
/// the answer's own `Date`, so that nobody's clock matters.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<u32> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if let Some(milliseconds) = text("retry-after-ms").and_then(|text| text.parse::<f64>().ok()) {
        return seconds(milliseconds / 1_000.0);
    }
    let value = text(RETRY_AFTER.as_str())?;
    if let Ok(value) = value.parse::<f64>() {
        return seconds(value);
    }
    let until = DateTime::parse_from_rfc2822(value).ok()?;
    let now = DateTime::parse_from_rfc2822(text("date")?).ok()?;
    seconds((until - now).num_seconds() as f64)
}

fn seconds(value: f64) -> Option<u32> {
    // The cast is exact: the value lies between 0 and a day.
    (value.is_finite() && value >= 0.0).then(|| value.ceil().min(f64::from(MAX_RETRY_AFTER)) as u32)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().expect("name"), HeaderValue::from_str(value).expect("value")))
            .collect()
    }

    fn answer(status: u16, body: &str) -> UpstreamError {
        from_answer(
            StatusCode::from_u16(status).expect("status"),
            &HeaderMap::new(),
            body.as_bytes(),
            Some("secret-key-1"),
        )
    }

    #[test]
    fn retry_after_is_read_in_every_form_and_garbage_is_unknown() {
        const DATE: (&str, &str) = ("date", "Wed, 21 Oct 2026 07:28:00 GMT");
        type Pairs = &'static [(&'static str, &'static str)];
        let cases: &[(Pairs, Option<u32>)] = &[
            (&[("retry-after", "7")], Some(7)),
            (&[("retry-after", " 0 ")], Some(0)),
            (&[("retry-after", "1.2")], Some(2)),
            (&[("retry-after", "864000")], Some(86_400)),
            (&[("retry-after", "1e300")], Some(86_400)),
            (&[("retry-after", "-5")], None),
            (&[("retry-after", "NaN")], None),
            (&[("retry-after", "inf")], None),
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "")], None),
            (&[("retry-after-ms", "1500")], Some(2)),
            (&[("retry-after-ms", "1500"), ("retry-after", "60")], Some(2)),
            (&[("retry-after", "Wed, 21 Oct 2026 07:28:30 GMT"), DATE], Some(30)),
            (&[("retry-after", "Wed, 21 Oct 2026 07:27:30 GMT"), DATE], None),
            (&[("retry-after", "Wed, 21 Oct 2026 07:28:30 GMT")], None),
            (&[], None),
        ];
        for (pairs, expected) in cases {
            assert_eq!(retry_after(&headers(pairs)), *expected, "{pairs:?}");
        }
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
