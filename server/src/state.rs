//! What a running server is made of. Put together here, taken apart in `router.rs`; no room gets the whole of it.

use std::sync::Arc;

use app::site::SiteInfo;
use crypto::Keyring;
use eventlog::EventLog;
use foundation::{clock::Clock, error::Error, shutdown::Tasks};
use services::{
    accounts::{
        self, AccountService, LimitSettings,
        own_account::{Exporter, OwnAccountService},
    },
    analytics::AnalyticsService,
    audit::AuditService,
    catalog::{CatalogFileService, CatalogService, DirectTestService},
    external::External,
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
use sqlx::PgPool;
use upstream::{AllowList, ClientSettings, UpstreamClient};
use uuid::Uuid;

use crate::{
    config::{HostPort, Settings},
    web::{Ports, Site},
};

/// The server's parts.
#[derive(Clone)]
pub struct AppState {
    pub settings: Arc<Settings>,
    pub site: Site,
    pub pool: PgPool,
    pub clock: Arc<dyn Clock>,
    pub tasks: Tasks,
    pub share: Arc<ShareService>,
    pub templates: Arc<TemplateService>,
    pub accounts: Arc<AccountService>,
    pub catalog: Arc<CatalogService>,
    pub playground: Arc<PlaygroundService>,
    pub keys: Arc<KeyService>,
    pub routing: Arc<RoutingService>,
    pub audit: Arc<AuditService>,
    pub leaderboard: Arc<LeaderboardService>,
    pub analytics: Arc<AnalyticsService>,
    pub gateway: Arc<Gateway>,
    pub ingest: Arc<Ingest>,
    pub log: EventLog,
    pub tests: Arc<DirectTestService>,
    pub catalog_file: Arc<CatalogFileService>,
    pub users: Arc<UserService>,
    pub own_account: Arc<OwnAccountService>,
}

impl AppState {
    /// The parts on a database whose tables are up to date and whose keys are proved.
    pub fn new(
        settings: Settings,
        site: Site,
        pool: PgPool,
        External { clock, lookup }: External,
        tasks: Tasks,
        keyring: Arc<Keyring>,
        log: EventLog,
    ) -> Result<Self, Error> {
        let account_settings = accounts::AccountSettings {
            public_url: settings.public_url.clone(),
            trusted_proxies: settings.trusted_proxies.clone(),
            sign_up: settings.accounts.sign_up,
            limits: LimitSettings::default(),
        };
        let public_url = settings.public_url.clone();
        let accounts =
            AccountService::new(pool.clone(), clock.clone(), tasks.clone(), keyring.clone(), &account_settings)?;
        let accounts = Arc::new(accounts);
        let allow_list = AllowList::of(settings.private_upstreams.iter().map(HostPort::to_string));
        let client = UpstreamClient::new(ClientSettings { allow_list, lookup, ..ClientSettings::default() })?;
        let catalog = CatalogService::new(pool.clone(), clock.clone(), tasks.clone(), keyring, client.clone());
        let catalog = Arc::new(catalog);
        let hub = Arc::new(RunRegistry::default());
        let executor = Executor::new(pool.clone(), clock.clone(), tasks.clone(), client.clone(), hub, Uuid::now_v7());
        let playground =
            PlaygroundService::new(Arc::new(executor), catalog.clone(), accounts.clone(), public_url.clone());
        let playground = Arc::new(playground);
        let (db, house) = (pool.clone(), playground.clone());
        let share = ShareService::new(db, clock.clone(), accounts.clone(), house, public_url);
        let share = Arc::new(share);
        let templates = TemplateService::new(pool.clone(), clock.clone(), accounts.clone());
        let templates = Arc::new(templates);
        let audit = Arc::new(AuditService::new(pool.clone()));
        let tests = Arc::new(DirectTestService::new(catalog.clone()));
        let catalog_file = Arc::new(CatalogFileService::new(catalog.clone()));
        let public_url = settings.public_url.clone();
        let (db, house) = (pool.clone(), playground.clone());
        let users = UserService::new(db, clock.clone(), tasks.clone(), accounts.clone(), house, public_url);
        let users = Arc::new(users);
        let own_account = Arc::new(OwnAccountService::new(accounts.clone(), users.clone()));
        let keys = Arc::new(KeyService::new(pool.clone(), clock.clone(), tasks.clone(), catalog.clone()));
        let analytics = Arc::new(AnalyticsService::new(pool.clone(), clock.clone(), keys.clone()));
        let leaderboard = Arc::new(LeaderboardService::new(pool.clone(), clock.clone(), tasks.clone()));
        let routing = RoutingService::new(pool.clone(), clock.clone(), catalog.clone(), leaderboard.clone());
        let routing = Arc::new(routing);
        let gateway = Gateway::new(GatewayDeps {
            keys: keys.clone(),
            routing: routing.clone(),
            catalog: catalog.clone(),
            client,
            log: log.clone(),
            clock: clock.clone(),
            tasks: tasks.clone(),
        });
        let ingest_token = settings.litellm_ingest_token.clone();
        let ingest = Ingest::new(ingest_token, log.clone(), catalog.clone(), clock.clone(), tasks.clone());
        Ok(Self {
            settings: Arc::new(settings),
            site,
            pool,
            clock,
            tasks,
            share,
            templates,
            accounts,
            catalog,
            playground,
            keys,
            routing,
            audit,
            leaderboard,
            analytics,
            gateway: Arc::new(gateway),
            ingest: Arc::new(ingest),
            log,
            tests,
            catalog_file,
            users,
            own_account,
        })
    }

    /// What a member can take along.
    pub fn exporter(&self) -> Exporter {
        Exporter {
            clock: self.clock.clone(),
            accounts: self.accounts.clone(),
            playground: self.playground.clone(),
            share: self.share.clone(),
            templates: self.templates.clone(),
            keys: self.keys.clone(),
            routing: self.routing.clone(),
        }
    }

    /// What pages and server functions ask of the server.
    pub fn ports(&self) -> Ports {
        Ports {
            site: Arc::new(SiteInfo {
                name: self.settings.site_name.clone(),
                public_url: self.settings.public_url.origin().to_owned(),
                is_simulated: self.settings.is_demo,
                assets: self.site.assets(),
            }),
            share: self.share.clone(),
            templates: self.templates.clone(),
            account: self.accounts.clone(),
            own_account: self.own_account.clone(),
            catalog: self.catalog.clone(),
            playground: self.playground.clone(),
            leaderboard: self.leaderboard.clone(),
            keys: self.keys.clone(),
            routing: self.routing.clone(),
            analytics: self.analytics.clone(),
            upstreams: self.catalog.clone(),
            models: self.catalog.clone(),
            tests: self.tests.clone(),
            catalog_file: self.catalog_file.clone(),
            users: self.users.clone(),
            audit: self.audit.clone(),
        }
    }
}
