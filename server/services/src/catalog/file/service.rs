//! The service behind export, import and price proposals.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    accounts::Admin,
    catalog::admin::{CatalogDiff, CatalogFilePort, PriceProposal},
    error::AppError,
};

use crate::{audit::Actor, catalog::CatalogService};

/// The catalogue as a file.
#[derive(Clone)]
pub struct CatalogFileService {
    pub(super) catalog: Arc<CatalogService>,
}

impl CatalogFileService {
    /// A service over this catalogue.
    pub fn new(catalog: Arc<CatalogService>) -> Self {
        Self { catalog }
    }
}

#[async_trait]
impl CatalogFilePort for CatalogFileService {
    async fn export(&self, _: &Admin) -> Result<String, AppError> {
        Ok(self.write_file().await?)
    }

    async fn import(&self, admin: &Admin, text: &str, is_dry_run: bool) -> Result<CatalogDiff, AppError> {
        Ok(self.read_file(&Actor::from(admin), text, is_dry_run).await?)
    }

    async fn proposals(&self, _: &Admin, file: &str) -> Result<Vec<PriceProposal>, AppError> {
        Ok(self.propose(file.as_bytes()).await?)
    }

    async fn apply_prices(&self, admin: &Admin, proposals: Vec<PriceProposal>) -> Result<u32, AppError> {
        Ok(self.take_over(&Actor::from(admin), proposals).await?)
    }
}
