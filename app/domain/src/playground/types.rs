//! A comparison and its runs, as pages and the JSON API show them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{ComparisonId, RunId, Usd};

/// What a member asks for: the body of `POST /api/playground`. Its rules are in [`ComparisonRequest::check`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ComparisonRequest {
    /// 1 to 50,000 characters (Unicode scalar values).
    pub prompt: String,
    /// 1 to 4 public names; the same model twice is allowed.
    pub models: Vec<String>,
    /// At most 50,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_prompt: Option<String>,
    #[serde(default)]
    pub parameters: Parameters,
    /// By position: what a card is asked with in place of `parameters`. `null` or missing: the shared ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub card_parameters: Vec<Option<Parameters>>,
}

/// Sampling parameters. What is unset is not sent upstream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// 0 to 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// 1 to the model's limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
}

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
        self.runs.iter().all(|run| run.status.is_ended())
    }
}

/// One model's answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Run {
    pub id: RunId,
    /// 0 to 3; shown as A to D.
    pub position: u8,
    /// The model's public name when it was asked.
    pub model: String,
    pub status: RunStatus,
    /// What it was asked with, where that is not the comparison's own.
    pub parameters: Option<Parameters>,
    /// What a reasoning model thought before it answered, where the upstream says so.
    pub reasoning_content: Option<String>,
    /// What came back, also the part that came before a failure. `null` while nothing has.
    pub response_content: Option<String>,
    /// The upstream's own word, for example `stop` or `length`.
    pub finish_reason: Option<String>,
    pub error: Option<RunError>,
    /// From sending the upstream request to its last byte, in milliseconds.
    pub latency_ms: Option<u64>,
    /// To the first non-empty piece of the answer, in milliseconds.
    pub ttft_ms: Option<u64>,
    /// The upstream's own count; `null` where it gave none.
    pub tokens_in: Option<u64>,
    /// The upstream's own count; `null` where it gave none.
    pub tokens_out: Option<u64>,
    /// Output tokens divided by the time from the first token to the last, one decimal.
    pub tokens_per_second: Option<f64>,
    /// What the member was charged: always 0.
    pub cost_usd: Usd,
    /// What the call costs at list price; `null` where a price or a count is unknown.
    pub list_cost_usd: Option<Usd>,
}

impl Run {
    /// The answer and the reasoning before it, where the run has ended with one.
    pub fn ended_answer(&self) -> Option<(&str, Option<&str>)> {
        let answer = self.response_content.as_deref().filter(|_| self.status.is_ended())?;
        Some((answer, self.reasoning_content.as_deref()))
    }

    /// A run that has not begun.
    pub fn queued(id: RunId, position: u8, model: impl Into<String>) -> Self {
        Self {
            id,
            position,
            model: model.into(),
            status: RunStatus::Queued,
            parameters: None,
            reasoning_content: None,
            response_content: None,
            finish_reason: None,
            error: None,
            latency_ms: None,
            ttft_ms: None,
            tokens_in: None,
            tokens_out: None,
            tokens_per_second: None,
            cost_usd: Usd::zero(),
            list_cost_usd: None,
        }
    }
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    Queued,
    Running,
    Succeeded,
    Failed,
    Cancelled,
    Interrupted,
}

impl RunStatus {
    /// Whether nothing more will happen.
    pub fn is_ended(self) -> bool {
        !matches!(self, RunStatus::Queued | RunStatus::Running)
    }

    /// How far the run has come, in a word for people.
    pub fn label(self) -> &'static str {
        match self {
            RunStatus::Queued => "Waiting",
            RunStatus::Running => "Answering",
            RunStatus::Succeeded => "Done",
            RunStatus::Failed => "Failed",
            RunStatus::Cancelled => "Stopped",
            RunStatus::Interrupted => "Interrupted",
        }
    }

    /// The word in JSON and in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            RunStatus::Queued => "queued",
            RunStatus::Running => "running",
            RunStatus::Succeeded => "succeeded",
            RunStatus::Failed => "failed",
            RunStatus::Cancelled => "cancelled",
            RunStatus::Interrupted => "interrupted",
        }
    }
}

/// Why a run did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct RunError {
    /// Stable code, for example `rate_limited`.
    pub code: String,
    /// One or two plain sentences: what happened and what to do.
    pub message: String,
    /// Seconds the upstream asked to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
}

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

/// Which answer a member prefers: the body of `POST /api/playground/{id}/pick`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PickRequest {
    pub run_id: RunId,
}

/// Which part of the history is wanted. What is empty does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct HistoryFilter {
    /// Words that are all in the prompt, whatever their case.
    pub q: String,
    /// The public name of a model that was asked.
    pub model: String,
    /// How one of its runs stands, for example `failed`.
    pub status: String,
    /// `yes`: only what is shared; `no`: only what is not.
    pub shared: String,
}

impl HistoryFilter {
    /// Whether everything is wanted.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a comparison is wanted, given the whole of its prompt.
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

/// A run that has not begun, for tests.
#[cfg(test)]
pub(super) fn queued(position: u8, model: &str) -> Run {
    Run::queued(RunId(uuid::Uuid::nil()), position, model)
}
