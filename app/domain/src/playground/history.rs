//! The history of a member's comparisons, and its filter.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{ComparisonId, RunId, playground::RunStatus};

/// A comparison as a row of the history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct HistoryEntry {
    pub id: ComparisonId,
    pub created_at: DateTime<Utc>,
    /// The first 200 characters of the prompt, on one line.
    pub prompt_preview: String,
    pub is_shared: bool,
    /// Where it is read, while it is shared.
    pub public_url: Option<String>,
    pub picked_run_id: Option<RunId>,
    pub runs: Vec<HistoryRun>,
}

/// A run as a dot of the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct HistoryRun {
    pub id: RunId,
    pub position: u8,
    pub model: String,
    pub status: RunStatus,
}

/// A filter of the history. An empty field lets everything pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct HistoryFilter {
    /// Words that are all in the prompt, whatever their case.
    pub q: String,
    /// The public name of a model that the prompt was sent to.
    pub model: String,
    /// The status of one of its runs, for example `failed`.
    pub status: String,
    /// `yes`: only what is shared; `no`: only what is not.
    pub shared: String,
}

impl HistoryFilter {
    /// Whether the filter lets everything pass.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a comparison passes the filter, given the whole of its prompt.
    pub fn wants(&self, prompt: &str, entry: &HistoryEntry) -> bool {
        let prompt = if self.q.is_empty() { String::new() } else { prompt.to_lowercase() };
        let has_model = |run: &HistoryRun| self.model.is_empty() || run.model == self.model;
        let has_status = |run: &HistoryRun| self.status.is_empty() || run.status.as_str() == self.status;
        self.q.split_whitespace().all(|word| prompt.contains(&word.to_lowercase()))
            && entry.runs.iter().any(|run| has_model(run) && has_status(run))
            && match self.shared.as_str() {
                "yes" => entry.is_shared,
                "no" => !entry.is_shared,
                _ => true,
            }
    }
}
