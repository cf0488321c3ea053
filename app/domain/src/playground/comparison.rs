//! A comparison as pages and the JSON API show it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    ComparisonId, RunId,
    playground::{Parameters, Run},
};

/// A comparison with its runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Comparison {
    pub id: ComparisonId,
    pub created_at: DateTime<Utc>,
    pub prompt: String,
    pub system_prompt: Option<String>,
    pub parameters: Parameters,
    pub is_shared: bool,
    pub share_slug: Option<String>,
    pub public_url: Option<String>,
    pub picked_run_id: Option<RunId>,
    /// One to four, by position.
    pub runs: Vec<Run>,
}

impl Comparison {
    /// Whether every run has ended.
    pub fn is_finished(&self) -> bool {
        self.runs.iter().all(Run::is_ended)
    }
}
