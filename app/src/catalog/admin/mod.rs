//! What admins see of the catalogue and change in it: upstreams, models, direct tests. Server-rendered pages with plain forms;
//! nothing of it reaches a browser's WebAssembly.

mod api;
mod catalog_page;
mod file_api;
mod file_types;
mod form;
mod import_page;
mod model_page;
mod models_page;
mod port;
mod report;
mod test_page;
mod test_types;
mod types;
mod upstreams_page;

pub use catalog_page::CatalogPage;
pub use file_types::{CatalogDiff, DiffLine, PriceProposal};
pub use import_page::ImportPage;
pub use model_page::{ModelPage, NewModelPage};
pub use models_page::ModelsPage;
pub use port::{CatalogFilePort, ModelsPort, Tell, TestsPort, UpstreamsPort};
pub use test_page::TestPage;
pub use test_types::{
    StageName, StageState, TestEvent, TestReport, TestRequest, TestRow, TestStage, UnsavedTest, Verdict,
};
pub use types::{
    BulkEdit, ImportChoice, LastTest, Listing, ListingEntry, ModelEdit, ModelView, Move, UpstreamEdit, UpstreamView,
};
pub use upstreams_page::{NewUpstreamPage, UpstreamPage, UpstreamsPage};
