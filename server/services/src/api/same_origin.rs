//! Protection against cross-site request forgery: state changes must come from pages of this origin, or from a client that is
//! not a browser.

use axum::{
    body::Body,
    http::{Response, StatusCode},
    response::IntoResponse,
};
use tower_http::csrf::{CsrfLayer, ProtectionError, ResponseForProtectionError};

use super::{ApiError, Problem};
use crate::PublicUrl;

/// Rejects a cross-origin state change with a problem document.
#[derive(Clone, Copy, Debug)]
pub struct RejectCrossOrigin;

impl ResponseForProtectionError<Body> for RejectCrossOrigin {
    fn response_for_protection_error(&mut self, _: ProtectionError) -> Response<Body> {
        ApiError::from(Problem::new(
            StatusCode::FORBIDDEN,
            "cross_origin",
            "This request came from another site. Open this site in its own tab and try again; behind a proxy, let it \
             pass on the Host and Origin headers unchanged.",
        ))
        .into_response()
    }
}

/// The check of every POST, PUT, PATCH and DELETE, server functions included: `Sec-Fetch-Site` where the browser sends
/// it, else `Origin` against `Host`. The public origin is trusted by name, for proxies that rewrite `Host`.
pub fn same_origin(public_url: &PublicUrl) -> CsrfLayer<RejectCrossOrigin> {
    let layer = CsrfLayer::new();
    let layer = layer.clone().add_trusted_origin(public_url.origin()).unwrap_or(layer);
    layer.with_rejection_response(RejectCrossOrigin)
}
