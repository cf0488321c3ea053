//! Registers the upstreams that the configuration names: the simulated one in demo mode, and the operator's own.
//!
//! - Interval: once, before the server accepts requests. If the operator's upstream does not answer within 5 s, its models
//!   are imported in the background, retrying every 15 s until the first success.
//! - Loses nothing: registering is idempotent and repeated at every start. Models that the upstream adds later are not
//!   imported by themselves.
//! - The background import stops on the `stopping` token.

use std::sync::Arc;

use foundation::error::Error;
use services::catalog::{CatalogService, UpstreamEntry, connect, connect_demo};

use crate::config::Settings;

/// # Errors
/// Where the database fails, or the simulated upstream cannot be started. An upstream that does not answer is no error.
pub(crate) async fn register_upstreams(settings: &Settings, catalog: &Arc<CatalogService>) -> Result<(), Error> {
    match settings.is_demo {
        true => connect_demo(catalog).await?,
        false => catalog.disable_simulated().await?,
    }
    let Some(upstream) = &settings.upstream else { return Ok(()) };
    let entry = UpstreamEntry {
        name: upstream.name.clone(),
        base_url: upstream.url.to_string(),
        api_key: upstream.key.clone(),
        // The operator configured it, so it may have a private address.
        allow_private: true,
        is_simulated: false,
    };
    connect(catalog, entry).await
}
