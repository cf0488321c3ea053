//! The error type of server functions: [`AppError`] with the traits that Leptos requires.

use domain::error::AppError;
use leptos::{
    prelude::{FromServerFnError, ServerFnErrorErr},
    server_fn::codec::JsonEncoding,
};
use serde::{Deserialize, Serialize};

/// The error of a server function. A newtype, because only this crate can implement Leptos' traits; serialised it is the
/// same as [`AppError`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error(transparent)]
#[serde(transparent)]
pub struct CallError(#[from] pub AppError);

impl FromServerFnError for CallError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        Self(match error {
            ServerFnErrorErr::Request(_)
            | ServerFnErrorErr::Deserialization(_)
            | ServerFnErrorErr::Serialization(_) => AppError::Transport,
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => {
                AppError::Malformed("The request could not be read.".into())
            }
            _ => AppError::Internal,
        })
    }
}

impl From<CallError> for AppError {
    fn from(CallError(error): CallError) -> Self {
        error
    }
}
