//! Failures below HTTP: name, address, connection, TLS, and a connection that breaks.

use std::{error::Error as StdError, io};

use crate::{
    error::UpstreamError,
    guard::{Blocked, NameUnknown},
};

/// The failure of a request without a response, or of the connection while the response was read.
pub(crate) fn from_transport(error: &reqwest::Error) -> UpstreamError {
    tracing::debug!(?error, "a call to an upstream failed");
    if let Some(Blocked(kind)) = find(error) {
        return UpstreamError::address_blocked(kind);
    }
    if find::<NameUnknown>(error).is_some() {
        return UpstreamError::dns_failed();
    }
    if let Some(error) = find::<rustls::Error>(error) {
        return UpstreamError::tls_failed(tls_reason(error));
    }
    match (error.is_connect(), error.is_timeout()) {
        (true, true) => UpstreamError::timeout_connect(),
        (true, false) => UpstreamError::connect_failed(),
        _ if is_not_http(error) => UpstreamError::bad_response("something that is not HTTP"),
        _ => UpstreamError::cut_off(),
    }
}

/// The first error of this type in the chain of causes, looking into `io::Error` too (which hides what it wraps).
fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        if let Some(inner) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref)
            && let Some(found) = find::<E>(inner)
        {
            return Some(found);
        }
        next = error.source();
    }
    None
}

fn is_not_http(error: &reqwest::Error) -> bool {
    find::<hyper::Error>(error).is_some_and(|error| error.is_parse() || error.is_parse_too_large())
}

/// The reason for rejecting a certificate whose issuer is in no trust store.
pub(crate) const UNKNOWN_ISSUER: &str = "its certificate was issued by an authority that this site does not know";

/// Why a TLS handshake failed, as the end of a sentence about the server.
pub(crate) fn tls_reason(error: &rustls::Error) -> &'static str {
    use rustls::{CertificateError as C, Error as E};
    match error {
        E::InvalidCertificate(C::Expired | C::ExpiredContext { .. }) => "its certificate has expired",
        E::InvalidCertificate(C::NotValidYet | C::NotValidYetContext { .. }) => "its certificate is not valid yet",
        E::InvalidCertificate(C::NotValidForName | C::NotValidForNameContext { .. }) => {
            "its certificate is for another name"
        }
        E::InvalidCertificate(C::UnknownIssuer) => UNKNOWN_ISSUER,
        E::InvalidCertificate(C::Revoked) => "its certificate has been revoked",
        E::InvalidCertificate(_) => "its certificate is not valid",
        E::InvalidMessage(_) => "it does not speak TLS at this port",
        _ => "the handshake failed",
    }
}
