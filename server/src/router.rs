//! Every route of the server.

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

use crate::{
    state::{AppState, Services},
    web,
};

/// The log names a request's route and not its path, which may contain words of prompts, share links and invitations.
fn span(request: &Request) -> Span {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    tracing::debug_span!("request", method = %request.method(), route)
}

/// The whole server: pages and JSON API with their layers, and the routes for programs without them.
pub fn router(state: &AppState) -> Router {
    let AppState { settings, site, log, runtime, services } = state;
    let public_url = &settings.public_url;
    let pages = web::router(state.ports());
    let router = accounts::with_caller(api::surface(json(state)).merge(pages), services.accounts.clone())
        .layer(api::same_origin(public_url))
        .merge(ops::router(runtime.pool.clone()))
        .merge(ops::metrics_router(&services.gateway, &services.ingest, log))
        .merge(site.router())
        .merge(seo::router(services.leaderboard.clone(), public_url.origin(), &settings.site_name))
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::new())
        .layer(TraceLayer::new_for_http().make_span_with(span));
    web::secure(router, public_url.is_https()).merge(programs(services))
}

/// The JSON API of the site.
fn json(AppState { settings, runtime, services, .. }: &AppState) -> Router {
    Router::new()
        .merge(accounts::router(services.accounts.clone()))
        .merge(accounts::own_account::router(services.own_account.clone(), services.exporter(runtime)))
        .merge(share::router(services.share.clone(), &settings.site_name))
        .merge(export::router(services.playground.clone(), settings.public_url.clone()))
        .merge(templates::router(services.templates.clone()))
        .merge(catalog::router(services.catalog.clone()))
        .merge(playground::router(services.playground.clone()))
        .merge(keys::router(services.keys.clone()))
        .merge(routing::router(services.routing.clone()))
        .merge(catalog::upstreams_router(services.catalog.clone()))
        .merge(catalog::models_router(services.catalog.clone()))
        .merge(audit::router(services.audit.clone()))
        .merge(analytics::router(services.analytics.clone()))
        .merge(catalog::tests_router(services.tests.clone()))
        .merge(catalog::file_router(services.catalog_file.clone()))
        .merge(users::router(services.users.clone()))
        .merge(ops::api_router())
}

/// Routes whose clients are programs and not browsers: they need no session, no compression and no security headers, and
/// the gateway's latency is measured.
fn programs(services: &Services) -> Router {
    gateway::router(services.gateway.clone())
        .merge(ingest::litellm::router(services.ingest.clone()))
        .merge(leaderboard::router(services.leaderboard.clone()))
        .layer(CatchPanicLayer::new())
}
