//! Administration of the catalogue: upstreams, models, direct tests, the catalogue file.

mod adjustment;
mod file_types;
mod health;
mod key;
mod limits;
mod port;
mod test_types;
mod types;

pub use adjustment::{AdjustmentView, adjustment_words};
pub use file_types::{CatalogDiff, DiffLine, PriceProposal};
pub use health::{HealthState, ModelHealth};
pub use key::{KeyError, clean_key};
pub use limits::{FIRST_OUTPUT, MAX_LIMIT_MS, MIN_LIMIT_MS, SILENCE, TimeLimit, WHOLE};
pub use port::{CatalogFilePort, ModelsPort, Tell, TestsPort, UpstreamsPort};
pub use test_types::{
    StageName, StageState, TestEvent, TestReport, TestRequest, TestRow, TestStage, UnsavedTest, Verdict,
};
pub use types::{
    BulkEdit, ImportChoice, LastTest, Listing, ListingEntry, ModelEdit, ModelView, Move, UpstreamEdit, UpstreamView,
};
