//! RFC 9457 problem documents.

use axum::http::StatusCode;
use domain::error::{AppError, FieldError};
use serde::Serialize;
use utoipa::ToSchema;

/// The media type of a problem document.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// What went wrong, for a program (`code`, `errors`) and for a person (`detail`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the status says the kind, `code` says the rest.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    pub kind: &'static str,
    /// The status in words.
    #[schema(example = "Unprocessable Entity")]
    pub title: &'static str,
    /// The HTTP status.
    #[schema(example = 422)]
    pub status: u16,
    /// One or two plain sentences with the remedy.
    #[schema(example = "Write a prompt.")]
    pub detail: String,
    /// A stable code.
    #[schema(example = "invalid")]
    pub code: &'static str,
    /// The broken rules; empty where no field is at fault.
    pub errors: Vec<FieldError>,
    /// Seconds until another attempt makes sense, as in the `Retry-After` header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
}

impl Problem {
    /// A problem without fields.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.into(),
            code,
            errors: Vec::new(),
            retry_after_s: None,
        }
    }
}

impl From<&AppError> for Problem {
    fn from(error: &AppError) -> Self {
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after_s = match error {
            AppError::RateLimited { retry_after_s } => Some(*retry_after_s),
            AppError::Unavailable => Some(5),
            _ => None,
        };
        Self {
            errors: error.field_errors().to_vec(),
            retry_after_s,
            ..Self::new(status, error.code(), error.to_string())
        }
    }
}
