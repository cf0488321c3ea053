//! Failures in OpenAI's error format.

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use foundation::error::Error;
use serde_json::{Value, json};
use upstream::UpstreamError;

use crate::usage::ErrorClass;

/// Why a request has no complete response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub status: StatusCode,
    pub code: &'static str,
    /// The field of the request that is at fault.
    pub param: Option<&'static str>,
    /// One or two plain sentences: what happened and what to do.
    pub message: String,
    pub retry_after_s: Option<u32>,
    pub class: ErrorClass,
    /// Whether another model may succeed.
    pub can_fail_over: bool,
}

impl Failure {
    /// A failure of the caller's own making.
    pub(super) fn rejected(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            param: None,
            message: message.into(),
            retry_after_s: None,
            class: ErrorClass::Caller,
            can_fail_over: false,
        }
    }

    pub(super) fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::rejected(StatusCode::BAD_REQUEST, code, message)
    }

    pub(super) fn with_param(self, param: &'static str) -> Self {
        Self { param: Some(param), ..self }
    }

    pub(super) fn unauthorized(code: &'static str, message: impl Into<String>) -> Self {
        Self::rejected(StatusCode::UNAUTHORIZED, code, message)
    }

    pub(super) fn rate_limited(retry_after_s: u32) -> Self {
        Self {
            retry_after_s: Some(retry_after_s),
            class: ErrorClass::RateLimited,
            ..Self::rejected(
                StatusCode::TOO_MANY_REQUESTS,
                "rate_limit_exceeded",
                format!("This key has used up its requests for this minute. Try again in {retry_after_s} s."),
            )
        }
    }

    /// A failure of this server. A status of 503 invites a retry.
    pub(super) fn server_error(status: StatusCode, code: &'static str, message: &str) -> Self {
        let retry_after_s = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(5);
        Self { retry_after_s, ..Self::rejected(status, code, message) }
    }

    pub(super) fn unavailable() -> Self {
        Self::server_error(
            StatusCode::SERVICE_UNAVAILABLE,
            "database_unavailable",
            "This site cannot look up keys and models at the moment. Try again shortly.",
        )
    }

    pub(super) fn internal() -> Self {
        Self::server_error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            "Something went wrong here. It is in our log.",
        )
    }

    /// The failure for an internal error, which is logged here, since its details are not for the caller.
    pub(super) fn from_error(error: Error) -> Self {
        if error.is_database_away() {
            tracing::warn!(%error, "the database is away");
            return Self::unavailable();
        }
        tracing::error!(%error, "internal error");
        Self::internal()
    }

    /// The failure as an event of a stream that has begun.
    pub(super) fn to_event(&self) -> Bytes {
        format!("data: {}\n\n", self.to_json()).into()
    }

    /// The error object of the response.
    pub(super) fn to_json(&self) -> Value {
        let kind = match self.status.as_u16() {
            429 if self.code == "insufficient_quota" => "insufficient_quota",
            429 => "requests",
            500.. => "server_error",
            _ => "invalid_request_error",
        };
        json!({"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}})
    }
}

impl From<UpstreamError> for Failure {
    fn from(error: UpstreamError) -> Self {
        use ErrorClass as C;
        let own = error.status.and_then(|status| StatusCode::from_u16(status).ok());
        let (status, code, class) = match error.code {
            "rate_limited" => (StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded", C::RateLimited),
            "quota_exhausted" => (StatusCode::TOO_MANY_REQUESTS, "insufficient_quota", C::RateLimited),
            // This is about the operator's key at the upstream, not about the caller's.
            "unauthorized" => (StatusCode::BAD_GATEWAY, "upstream_unauthorized", C::Upstream4xx),
            "model_not_found" => (StatusCode::NOT_FOUND, "model_not_found", C::Upstream4xx),
            "endpoint_not_found" => (StatusCode::BAD_GATEWAY, "upstream_not_found", C::Upstream4xx),
            "payload_too_large" => (own.unwrap_or(StatusCode::BAD_REQUEST), "context_length_exceeded", C::Upstream4xx),
            "refused_request" => (own.unwrap_or(StatusCode::BAD_REQUEST), "upstream_refused", C::Upstream4xx),
            "upstream_failed" => (forwarded_status(error.status), "upstream_failed", C::Upstream5xx),
            "timeout_connect" => (StatusCode::GATEWAY_TIMEOUT, "timeout_connect", C::Connect),
            "timeout_first_byte" => (StatusCode::GATEWAY_TIMEOUT, "timeout_first_byte", C::Timeout),
            "timeout_idle" => (StatusCode::GATEWAY_TIMEOUT, "timeout_idle", C::Timeout),
            "timeout_total" => (StatusCode::GATEWAY_TIMEOUT, "timeout_total", C::Timeout),
            code @ ("connect_failed" | "dns_failed" | "tls_failed" | "address_blocked") => {
                (StatusCode::BAD_GATEWAY, code, C::Connect)
            }
            "cut_off" => (StatusCode::BAD_GATEWAY, "cut_off", C::CutOff),
            code => (StatusCode::BAD_GATEWAY, code, C::Upstream5xx),
        };
        let can_fail_over = matches!(class, C::Connect | C::RateLimited | C::Timeout | C::Upstream5xx | C::CutOff)
            || code == "upstream_unauthorized";
        Self {
            status,
            code,
            param: None,
            message: error.message,
            retry_after_s: error.retry_after_s,
            class,
            can_fail_over,
        }
    }
}

/// Statuses that client libraries handle are kept; 529 (overloaded) means the same as 503.
fn forwarded_status(status: Option<u16>) -> StatusCode {
    match status {
        Some(500) => StatusCode::INTERNAL_SERVER_ERROR,
        Some(503 | 529) => StatusCode::SERVICE_UNAVAILABLE,
        Some(504) => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::BAD_GATEWAY,
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.to_json())).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.status == StatusCode::PAYLOAD_TOO_LARGE {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        // OpenAI's client libraries retry by themselves, which cannot help where the request is at fault.
        if self.class == ErrorClass::Caller && self.status.is_client_error() {
            headers.insert(HeaderName::from_static("x-should-retry"), HeaderValue::from_static("false"));
        }
        response
    }
}
