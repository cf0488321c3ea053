//! Reads the caller's API key from a request. Nothing else in the gateway does.

use axum::http::{HeaderMap, Uri, header::AUTHORIZATION};

use super::error::Failure;

/// Query parameters that commonly carry keys.
const IN_QUERY: &[&str] = &["api_key", "api-key", "apikey", "key", "token", "access_token", "authorization"];
/// Headers in which other services expect the key.
const OTHER_HEADERS: &[&str] = &["x-api-key", "api-key", "x-goog-api-key"];

/// The key of `Authorization: Bearer …`.
///
/// # Errors
///
/// There is no such header, more than one, or a key somewhere else as well.
pub(super) fn bearer<'a>(uri: &Uri, headers: &'a HeaderMap) -> Result<&'a str, Failure> {
    if has_key_in_query(uri) {
        return Err(Failure::unauthorized(
            "api_key_in_query",
            "A key in the address ends up in logs and histories, so it is not taken from there. Send it as `Authorization: \
             Bearer qd-…`, and make a new one: this one has been seen.",
        ));
    }
    let other = OTHER_HEADERS.iter().find(|name| headers.contains_key(**name));
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = match (values.next(), values.next(), other) {
        (Some(value), None, None) => value,
        (Some(_), _, Some(name)) => {
            return Err(Failure::unauthorized(
                "two_api_keys",
                format!(
                    "The request has both `Authorization` and `{name}`. Send the key as `Authorization: Bearer qd-…` alone."
                ),
            ));
        }
        (Some(_), Some(_), None) => {
            return Err(Failure::unauthorized("two_api_keys", "The request has more than one `Authorization` header."));
        }
        (None, _, Some(name)) => {
            return Err(Failure::unauthorized(
                "api_key_in_wrong_header",
                format!("The key is not read from `{name}` here. Send it as `Authorization: Bearer qd-…`."),
            ));
        }
        (None, _, None) => {
            return Err(Failure::unauthorized(
                "missing_api_key",
                "You did not provide an API key. Send it as `Authorization: Bearer qd-…`; keys are made at /keys.",
            ));
        }
    };
    let secret = value.to_str().ok().and_then(|value| {
        let (scheme, secret) = value.trim().split_once(' ')?;
        let secret = secret.trim();
        (scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty()).then_some(secret)
    });
    secret.ok_or_else(|| {
        Failure::unauthorized("invalid_authorization", "The `Authorization` header is not of the form `Bearer qd-…`.")
    })
}

/// The same failure for a key that is unknown, that is revoked, or whose member is disabled.
pub(super) fn incorrect() -> Failure {
    Failure::unauthorized(
        "invalid_api_key",
        "Incorrect API key provided. It may have been revoked; keys are made at /keys.",
    )
}

fn has_key_in_query(uri: &Uri) -> bool {
    let query = uri.query().unwrap_or_default();
    !query.is_empty()
        && url::form_urlencoded::parse(query.as_bytes())
            .any(|(name, _)| IN_QUERY.iter().any(|known| name.eq_ignore_ascii_case(known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(uri: &str, pairs: &[(&'static str, &str)]) -> Result<String, String> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().expect("a value"));
        }
        bearer(&uri.parse().expect("a URI"), &headers).map(str::to_owned).map_err(|failure| failure.code.into_owned())
    }

    #[test]
    fn a_key_is_read_from_one_header_and_nowhere_else() {
        let good = ("authorization", "Bearer qd-x");
        type Headers<'a> = &'a [(&'static str, &'a str)];
        let cases: &[(&str, Headers<'_>, Result<&str, &str>)] = &[
            ("/v1", &[good], Ok("qd-x")),
            ("/v1", &[("authorization", "bearer   qd-x ")], Ok("qd-x")),
            ("/v1?beta=true", &[good], Ok("qd-x")),
            ("/v1", &[], Err("missing_api_key")),
            ("/v1", &[("x-api-key", "qd-x")], Err("api_key_in_wrong_header")),
            ("/v1", &[good, ("x-api-key", "qd-x")], Err("two_api_keys")),
            ("/v1", &[good, good], Err("two_api_keys")),
            ("/v1", &[("authorization", "Basic cWQ=")], Err("invalid_authorization")),
            ("/v1", &[("authorization", "Bearer ")], Err("invalid_authorization")),
            ("/v1", &[("authorization", "qd-x")], Err("invalid_authorization")),
            ("/v1?api_key=qd-x", &[], Err("api_key_in_query")),
            ("/v1?x=1&API%5FKEY=qd-x", &[good], Err("api_key_in_query")),
        ];
        for (uri, headers, expected) in cases {
            let read = read(uri, headers);
            assert_eq!(read.as_deref().map_err(String::as_str), *expected, "{uri} {headers:?}");
        }
    }
}
