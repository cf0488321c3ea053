//! Connecting the simulated upstream of demo mode.

use foundation::error::Error;

use super::{CatalogService, ModelEntry, UpstreamEntry};
use crate::demo;

const NAME: &str = "simulated";

/// Starts the simulated upstream and registers it with its models.
pub async fn connect_demo(catalog: &CatalogService) -> Result<(), Error> {
    let upstream = demo::start(&catalog.tasks).await?;
    let entry = UpstreamEntry {
        name: NAME.into(),
        base_url: upstream.base_url,
        api_key: None,
        allow_private: true,
        is_simulated: true,
    };
    let id = catalog.register_upstream(entry).await?;
    let models = demo::models().into_iter().map(|model| ModelEntry {
        upstream_model: model.name.to_owned(),
        family: Some(model.family.to_owned()),
        context_window: i32::try_from(model.context_window).ok(),
        input_price_per_million_usd: Some(model.input_price_per_million_usd),
        output_price_per_million_usd: Some(model.output_price_per_million_usd),
    });
    catalog.register_models(id, NAME.into(), models.collect()).await?;
    Ok(())
}
