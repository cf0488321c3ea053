//! From a failed exchange with an upstream to an [`UpstreamError`](crate::UpstreamError).

mod response;
mod retry_after;
mod transport;

pub(super) use response::{from_error_object, from_response};
pub(super) use transport::{UNKNOWN_ISSUER, from_transport, tls_reason};
