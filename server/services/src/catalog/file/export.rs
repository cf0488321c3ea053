//! Exports the catalogue to a file.

use foundation::error::Error;

use super::{
    CatalogFileService,
    shape::{File, ModelEntry, UpstreamEntry, write},
};
use crate::catalog::repo;

impl CatalogFileService {
    /// The whole catalogue as text; upstreams of demo mode are omitted, since the server registers them at start.
    pub async fn write_file(&self) -> Result<String, Error> {
        let upstreams = repo::all_upstreams(&self.catalog.pool).await?;
        let models = repo::all_models(&self.catalog.pool).await?;
        let simulated: Vec<_> = upstreams.iter().filter(|row| row.is_simulated).map(|row| row.id).collect();
        let file = File {
            upstreams: upstreams
                .into_iter()
                .filter(|row| !row.is_simulated)
                .map(|row| UpstreamEntry {
                    name: row.name,
                    base_url: row.base_url,
                    is_enabled: row.is_enabled,
                    timeout_ms: Some(row.timeout_ms.unsigned_abs()),
                    first_byte_ms: Some(row.first_byte_ms.unsigned_abs()),
                    idle_ms: Some(row.idle_ms.unsigned_abs()),
                })
                .collect(),
            models: models
                .into_iter()
                .filter(|row| !simulated.contains(&row.upstream_id))
                .map(|row| ModelEntry {
                    public_name: row.public_name,
                    slug: row.slug,
                    upstream: row.upstream,
                    upstream_model: row.upstream_model,
                    family: row.family,
                    context_window: row.context_window.map(i32::unsigned_abs),
                    is_featured: row.is_featured,
                    is_enabled: row.is_enabled,
                    input_price_per_million_usd: row.input_price_per_million_usd.map(|p| p.normalize().to_string()),
                    output_price_per_million_usd: row.output_price_per_million_usd.map(|p| p.normalize().to_string()),
                })
                .collect(),
        };
        write(&file)
    }
}
