//! The whole of a running server, from which the router and the background jobs take what they need.

use std::sync::Arc;

use app::site::SiteInfo;
use crypto::Keyring;
use eventlog::EventLog;
use foundation::error::Error;

use super::{Runtime, Services};
use crate::{
    config::Settings,
    web::{Ports, Site},
};

/// A running server. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    pub settings: Arc<Settings>,
    pub(crate) site: Site,
    pub log: EventLog,
    pub runtime: Runtime,
    pub services: Services,
}

impl AppState {
    /// Builds the services on a database whose migrations are applied and whose keys are verified.
    ///
    /// # Errors
    /// Where the operating system gives no randomness, or the client for upstreams cannot be built.
    pub fn new(
        settings: Settings,
        site: Site,
        log: EventLog,
        runtime: Runtime,
        keyring: Arc<Keyring>,
    ) -> Result<Self, Error> {
        let services = Services::new(&settings, &runtime, keyring, &log)?;
        Ok(Self { settings: Arc::new(settings), site, log, runtime, services })
    }

    /// The ports through which pages and server functions reach the services.
    pub(crate) fn ports(&self) -> Ports {
        let services = &self.services;
        Ports {
            site: Arc::new(SiteInfo {
                name: self.settings.site_name.clone(),
                public_url: self.settings.public_url.origin().to_owned(),
                is_simulated: self.settings.is_demo,
                assets: self.site.assets(),
            }),
            share: services.share.clone(),
            templates: services.templates.clone(),
            account: services.accounts.clone(),
            own_account: services.own_account.clone(),
            catalog: services.catalog.clone(),
            playground: services.playground.clone(),
            leaderboard: services.leaderboard.clone(),
            keys: services.keys.clone(),
            routing: services.routing.clone(),
            analytics: services.analytics.clone(),
            upstreams: services.catalog.clone(),
            models: services.catalog.clone(),
            tests: services.tests.clone(),
            catalog_file: services.catalog_file.clone(),
            users: services.users.clone(),
            audit: services.audit.clone(),
        }
    }
}
