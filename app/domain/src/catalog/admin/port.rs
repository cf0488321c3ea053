//! What admins' pages ask of the catalogue.

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
    /// All of them, by name.
    async fn upstreams(&self, admin: &Admin) -> Result<Vec<UpstreamView>, AppError>;
    /// Makes one, or changes the one of this id.
    async fn save(&self, admin: &Admin, id: Option<UpstreamId>, edit: UpstreamEdit) -> Result<UpstreamView, AppError>;
    /// Deletes one; [`AppError::Conflict`] with the list while models use it.
    async fn delete(&self, admin: &Admin, id: UpstreamId) -> Result<(), AppError>;
    /// What it lists, as far as that contains the filter.
    async fn listing(&self, admin: &Admin, id: UpstreamId, filter: &str) -> Result<Listing, AppError>;
    /// Takes listed models into the catalogue and says how many were new.
    async fn import(&self, admin: &Admin, id: UpstreamId, choice: ImportChoice) -> Result<u32, AppError>;
}

/// Models, for admins.
#[async_trait]
pub trait ModelsPort: Send + Sync {
    /// All of them, in the order of the picker.
    async fn all(&self, admin: &Admin) -> Result<Vec<ModelView>, AppError>;
    /// Makes one, or changes the one of this slug.
    async fn save(&self, admin: &Admin, slug: Option<&str>, edit: ModelEdit) -> Result<ModelView, AppError>;
    /// Changes several at once: all of them or, where one is refused, none.
    async fn save_all(&self, admin: &Admin, edit: BulkEdit) -> Result<u32, AppError>;
    /// Moves one within the picker, among those that are featured as it is.
    async fn reorder(&self, admin: &Admin, slug: &str, to: Move) -> Result<(), AppError>;
    /// Deletes these. What they were asked and what that cost stays.
    async fn delete(&self, admin: &Admin, slugs: &[String]) -> Result<u32, AppError>;
}

/// Is told what happens during a test.
pub type Tell = Box<dyn FnMut(TestEvent) + Send>;

/// Direct tests, for admins.
#[async_trait]
pub trait TestsPort: Send + Sync {
    /// Tests a model to the end.
    async fn test(&self, admin: &Admin, slug: &str, request: TestRequest) -> Result<TestReport, AppError>;
    /// The same for values that have not been saved.
    async fn test_values(&self, admin: &Admin, values: UnsavedTest) -> Result<TestReport, AppError>;
    /// Asks every enabled model for one token.
    async fn test_all(&self, admin: &Admin) -> Result<Vec<TestRow>, AppError>;
}

/// The catalogue as a file, for admins.
#[async_trait]
pub trait CatalogFilePort: Send + Sync {
    /// The whole catalogue as TOML, without secrets.
    async fn export(&self, admin: &Admin) -> Result<String, AppError>;
    /// Reads such a file, or only says what that would change.
    async fn import(&self, admin: &Admin, text: &str, is_dry_run: bool) -> Result<CatalogDiff, AppError>;
    /// What LiteLLM's price file says of models here where the catalogue says something else.
    async fn proposals(&self, admin: &Admin, file: &str) -> Result<Vec<PriceProposal>, AppError>;
    /// Takes proposals over, all of them or none, and returns how many.
    async fn apply_prices(&self, admin: &Admin, proposals: Vec<PriceProposal>) -> Result<u32, AppError>;
}
