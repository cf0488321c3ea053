//! Statements on `upstreams`, `models`, `model_adjustments` and `model_tests`. Decisions live in the services.

mod adjustments;
mod models;
mod public;
mod test_results;
mod upstreams;

pub(super) use adjustments::*;
pub(super) use models::*;
pub(super) use public::*;
pub(super) use test_results::*;
pub(super) use upstreams::*;
