//! The port of the pages that list models.

use async_trait::async_trait;

use crate::{catalog::ModelSummary, error::AppError};

/// The catalogue's port for pages, implemented by the server.
#[async_trait]
pub trait CatalogPort: Send + Sync {
    /// The enabled models of enabled upstreams: featured first, then by name. At most 1,000.
    async fn models(&self) -> Result<Vec<ModelSummary>, AppError>;
}
