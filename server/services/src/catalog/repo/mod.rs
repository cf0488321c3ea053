//! Statements on `upstreams`, `models` and `model_tests`. Decisions live in the services.

mod models;
mod public;
mod test_results;
mod upstreams;

pub(super) use models::*;
pub(super) use public::*;
pub(super) use test_results::*;
pub(super) use upstreams::*;
