//! The gateway, through the router, on a real database, against an upstream that behaves as it is told.

mod answers;
mod auto;
mod bad_streams;
mod faults;
mod hang_ups;
mod journal;
mod real_streams;
mod refusals;
pub(crate) mod support;
