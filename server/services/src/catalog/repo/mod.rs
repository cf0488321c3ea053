//! Statements on `upstreams`, `models` and `model_tests`. Decisions live in the services.

mod models;
mod public;
mod tests;
mod upstreams;

pub(super) use models::*;
pub(super) use public::*;
pub(super) use tests::*;
pub(super) use upstreams::*;
