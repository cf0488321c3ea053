//! From a failed exchange with an upstream to an [`UpstreamError`](crate::UpstreamError).
//!
//! `said` reads what a response says, `table` has a row for each way in which a provider says it, and `fault` has the words
//! for whom it concerns.

mod fault;
mod phrase;
mod response;
mod retry_after;
mod row;
mod said;
mod table;
mod transport;
mod unwrap;

pub use fault::{Advice, Fault};
pub(super) use response::{from_error_object, from_response};
pub(super) use transport::{UNKNOWN_ISSUER, from_transport, tls_reason};
