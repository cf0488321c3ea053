//! The OpenAPI document of the JSON API, merged from those of the modules.

use utoipa::{OpenApi, openapi};

use crate::{
    accounts::{AccountDoc, own_account::OwnAccountDoc},
    analytics::AnalyticsDoc,
    audit::AuditDoc,
    catalog::{AdminModelsDoc, AdminUpstreamsDoc, CatalogDoc, CatalogFileDoc, DirectTestDoc},
    export::ExportDoc,
    ingest::litellm::IngestDoc,
    keys::KeysDoc,
    leaderboard::LeaderboardDoc,
    playground::PlaygroundDoc,
    routing::RoutingDoc,
    share::ShareDoc,
    templates::TemplatesDoc,
    users::UsersDoc,
};

#[derive(OpenApi)]
#[openapi(info(title = "Quadrille", description = "The same prompt to up to four models, side by side."))]
struct ApiDoc;

/// Everything under `/api`.
pub(super) fn document() -> openapi::OpenApi {
    let mut document = ApiDoc::openapi();
    let modules = [
        AccountDoc::openapi(),
        OwnAccountDoc::openapi(),
        ShareDoc::openapi(),
        ExportDoc::openapi(),
        TemplatesDoc::openapi(),
        CatalogDoc::openapi(),
        PlaygroundDoc::openapi(),
        KeysDoc::openapi(),
        RoutingDoc::openapi(),
        LeaderboardDoc::openapi(),
        AnalyticsDoc::openapi(),
        IngestDoc::openapi(),
    ];
    for module in modules {
        document.merge(module);
    }
    let admin = [
        AdminUpstreamsDoc::openapi(),
        AdminModelsDoc::openapi(),
        CatalogFileDoc::openapi(),
        DirectTestDoc::openapi(),
        UsersDoc::openapi(),
        AuditDoc::openapi(),
    ];
    for module in admin {
        document.merge(module);
    }
    document
}
