//! Failures in OpenAI's error format.

use std::borrow::Cow;

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use domain::catalog::admin::HealthState;
use foundation::error::Error;
use serde_json::{Value, json};
use upstream::{Fault, UpstreamError};

use crate::usage::ErrorClass;

/// Why a request has no complete response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub status: StatusCode,
    pub code: Cow<'static, str>,
    /// The field of the request that is at fault.
    pub param: Option<Cow<'static, str>>,
    /// One or two plain sentences: what happened and what to do.
    pub message: String,
    pub retry_after_s: Option<u32>,
    pub class: ErrorClass,
    /// Whether another model may succeed.
    pub can_fail_over: bool,
    /// Whether the same request would fail again. OpenAI's client libraries retry by themselves unless they are told.
    pub is_final: bool,
    /// What it shows of the model's health.
    pub health: Option<HealthState>,
}

impl Failure {
    /// A failure of the caller's own making.
    pub(super) fn rejected(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            param: None,
            message: message.into(),
            retry_after_s: None,
            class: ErrorClass::Caller,
            can_fail_over: false,
            is_final: status.is_client_error(),
            health: None,
        }
    }

    pub(super) fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::rejected(StatusCode::BAD_REQUEST, code, message)
    }

    pub(super) fn with_param(self, param: &'static str) -> Self {
        Self { param: Some(param.into()), ..self }
    }

    pub(super) fn unauthorized(code: &'static str, message: impl Into<String>) -> Self {
        Self::rejected(StatusCode::UNAUTHORIZED, code, message)
    }

    pub(super) fn rate_limited(retry_after_s: u32) -> Self {
        Self {
            retry_after_s: Some(retry_after_s),
            class: ErrorClass::RateLimited,
            is_final: false,
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
        match error.fault {
            Some(fault) => of_refusal(error, fault),
            None => of_exchange(error),
        }
    }
}

/// The failure for what the upstream says itself.
fn of_refusal(error: UpstreamError, fault: Fault) -> Failure {
    use ErrorClass as C;
    use Fault as F;
    use StatusCode as S;
    let own = error.status.and_then(|status| S::from_u16(status).ok()).filter(S::is_client_error);
    let (status, code, class) = match fault {
        F::ContentFilter => (S::BAD_REQUEST, "content_filter", C::ContentFilter),
        F::Loading => (S::SERVICE_UNAVAILABLE, "model_loading", C::Upstream5xx),
        F::OutOfMoney => (S::TOO_MANY_REQUESTS, "insufficient_quota", C::RateLimited),
        F::LargerThanRateLimit | F::RateLimited => (S::TOO_MANY_REQUESTS, "rate_limit_exceeded", C::RateLimited),
        F::TooLong => (S::BAD_REQUEST, "context_length_exceeded", C::Caller),
        F::TextTooLong => (S::BAD_REQUEST, "string_above_max_length", C::Caller),
        F::BodyTooLarge => (S::PAYLOAD_TOO_LARGE, "context_length_exceeded", C::Caller),
        // These are about the operator's account at the upstream, not about the caller's key.
        F::BadKey | F::NotAllowed | F::PlaceRefused | F::Unverified => {
            (S::BAD_GATEWAY, "upstream_unauthorized", C::Upstream4xx)
        }
        F::UnknownModel | F::UnknownDeployment => (S::NOT_FOUND, "model_not_found", C::Upstream4xx),
        F::UnknownEndpoint => (S::BAD_GATEWAY, "upstream_not_found", C::Upstream4xx),
        F::Refused => (own.unwrap_or(S::BAD_REQUEST), "upstream_refused", C::Caller),
        F::Overloaded | F::Failed => (forwarded_status(error.status), "upstream_failed", C::Upstream5xx),
    };
    let health = error.health();
    // What is wrong with this request would be so at the next model too.
    let is_the_requests = matches!(class, C::Caller | C::ContentFilter);
    let message = match (fault, &error.detail) {
        (F::TooLong | F::TextTooLong, Some(words)) => format!("{} The model's server says: “{words}”", error.message),
        _ => error.message,
    };
    let keeps_code = matches!(fault, F::Refused | F::TextTooLong)
        || (fault == F::ContentFilter && error.provider_code.as_deref().is_some_and(is_word));
    Failure {
        status,
        code: error.provider_code.filter(|_| keeps_code).map_or(code.into(), Cow::from),
        param: error.param.map(|param| String::from(param).into()),
        message,
        retry_after_s: error.retry_after_s,
        class,
        can_fail_over: !is_the_requests,
        is_final: is_the_requests
            || matches!(fault, F::OutOfMoney | F::LargerThanRateLimit | F::UnknownModel | F::UnknownDeployment),
        health,
    }
}

/// Whether a code is more than a number.
fn is_word(code: &str) -> bool {
    code.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// The failure where the exchange with the upstream itself did not come about.
fn of_exchange(error: UpstreamError) -> Failure {
    use ErrorClass as C;
    let (status, class) = match error.code {
        "timeout_connect" => (StatusCode::GATEWAY_TIMEOUT, C::Connect),
        // What this site's own limits cut is not the model's failure.
        "timeout_first_byte" | "timeout_idle" | "timeout_total" => (StatusCode::GATEWAY_TIMEOUT, C::SiteLimit),
        "too_large" => (StatusCode::BAD_GATEWAY, C::SiteLimit),
        "connect_failed" | "dns_failed" | "tls_failed" | "address_blocked" => (StatusCode::BAD_GATEWAY, C::Connect),
        "cut_off" | "damaged" => (StatusCode::BAD_GATEWAY, C::CutOff),
        _ => (StatusCode::BAD_GATEWAY, C::Upstream5xx),
    };
    Failure {
        status,
        code: error.code.into(),
        param: None,
        message: error.message,
        retry_after_s: error.retry_after_s,
        class,
        can_fail_over: true,
        is_final: false,
        health: None,
    }
}

/// Statuses that client libraries handle are kept; 529, 498 and an overload that is told with 429 mean the same as 503.
fn forwarded_status(status: Option<u16>) -> StatusCode {
    match status {
        Some(500) => StatusCode::INTERNAL_SERVER_ERROR,
        Some(429 | 498 | 503 | 529) => StatusCode::SERVICE_UNAVAILABLE,
        Some(408 | 504) => StatusCode::GATEWAY_TIMEOUT,
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
        if self.is_final {
            headers.insert(HeaderName::from_static("x-should-retry"), HeaderValue::from_static("false"));
        }
        response
    }
}
