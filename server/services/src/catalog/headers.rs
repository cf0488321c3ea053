//! Custom headers of an upstream: which may be set, and how they are stored.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use domain::error::FieldError;
use foundation::error::Error;
use secrecy::{ExposeSecret, SecretString};

const HEADER_LIMIT: usize = 20;
const LONGEST_VALUE: usize = 4_096;
/// Headers that frame the message or describe its body: the HTTP client sets them.
const OURS: &[&str] = &[
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers by name in lower case. No `Debug`: values may be keys.
pub(super) type Headers = BTreeMap<String, String>;

/// The headers to store: those given, and where a value is missing the stored one of that name.
pub(super) fn merge_headers(
    given: BTreeMap<String, Option<String>>,
    stored: &Headers,
) -> Result<Headers, Vec<FieldError>> {
    let mut merged = Headers::new();
    let mut errors = Vec::new();
    for (name, value) in given {
        let name = name.trim().to_ascii_lowercase();
        let value = value.or_else(|| stored.get(&name).cloned());
        match check(&name, value.as_deref()) {
            None => drop(merged.insert(name, value.unwrap_or_default().trim().to_owned())),
            Some((code, message)) => errors.push(FieldError::new("headers", code, message)),
        }
    }
    if merged.len() > HEADER_LIMIT {
        errors.push(FieldError::new("headers", "too_many", format!("Set at most {HEADER_LIMIT} headers.")));
    }
    if errors.is_empty() { Ok(merged) } else { Err(errors) }
}

fn check(name: &str, value: Option<&str>) -> Option<(&'static str, String)> {
    let shown: String = name.chars().take(60).collect();
    if HeaderName::try_from(name).is_err() {
        return Some(("invalid_header", format!("“{shown}” is not the name of a header, such as x-title.")));
    }
    if OURS.contains(&name) || name.starts_with("proxy-") || name.starts_with("sec-") {
        return Some(("header_not_allowed", format!("The header {shown} is set by this site itself. Take it out.")));
    }
    let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) else {
        return Some(("missing_value", format!("The header {shown} has no value. Write it as {shown}: value.")));
    };
    if value.len() > LONGEST_VALUE || !value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Some((
            "invalid_header",
            format!("The value of {shown} has to be at most {LONGEST_VALUE} plain ASCII characters on one line."),
        ));
    }
    None
}

/// The stored form, to be wrapped.
pub(super) fn write_headers(headers: &Headers) -> SecretString {
    SecretString::from(serde_json::to_string(headers).unwrap_or_default())
}

/// The stored form, unwrapped.
pub(super) fn stored_headers(text: &SecretString) -> Result<Headers, Error> {
    serde_json::from_str(text.expose_secret()).map_err(|_| Error::Internal("stored headers cannot be read".into()))
}

/// The stored form as headers of a request, marked as sensitive so that no log shows a value.
pub(super) fn read_headers(text: &SecretString) -> Result<HeaderMap, Error> {
    let broken = || Error::Internal("a stored header cannot be sent".into());
    let mut headers = HeaderMap::new();
    for (name, value) in stored_headers(text)? {
        let name = HeaderName::try_from(name).map_err(|_| broken())?;
        let mut value = HeaderValue::try_from(value).map_err(|_| broken())?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(pairs: &[(&str, Option<&str>)]) -> BTreeMap<String, Option<String>> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned))).collect()
    }

    #[test]
    fn a_header_without_a_value_keeps_the_stored_one() {
        let stored = Headers::from([("x-key".to_owned(), "secret".to_owned())]);
        let merged = merge_headers(given(&[("X-Key", None), ("X-Title", Some(" Quadrille "))]), &stored);
        let merged = merged.unwrap_or_default();
        assert_eq!(merged.get("x-key").map(String::as_str), Some("secret"));
        assert_eq!(merged.get("x-title").map(String::as_str), Some("Quadrille"));
    }

    #[test]
    fn what_would_change_the_message_is_refused() {
        for (name, value) in [
            ("Host", "elsewhere"),
            ("content-length", "1"),
            ("transfer-encoding", "chunked"),
            ("proxy-authorization", "x"),
            ("a b", "x"),
            ("", "x"),
            ("x-a", "1\r\nhost: elsewhere"),
            ("x-a", ""),
            ("x-a", "ü"),
        ] {
            assert!(merge_headers(given(&[(name, Some(value))]), &Headers::new()).is_err(), "{name}: {value}");
        }
    }

    #[test]
    fn stored_headers_are_read_back_and_hidden() {
        let headers = Headers::from([("x-key".to_owned(), "secret".to_owned())]);
        let sent = read_headers(&write_headers(&headers)).expect("readable");
        assert_eq!(sent["x-key"], "secret");
        assert!(!format!("{sent:?}").contains("secret"));
    }
}
