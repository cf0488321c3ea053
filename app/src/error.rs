//! The error of server functions: [`AppError`] as Leptos needs it.

use domain::error::AppError;
use leptos::{
    prelude::{FromServerFnError, ServerFnErrorErr},
    server_fn::codec::JsonEncoding,
};
use serde::{Deserialize, Serialize};

/// What a server function answers when it fails. It is [`AppError`] in a type of this crate, since only here can it implement
/// a trait of Leptos; on the wire the two are the same.
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
