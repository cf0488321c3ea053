//! Constructors of the services that commands use by themselves, from the settings and the runtime.

use std::sync::Arc;

use crypto::Keyring;
use foundation::error::Error;
use services::{
    accounts::{AccountService, AccountSettings, LimitSettings},
    catalog::CatalogService,
};
use upstream::{AllowList, ClientSettings, Lookup, UpstreamClient};

use super::Runtime;
use crate::config::{HostPort, Settings};

/// Members, sign-ins and administrators.
pub(crate) fn account_service(
    settings: &Settings,
    runtime: &Runtime,
    keyring: Arc<Keyring>,
) -> Result<AccountService, Error> {
    let account_settings = AccountSettings {
        public_url: settings.public_url.clone(),
        trusted_proxies: settings.trusted_proxies.clone(),
        sign_up: settings.accounts.sign_up,
        limits: LimitSettings::default(),
    };
    let Runtime { pool, clock, tasks, .. } = runtime.clone();
    AccountService::new(pool, clock, tasks, keyring, &account_settings)
}

/// Upstreams and models.
pub(crate) fn catalog_service(runtime: &Runtime, keyring: Arc<Keyring>, client: UpstreamClient) -> CatalogService {
    let Runtime { pool, clock, tasks, .. } = runtime.clone();
    CatalogService::new(pool, clock, tasks, keyring, client)
}

/// The client that calls upstreams. Private addresses are reachable only where the settings allow them.
pub(crate) fn upstream_client(settings: &Settings, lookup: Arc<dyn Lookup>) -> Result<UpstreamClient, Error> {
    let allow_list = AllowList::of(settings.private_upstreams.iter().map(HostPort::to_string));
    UpstreamClient::new(ClientSettings { allow_list, lookup, ..ClientSettings::default() })
}
