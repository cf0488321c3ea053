//! The routes of `/v1`.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use tokio::sync::oneshot;
use tower_http::set_header::SetResponseHeaderLayer;

use super::{
    error::Failure,
    models::{find, list, no_route, wrong_method},
    service::Gateway,
};

/// The gateway's routes. They are merged outside the middleware of pages: no cookie is read, nothing is compressed.
pub fn router(gateway: Arc<Gateway>) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(chat))
        .route("/v1/models", get(list))
        .route("/v1/models/{*name}", get(find))
        .method_not_allowed_fallback(wrong_method)
        .route("/v1", any(no_route))
        .route("/v1/{*rest}", any(no_route))
        .layer(SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        .with_state(gateway)
}

/// Hands the request to a task of the server, so that it does not end with the connection.
async fn chat(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let (reply, response) = oneshot::channel();
    drop(gateway.tasks.spawn(gateway.clone().chat(request, reply)));
    // The channel is closed without a response only if the task panicked.
    response.await.unwrap_or_else(|_| Failure::internal().into_response())
}
