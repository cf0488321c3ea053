//! Security headers.

use axum::{
    Router,
    http::{HeaderName, HeaderValue, header},
    response::Response,
};
use tower::util::MapResponseLayer;

/// The content security policy of a page: this site's resources only, no inline styles, and only scripts with this
/// response's nonce.
pub(super) fn content_security_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'; object-src 'none'"
    )
}

/// Adds the security headers to every response that has not set its own; over TLS also HSTS. A single layer for all of
/// them, because each layer costs an allocation per request.
pub fn secure(router: Router, is_https: bool) -> Router {
    router.layer(MapResponseLayer::new(move |mut response: Response| {
        for (name, value) in CARRIED {
            response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
        }
        if is_https {
            let promise = HeaderValue::from_static("max-age=63072000; includeSubDomains");
            response.headers_mut().entry(header::STRICT_TRANSPORT_SECURITY).or_insert(promise);
        }
        response
    }))
}

const CARRIED: [(HeaderName, &str); 8] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];
