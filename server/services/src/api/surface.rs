//! The layers around all JSON routes.

use std::any::Any;

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
    routing::any,
};
use domain::error::{AppError, Noun};
use tower::ServiceBuilder;
use tower_http::{catch_panic::CatchPanicLayer, set_header::SetResponseHeaderLayer};

use super::{ApiError, Problem};

/// Gives a router of JSON routes its answers for wrong methods, panics and unknown paths below `/api`, all as problem
/// documents, and `Cache-Control: no-store` where a response does not set it. To be merged with the pages' router, which keeps
/// its own fallback.
pub fn surface(routes: Router) -> Router {
    let routes = routes.method_not_allowed_fallback(method_not_allowed);
    routes.route("/api", any(no_route)).route("/api/", any(no_route)).route("/api/{*rest}", any(no_route)).layer(
        ServiceBuilder::new()
            .layer(SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
            .layer(CatchPanicLayer::custom(panicked)),
    )
}

async fn no_route() -> ApiError {
    AppError::NotFound(Noun::Page).into()
}

/// The response to a method that the route does not have.
pub async fn method_not_allowed() -> ApiError {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "This address does not take that method; the Allow header lists those it takes.",
    )
    .into()
}

/// The response to a panic; the panic hook has logged the message.
fn panicked(_: Box<dyn Any + Send + 'static>) -> Response<Body> {
    ApiError::from(AppError::Internal).into_response()
}
