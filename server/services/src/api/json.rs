//! Strict request bodies and query strings: each kind of mistake has its own precise response.

use std::error::Error;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Query, Request, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use domain::error::AppError;
use serde::de::{DeserializeOwned, IgnoredAny};
use tower_http::timeout::TimeoutError;

use super::{ApiError, Problem, serde_message::field_error};

/// A JSON object as the body. 415 for another content type, 413 over the route's `DefaultBodyLimit`, 400 with the position
/// if it is not JSON, 422 with the field if it is JSON of another shape.
pub struct JsonBody<T>(pub T);

impl<S, T> FromRequest<S> for JsonBody<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(not_declared());
        }
        let bytes = Bytes::from_request(request, state).await.map_err(unread)?;
        parse(&bytes).map(Self)
    }
}

/// The same where the body is optional; without one, every field has its default.
pub struct JsonBodyOrDefault<T>(pub T);

impl<S, T> FromRequest<S> for JsonBodyOrDefault<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Default,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let is_json = is_json(request.headers());
        let bytes = Bytes::from_request(request, state).await.map_err(unread)?;
        match (bytes.is_empty(), is_json) {
            (true, _) => Ok(Self(T::default())),
            (false, true) => parse(&bytes).map(Self),
            (false, false) => Err(not_declared()),
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn not_declared() -> ApiError {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        "Send the body as JSON with the header “Content-Type: application/json”.",
    )
    .into()
}

/// The response to a body that could not be read.
fn unread(rejection: BytesRejection) -> ApiError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(&rejection);
    while let Some(error) = cause {
        if error.is::<TimeoutError>() {
            let detail = "The body did not arrive in time. Send the request again.";
            return Problem::new(StatusCode::REQUEST_TIMEOUT, "body_too_slow", detail).into();
        }
        cause = error.source();
    }
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let detail = "The body is larger than this route takes. Send less.";
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail).into();
    }
    AppError::Malformed("The body could not be read to its end. Send the request again.".into()).into()
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    match first {
        None => return Err(AppError::Malformed("The body is empty. Send a JSON object.".into()).into()),
        // By default, serde accepts an array for a struct, field by field.
        Some(byte) if *byte != b'{' => {
            return Err(match serde_json::from_slice::<IgnoredAny>(bytes) {
                Ok(_) => misfit(".", "invalid type: other, expected a map"),
                Err(error) => not_json(&error),
            });
        }
        Some(_) => {}
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        let message = inner.to_string();
        // JSON has no largest number, so one that is too large is a violated rule (422), not a syntax error (400).
        if inner.is_data() || message.starts_with("number out of range") {
            // A syntax error after it takes precedence.
            match serde_json::from_slice::<IgnoredAny>(bytes) {
                Ok(_) => misfit(&path, &message),
                Err(error) => not_json(&error),
            }
        } else {
            not_json(&inner)
        }
    })?;
    deserializer.end().map_err(|error| not_json(&error))?;
    Ok(value)
}

fn not_json(error: &serde_json::Error) -> ApiError {
    AppError::Malformed(format!(
        "The body is not valid JSON: it stops making sense at line {}, column {}.",
        error.line(),
        error.column()
    ))
    .into()
}

fn misfit(path: &str, message: &str) -> ApiError {
    AppError::Invalid(vec![field_error(path, message)]).into()
}

/// A query string. 400 if it does not fit.
pub struct QueryParams<T>(pub T);

impl<S, T> FromRequestParts<S> for QueryParams<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Ok(Query(params)) = Query::<T>::try_from_uri(&parts.uri) else {
            return Err(AppError::Malformed(
                "The query string is not one this route takes. See /api/openapi.json for its parameters.".into(),
            )
            .into());
        };
        Ok(Self(params))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[serde(rename = "name")]
        _name: String,
        #[serde(default, rename = "inner")]
        _inner: Inner,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[serde(default, rename = "heat")]
        _heat: Option<f64>,
    }

    fn answer(body: &str) -> (u16, String) {
        match parse::<Outer>(body.as_bytes()) {
            Ok(_) => (200, String::new()),
            Err(ApiError(problem)) => {
                (problem.status, problem.errors.first().map(|error| error.field.clone()).unwrap_or_default())
            }
        }
    }

    #[test]
    fn a_body_that_fits_passes() {
        assert_eq!(answer(r#" {"name": "a", "inner": {"heat": 0.5}} "#).0, 200);
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        let deep = format!(r#"{{"name": {}"#, "[".repeat(100_000));
        for body in [
            "",
            "  ",
            "{",
            "nope",
            "[",
            r#"{"name": "a"} x"#,
            r#"{"name": NaN}"#,
            r#"{"name": "a", "inner": {"heat": NaN}}"#,
            r#"{"name": "\ud800"}"#,
            "{\"name\": \"a\u{0}\"}",
            r#"{"nom": 1"#,
            r#"{"name": 1, "#,
            &deep,
        ] {
            assert_eq!(answer(body).0, 400, "{}", &body[..body.len().min(60)]);
        }
        assert_eq!(parse::<Outer>(b"{\"name\": \"\xff\"}").map_err(|error| error.0.status).err(), Some(400));
    }

    #[test]
    fn json_of_another_shape_names_the_field() {
        for (body, field) in [
            (r#"{"name": 1}"#, "name"),
            (r#"{}"#, "name"),
            (r#"{"name": "a", "nom": 1}"#, "nom"),
            (r#"{"name": "a", "inner": {"heat": "hot"}}"#, "inner.heat"),
            (r#"{"name": "a", "inner": {"heat": "NaN"}}"#, "inner.heat"),
            (r#"{"name": "a", "inner": {"heat": 1e999}}"#, "inner.heat"),
            (r#"{"name": "a", "inner": {"cold": 1}}"#, "inner.cold"),
            (r#"{"name": "a", "name": "b"}"#, "name"),
            (r#"["a"]"#, ""),
            (r#""a""#, ""),
            ("null", ""),
        ] {
            assert_eq!(answer(body), (422, field.to_owned()), "{body}");
        }
    }
}
