//! The headers that the gateway adds to every response.

use axum::{
    http::{HeaderName, HeaderValue},
    response::Response,
};

use uuid::Uuid;

use super::usage_recorder::UsageRecorder;

/// Adds the request's id.
pub(super) fn set_request_id(response: &mut Response, id: Uuid) {
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), id);
    }
}

/// Adds the request's id and, once a model was called, its name and the number of attempts.
pub(super) fn with_gateway_headers(mut response: Response, recorder: &UsageRecorder) -> Response {
    set_request_id(&mut response, recorder.id());
    let headers = response.headers_mut();
    let mut insert = |name, value: Result<HeaderValue, _>| {
        if let Ok(value) = value {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    if recorder.attempts() > 0 {
        insert("x-quadrille-model", HeaderValue::from_bytes(recorder.model().as_bytes()));
        insert("x-quadrille-attempts", Ok(HeaderValue::from(recorder.attempts())));
    }
    response
}
