//! The error of every port, as it is serialised to the browser.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Every failure that a user or a program may see. It carries no text of an underlying error: that is in the log, under the
/// request id.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(tag = "code", content = "detail", rename_all = "snake_case")]
pub enum AppError {
    /// Nobody is signed in, or the sign-in has ended.
    #[error("Sign in to continue.")]
    Unauthenticated,
    /// The same answer for an unknown account, a wrong password and a disabled account.
    #[error("The e-mail address or the password is not right.")]
    WrongCredentials,
    /// Signed in without the permission, or the operator has disabled the feature; the text says which.
    #[error("{0}")]
    Forbidden(String),
    /// Does not exist, or belongs to another user; the two get the same answer.
    #[error("{0} not found.")]
    NotFound(Noun),
    /// The request could not be read at all.
    #[error("{0}")]
    Malformed(String),
    /// The request was read and violates these rules.
    #[error("{}", join(.0))]
    Invalid(Vec<FieldError>),
    /// The thing is not in a state that allows this.
    #[error("{0}")]
    Conflict(String),
    /// Too many attempts; try again after so many seconds.
    #[error("Too many attempts. Try again in {retry_after_s} s.")]
    RateLimited { retry_after_s: u32 },
    /// Something that the server depends on, usually the database, does not respond.
    #[error("The service is not available right now. Try again in a moment.")]
    Unavailable,
    /// A fault of the server; the log has the details.
    #[error("Something went wrong on our side. Try again; if it stays, tell the operator.")]
    Internal,
    /// The browser could not reach the server, or could not read its answer.
    #[error("The connection to the server was lost. Check the network and try again.")]
    Transport,
}

/// What was not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Noun {
    Account,
    Comparison,
    Key,
    Model,
    Page,
    Run,
    Template,
    Upstream,
}

impl std::fmt::Display for Noun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Noun::Account => "Account",
            Noun::Comparison => "Comparison",
            Noun::Key => "Key",
            Noun::Model => "Model",
            Noun::Page => "Page",
            Noun::Run => "Run",
            Noun::Template => "Template",
            Noun::Upstream => "Upstream",
        })
    }
}

/// One broken rule and the field that breaks it, as `errors[]` of a problem document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// Path of the field in the request, for example `parameters.temperature` or `models[2]`.
    pub field: String,
    /// Stable code of the rule, for example `too_long`.
    pub code: String,
    /// One plain sentence with the remedy.
    pub message: String,
}

impl FieldError {
    /// A broken rule.
    pub fn new(field: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), code: code.into(), message: message.into() }
    }
}

impl AppError {
    /// The corresponding HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            AppError::Malformed(_) => 400,
            AppError::Unauthenticated | AppError::WrongCredentials => 401,
            AppError::Forbidden(_) => 403,
            AppError::NotFound(_) => 404,
            AppError::Conflict(_) => 409,
            AppError::Invalid(_) => 422,
            AppError::RateLimited { .. } => 429,
            AppError::Internal | AppError::Transport => 500,
            AppError::Unavailable => 503,
        }
    }

    /// The stable code, the same as in the serialised form.
    pub fn code(&self) -> &'static str {
        match self {
            AppError::Unauthenticated => "unauthenticated",
            AppError::WrongCredentials => "wrong_credentials",
            AppError::Forbidden(_) => "forbidden",
            AppError::NotFound(_) => "not_found",
            AppError::Malformed(_) => "malformed",
            AppError::Invalid(_) => "invalid",
            AppError::Conflict(_) => "conflict",
            AppError::RateLimited { .. } => "rate_limited",
            AppError::Unavailable => "unavailable",
            AppError::Internal => "internal",
            AppError::Transport => "transport",
        }
    }

    /// The error as field errors of a form; one without a field belongs above the form.
    pub fn into_fields(self) -> Vec<FieldError> {
        match self {
            AppError::Invalid(errors) => errors,
            other => vec![FieldError::new("", other.code(), other.to_string())],
        }
    }

    /// The broken rules, empty for every other error.
    pub fn field_errors(&self) -> &[FieldError] {
        match self {
            AppError::Invalid(errors) => errors,
            _ => &[],
        }
    }
}

fn join(errors: &[FieldError]) -> String {
    errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use crate::error::*;

    #[test]
    fn the_code_of_an_error_is_the_tag_it_is_serialised_with() {
        let all = [
            AppError::Unauthenticated,
            AppError::WrongCredentials,
            AppError::Forbidden("no".into()),
            AppError::NotFound(Noun::Run),
            AppError::Malformed("no".into()),
            AppError::Invalid(vec![FieldError::new("prompt", "empty", "Write a prompt.")]),
            AppError::Conflict("no".into()),
            AppError::RateLimited { retry_after_s: 3 },
            AppError::Unavailable,
            AppError::Internal,
            AppError::Transport,
        ];
        for error in all {
            let json = serde_json::to_value(&error).expect("serialises");
            assert_eq!(json["code"], error.code());
            assert_eq!(serde_json::from_value::<AppError>(json).expect("reads back"), error);
        }
    }
}
