//! The headers that the gateway adds to every response.

use axum::{
    http::{HeaderName, HeaderValue},
    response::Response,
};

use super::usage_recorder::UsageRecorder;

/// Adds the request's id and, once a model was called, its name and the number of attempts.
pub(super) fn with_gateway_headers(mut response: Response, recorder: &UsageRecorder) -> Response {
    let headers = response.headers_mut();
    let mut insert = |name, value: Result<HeaderValue, _>| {
        if let Ok(value) = value {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    insert("x-request-id", HeaderValue::from_str(&recorder.id().to_string()));
    if recorder.attempts() > 0 {
        insert("x-quadrille-model", HeaderValue::from_bytes(recorder.model().as_bytes()));
        insert("x-quadrille-attempts", Ok(HeaderValue::from(recorder.attempts())));
    }
    response
}
