//! The result of importing the catalogue file, and proposed prices.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Usd;

/// What reading a file changes, or would change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CatalogDiff {
    pub lines: Vec<DiffLine>,
    /// Entries of the file that are in the catalogue just so.
    pub unchanged: u32,
}

/// One thing that is made or changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DiffLine {
    /// For example `model acme/qwen-pro`.
    pub subject: String,
    pub is_new: bool,
    /// Fields with their new values.
    pub fields: Vec<String>,
}

/// What LiteLLM's price file says of a model where the catalogue says something else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PriceProposal {
    pub slug: String,
    pub public_name: String,
    /// Under which name the file knows it.
    pub source: String,
    /// Proposed; `null` where it stays as it is.
    pub input_price_per_million_usd: Option<Usd>,
    pub output_price_per_million_usd: Option<Usd>,
    pub context_window: Option<u32>,
    /// As it stands.
    pub now_input_price_per_million_usd: Option<Usd>,
    pub now_output_price_per_million_usd: Option<Usd>,
    pub now_context_window: Option<u32>,
}
