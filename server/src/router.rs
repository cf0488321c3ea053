//! Every route on one screen.

use axum::Router;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer, trace::TraceLayer};

use crate::{api, audit, auth, catalog, keys, ops, people, playground, routing, state::AppState, web};

/// The whole server.
pub fn router(state: &AppState) -> Router {
    let json = Router::new()
        .merge(auth::router(state.accounts.clone()))
        .merge(catalog::router(state.catalog.clone()))
        .merge(playground::router(state.playground.clone()))
        .merge(keys::router(state.keys.clone()))
        .merge(routing::router(state.routing.clone()))
        .merge(catalog::upstreams_router(state.catalog.clone()))
        .merge(catalog::models_router(state.catalog.clone()))
        .merge(audit::router(state.audit.clone()))
        .merge(catalog::tests_router(state.tests.clone()))
        .merge(catalog::file_router(state.catalog_file.clone()))
        .merge(people::router(state.people.clone()))
        .merge(ops::api_router());
    let pages = web::router(state.ports());
    let public_url = &state.settings.public_url;
    let router = auth::with_caller(api::surface(json).merge(pages), state.accounts.clone())
        .layer(api::same_origin(public_url))
        .merge(ops::router(state.pool.clone()))
        .merge(state.site.router())
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::new())
        .layer(TraceLayer::new_for_http());
    web::secure(router, public_url.is_https())
}
