//! Headers that tell a browser what this site never does.

use axum::{
    Router,
    http::{HeaderName, HeaderValue, header},
};
use tower_http::set_header::SetResponseHeaderLayer;

/// The policy of a page: nothing but this site, no inline style, and only scripts that carry this response's nonce.
pub(super) fn content_security_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'; object-src 'none'"
    )
}

/// The policy of everything that is not a page.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Adds the headers that every answer carries, unless it has set its own; over TLS also the promise to stay there.
pub fn secure(router: Router, is_https: bool) -> Router {
    let router = router
        .layer(missing(header::CONTENT_SECURITY_POLICY, NOTHING))
        .layer(missing(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(missing(header::REFERRER_POLICY, "same-origin"))
        .layer(missing(header::X_FRAME_OPTIONS, "DENY"))
        .layer(missing(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        .layer(missing(HeaderName::from_static("cross-origin-resource-policy"), "same-origin"))
        .layer(missing(HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"))
        .layer(missing(HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"));
    match is_https {
        true => router.layer(missing(header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains")),
        false => router,
    }
}

fn missing(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}
