//! Every route on one screen.

use axum::{
    Router,
    extract::{MatchedPath, Request},
};
use services::{
    accounts, analytics, api, audit, catalog, export, gateway, ingest, keys, leaderboard, ops, playground, routing,
    seo, share, templates, users,
};
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer, trace::TraceLayer};
use tracing::Span;

use crate::{state::AppState, web};

/// What the log says of a request: the route and not the address, in which there are words of prompts, links that are shared and
/// invitations.
fn span(request: &Request) -> Span {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    tracing::debug_span!("request", method = %request.method(), route)
}

/// The whole server.
pub fn router(state: &AppState) -> Router {
    let json = Router::new()
        .merge(accounts::router(state.accounts.clone()))
        .merge(accounts::own_account::router(state.own_account.clone(), state.exporter()))
        .merge(share::router(state.share.clone(), &state.settings.site_name))
        .merge(export::router(state.playground.clone(), state.settings.public_url.clone()))
        .merge(templates::router(state.templates.clone()))
        .merge(catalog::router(state.catalog.clone()))
        .merge(playground::router(state.playground.clone()))
        .merge(keys::router(state.keys.clone()))
        .merge(routing::router(state.routing.clone()))
        .merge(catalog::upstreams_router(state.catalog.clone()))
        .merge(catalog::models_router(state.catalog.clone()))
        .merge(audit::router(state.audit.clone()))
        .merge(analytics::router(state.analytics.clone()))
        .merge(catalog::tests_router(state.tests.clone()))
        .merge(catalog::file_router(state.catalog_file.clone()))
        .merge(users::router(state.users.clone()))
        .merge(ops::api_router());
    let pages = web::router(state.ports());
    let public_url = &state.settings.public_url;
    let router = accounts::with_caller(api::surface(json).merge(pages), state.accounts.clone())
        .layer(api::same_origin(public_url))
        .merge(ops::router(state.pool.clone()))
        .merge(ops::metrics_router(&state.gateway, &state.ingest, &state.log))
        .merge(state.site.router())
        .merge(seo::router(state.leaderboard.clone(), public_url.origin(), &state.settings.site_name))
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::new())
        .layer(TraceLayer::new_for_http().make_span_with(span));
    // Programs, not browsers: no cookie, no compression, nothing that takes time.
    let programs = gateway::router(state.gateway.clone())
        .merge(ingest::litellm::router(state.ingest.clone()))
        .merge(leaderboard::router(state.leaderboard.clone()))
        .layer(CatchPanicLayer::new());
    web::secure(router, public_url.is_https()).merge(programs)
}
