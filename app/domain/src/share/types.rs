//! What is shared, and what its owner requests.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::playground::{Parameters, RunResult};

/// The body of `POST /api/playground/{id}/share`; everything is shared where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ShareRequest {
    /// The cards to show, by position (0 to 3). All of them where it is left out.
    pub positions: Option<Vec<u8>>,
    /// Whether readers are not shown the system prompt.
    pub hide_system_prompt: bool,
    /// Makes another link; the one before stops working for good. Without it a comparison keeps the link it had.
    pub new_link: bool,
}

/// Where a shared comparison is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ShareLink {
    pub share_slug: String,
    pub public_url: String,
}

/// A shared comparison: what was there when it was shared. Nothing in it leads back to its owner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SharedComparison {
    pub share_slug: String,
    pub public_url: String,
    pub shared_at: DateTime<Utc>,
    #[serde(flatten)]
    pub content: SharedContent,
}

/// The snapshot itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SharedContent {
    /// When the comparison was made.
    pub created_at: DateTime<Utc>,
    pub prompt: String,
    /// `null` where there is none or it is not shown.
    pub system_prompt: Option<String>,
    pub parameters: Parameters,
    /// The position of the answer that the owner picked, if it is shown.
    pub picked_position: Option<u8>,
    /// One to four, by position.
    pub runs: Vec<SharedRun>,
}

/// One model's answer, without its id. Everything else is as in a member's own comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SharedRun {
    pub position: u8,
    pub model: String,
    #[serde(flatten)]
    pub result: RunResult,
}
