//! The public view of a model.

use serde::{Deserialize, Serialize};

use crate::Usd;

/// An enabled model: what it is called, what it can hold and what it costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ModelSummary {
    /// For example `acme/qwen-pro`.
    pub public_name: String,
    /// The name in URLs, for example `acme-qwen-pro`.
    pub slug: String,
    /// For example `Qwen`; unknown is `null`.
    pub family: Option<String>,
    /// In tokens; unknown is `null`.
    pub context_window: Option<u32>,
    /// Whether the operator puts it forward.
    pub is_featured: bool,
    /// US dollars for a million input tokens; unknown is `null`.
    pub input_price_per_million_usd: Option<Usd>,
    /// US dollars for a million output tokens; unknown is `null`.
    pub output_price_per_million_usd: Option<Usd>,
}
