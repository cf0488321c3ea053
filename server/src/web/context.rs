//! Provides the context of pages and server functions: each port by itself, instead of one object with all of them.

use std::sync::Arc;

use app::{host::Host, site::SiteInfo};
use axum::http::request::Parts;
use domain::{
    accounts::{AccountPort, OwnAccountPort},
    analytics::AnalyticsPort,
    audit::AuditPort,
    catalog::{
        CatalogPort,
        admin::{CatalogFilePort, ModelsPort, TestsPort, UpstreamsPort},
    },
    keys::KeysPort,
    leaderboard::LeaderboardPort,
    playground::PlaygroundPort,
    routing::RoutingPort,
    users::UsersPort,
};
use leptos::prelude::{provide_context, use_context};
use leptos_axum::ResponseOptions;

use super::host::RequestHost;

/// The ports that pages and server functions call.
#[derive(Clone)]
pub struct Ports {
    pub site: Arc<SiteInfo>,
    pub share: Arc<dyn domain::share::SharePort>,
    pub templates: Arc<dyn domain::templates::TemplatePort>,
    pub account: Arc<dyn AccountPort>,
    pub own_account: Arc<dyn OwnAccountPort>,
    pub catalog: Arc<dyn CatalogPort>,
    pub playground: Arc<dyn PlaygroundPort>,
    pub leaderboard: Arc<dyn LeaderboardPort>,
    pub keys: Arc<dyn KeysPort>,
    pub routing: Arc<dyn RoutingPort>,
    pub analytics: Arc<dyn AnalyticsPort>,
    pub upstreams: Arc<dyn UpstreamsPort>,
    pub models: Arc<dyn ModelsPort>,
    pub tests: Arc<dyn TestsPort>,
    pub catalog_file: Arc<dyn CatalogFilePort>,
    pub users: Arc<dyn UsersPort>,
    pub audit: Arc<dyn AuditPort>,
}

impl Ports {
    /// Provides every port, and the request's host.
    pub(super) fn provide(&self) {
        provide_context(self.site.clone());
        provide_context(self.share.clone());
        provide_context(self.templates.clone());
        provide_context(self.account.clone());
        provide_context(self.own_account.clone());
        provide_context(self.catalog.clone());
        provide_context(self.playground.clone());
        provide_context(self.leaderboard.clone());
        provide_context(self.keys.clone());
        provide_context(self.routing.clone());
        provide_context(self.analytics.clone());
        provide_context(self.upstreams.clone());
        provide_context(self.models.clone());
        provide_context(self.tests.clone());
        provide_context(self.catalog_file.clone());
        provide_context(self.users.clone());
        provide_context(self.audit.clone());
        if let (Some(parts), Some(response)) = (use_context::<Parts>(), use_context::<ResponseOptions>())
            && let Some(host) = RequestHost::new(&parts, response)
        {
            provide_context::<Arc<dyn Host>>(Arc::new(host));
        }
    }
}
