//! The ports for administrating the catalogue.

use async_trait::async_trait;

use crate::{
    UpstreamId,
    accounts::Admin,
    catalog::admin::{
        BulkEdit, CatalogDiff, ImportChoice, Listing, ModelEdit, ModelView, Move, PriceProposal, TestEvent, TestReport,
        TestRequest, TestRow, UnsavedTest, UpstreamEdit, UpstreamView,
    },
    error::AppError,
};

/// Upstreams, for admins.
#[async_trait]
pub trait UpstreamsPort: Send + Sync {
    /// All upstreams, by name.
    async fn upstreams(&self, admin: &Admin) -> Result<Vec<UpstreamView>, AppError>;
    /// Creates an upstream, or changes the one with this id.
    async fn save(&self, admin: &Admin, id: Option<UpstreamId>, edit: UpstreamEdit) -> Result<UpstreamView, AppError>;
    /// Deletes an upstream; [`AppError::Conflict`] with the list of its models if there are any.
    async fn delete(&self, admin: &Admin, id: UpstreamId) -> Result<(), AppError>;
    /// The upstream's models whose names contain the filter.
    async fn listing(&self, admin: &Admin, id: UpstreamId, filter: &str) -> Result<Listing, AppError>;
    /// Imports listed models into the catalogue and returns how many were new.
    async fn import(&self, admin: &Admin, id: UpstreamId, choice: ImportChoice) -> Result<u32, AppError>;
}

/// Models, for admins.
#[async_trait]
pub trait ModelsPort: Send + Sync {
    /// All models, in the order of the picker.
    async fn all(&self, admin: &Admin) -> Result<Vec<ModelView>, AppError>;
    /// Creates a model, or changes the one with this slug.
    async fn save(&self, admin: &Admin, slug: Option<&str>, edit: ModelEdit) -> Result<ModelView, AppError>;
    /// Changes several models in one transaction: all of them or none.
    async fn save_all(&self, admin: &Admin, edit: BulkEdit) -> Result<u32, AppError>;
    /// Moves a model within the picker, among those that are equally featured.
    async fn reorder(&self, admin: &Admin, slug: &str, to: Move) -> Result<(), AppError>;
    /// Deletes models. Their usage history is kept.
    async fn delete(&self, admin: &Admin, slugs: &[String]) -> Result<u32, AppError>;
}

/// Receives the events of a test.
pub type Tell = Box<dyn FnMut(TestEvent) + Send>;

/// Direct tests, for admins.
#[async_trait]
pub trait TestsPort: Send + Sync {
    /// Runs a test to its end.
    async fn test(&self, admin: &Admin, slug: &str, request: TestRequest) -> Result<TestReport, AppError>;
    /// The same for values that have not been saved.
    async fn test_values(&self, admin: &Admin, values: UnsavedTest) -> Result<TestReport, AppError>;
    /// Requests one token from every enabled model.
    async fn test_all(&self, admin: &Admin) -> Result<Vec<TestRow>, AppError>;
}

/// The catalogue as a file, for admins.
#[async_trait]
pub trait CatalogFilePort: Send + Sync {
    /// The whole catalogue as TOML, without secrets.
    async fn export(&self, admin: &Admin) -> Result<String, AppError>;
    /// Applies a catalogue file; or, as a dry run, only reports the changes.
    async fn import(&self, admin: &Admin, text: &str, is_dry_run: bool) -> Result<CatalogDiff, AppError>;
    /// Prices in LiteLLM's price file that differ from the catalogue's.
    async fn proposals(&self, admin: &Admin, file: &str) -> Result<Vec<PriceProposal>, AppError>;
    /// Applies proposals in one transaction, all of them or none, and returns their number.
    async fn apply_prices(&self, admin: &Admin, proposals: Vec<PriceProposal>) -> Result<u32, AppError>;
}
