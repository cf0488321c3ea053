//! The services of a running server.

use std::sync::Arc;

use crypto::Keyring;
use eventlog::EventLog;
use foundation::error::Error;
use services::{
    accounts::{
        AccountService,
        own_account::{Exporter, OwnAccountService},
    },
    analytics::AnalyticsService,
    audit::AuditService,
    catalog::{CatalogFileService, CatalogService, DirectTestService},
    gateway::{Gateway, GatewayDeps},
    ingest::litellm::Ingest,
    keys::KeyService,
    leaderboard::LeaderboardService,
    playground::{Executor, PlaygroundService, RunRegistry},
    routing::RoutingService,
    share::ShareService,
    templates::TemplateService,
    users::UserService,
};
use upstream::UpstreamClient;
use uuid::Uuid;

use super::{Runtime, account_service, catalog_service, upstream_client};
use crate::config::Settings;

/// Every service, built once and shared. The public ones are those that the integration tests call directly.
#[derive(Clone)]
pub struct Services {
    // Members.
    pub accounts: Arc<AccountService>,
    pub(crate) own_account: Arc<OwnAccountService>,
    pub(crate) users: Arc<UserService>,
    pub(crate) audit: Arc<AuditService>,
    // The catalogue.
    pub catalog: Arc<CatalogService>,
    pub(crate) catalog_file: Arc<CatalogFileService>,
    pub(crate) tests: Arc<DirectTestService>,
    // The playground.
    pub(crate) playground: Arc<PlaygroundService>,
    pub(crate) share: Arc<ShareService>,
    pub(crate) templates: Arc<TemplateService>,
    // The gateway.
    pub keys: Arc<KeyService>,
    pub routing: Arc<RoutingService>,
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) ingest: Arc<Ingest>,
    // Statistics.
    pub leaderboard: Arc<LeaderboardService>,
    pub(crate) analytics: Arc<AnalyticsService>,
}

impl Services {
    pub(super) fn new(
        settings: &Settings,
        runtime: &Runtime,
        keyring: Arc<Keyring>,
        log: &EventLog,
    ) -> Result<Self, Error> {
        let client = upstream_client(settings, runtime.lookup.clone())?;
        let accounts = Arc::new(account_service(settings, runtime, keyring.clone())?);
        let catalog = Arc::new(catalog_service(runtime, keyring, client.clone()));
        let builder = Builder { settings, runtime, accounts, catalog, client };
        let playground = Arc::new(builder.playground());
        let users = Arc::new(builder.users(&playground));
        let keys = Arc::new(builder.keys());
        let leaderboard = Arc::new(builder.leaderboard());
        let routing = Arc::new(builder.routing(&leaderboard));
        Ok(Self {
            own_account: Arc::new(OwnAccountService::new(builder.accounts.clone(), users.clone())),
            audit: Arc::new(AuditService::new(runtime.pool.clone())),
            catalog_file: Arc::new(CatalogFileService::new(builder.catalog.clone())),
            tests: Arc::new(DirectTestService::new(builder.catalog.clone())),
            share: Arc::new(builder.share(&playground)),
            templates: Arc::new(builder.templates()),
            gateway: Arc::new(builder.gateway(&keys, &routing, log)),
            ingest: Arc::new(builder.ingest(log)),
            analytics: Arc::new(builder.analytics(&keys)),
            accounts: builder.accounts,
            catalog: builder.catalog,
            users,
            playground,
            keys,
            routing,
            leaderboard,
        })
    }

    /// The export of everything that belongs to a member.
    pub(crate) fn exporter(&self, runtime: &Runtime) -> Exporter {
        Exporter {
            clock: runtime.clock.clone(),
            accounts: self.accounts.clone(),
            playground: self.playground.clone(),
            share: self.share.clone(),
            templates: self.templates.clone(),
            keys: self.keys.clone(),
            routing: self.routing.clone(),
        }
    }
}

/// What most services depend on.
struct Builder<'a> {
    settings: &'a Settings,
    runtime: &'a Runtime,
    accounts: Arc<AccountService>,
    catalog: Arc<CatalogService>,
    client: UpstreamClient,
}

impl Builder<'_> {
    fn playground(&self) -> PlaygroundService {
        let Runtime { pool, clock, tasks, .. } = self.runtime.clone();
        let registry = Arc::new(RunRegistry::default());
        let health = self.catalog.health().clone();
        let executor = Executor::new(pool, clock, tasks, self.client.clone(), registry, Uuid::now_v7(), health);
        let public_url = self.settings.public_url.clone();
        PlaygroundService::new(Arc::new(executor), self.catalog.clone(), self.accounts.clone(), public_url)
    }

    fn share(&self, playground: &Arc<PlaygroundService>) -> ShareService {
        let Runtime { pool, clock, .. } = self.runtime.clone();
        let public_url = self.settings.public_url.clone();
        ShareService::new(pool, clock, self.accounts.clone(), playground.clone(), public_url)
    }

    fn templates(&self) -> TemplateService {
        let Runtime { pool, clock, .. } = self.runtime.clone();
        TemplateService::new(pool, clock, self.accounts.clone())
    }

    fn users(&self, playground: &Arc<PlaygroundService>) -> UserService {
        let Runtime { pool, clock, tasks, .. } = self.runtime.clone();
        let public_url = self.settings.public_url.clone();
        UserService::new(pool, clock, tasks, self.accounts.clone(), playground.clone(), public_url)
    }

    fn keys(&self) -> KeyService {
        let Runtime { pool, clock, tasks, .. } = self.runtime.clone();
        KeyService::new(pool, clock, tasks, self.catalog.clone())
    }

    fn routing(&self, leaderboard: &Arc<LeaderboardService>) -> RoutingService {
        let Runtime { pool, clock, .. } = self.runtime.clone();
        RoutingService::new(pool, clock, self.catalog.clone(), leaderboard.clone())
    }

    fn gateway(&self, keys: &Arc<KeyService>, routing: &Arc<RoutingService>, log: &EventLog) -> Gateway {
        Gateway::new(GatewayDeps {
            keys: keys.clone(),
            routing: routing.clone(),
            catalog: self.catalog.clone(),
            client: self.client.clone(),
            log: log.clone(),
            clock: self.runtime.clock.clone(),
            tasks: self.runtime.tasks.clone(),
        })
    }

    fn ingest(&self, log: &EventLog) -> Ingest {
        let Runtime { clock, tasks, .. } = self.runtime.clone();
        let token = self.settings.litellm_ingest_token.clone();
        Ingest::new(token, log.clone(), self.catalog.clone(), clock, tasks)
    }

    fn leaderboard(&self) -> LeaderboardService {
        let Runtime { pool, clock, tasks, .. } = self.runtime.clone();
        LeaderboardService::new(pool, clock, tasks)
    }

    fn analytics(&self, keys: &Arc<KeyService>) -> AnalyticsService {
        let Runtime { pool, clock, .. } = self.runtime.clone();
        AnalyticsService::new(pool, clock, keys.clone())
    }
}
