//! A run: one model's part of a comparison, from its parameters to its metrics.

use serde::{Deserialize, Serialize};

use super::{Parameters, RunNote};
use crate::{RunId, Usd};

/// One model's answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Run {
    pub id: RunId,
    /// 0 to 3; shown as A to D.
    pub position: u8,
    /// The model's public name at the time of the run.
    pub model: String,
    #[serde(flatten)]
    pub result: RunResult,
}

/// What a run was sent with and what came of it: all of a run that does not identify it. The same in a member's own
/// comparison and in a shared one. In JSON its fields stand beside those of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct RunResult {
    pub status: RunStatus,
    /// The sampling parameters it was sent with, where they differ from the comparison's.
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
    /// What differs from what was asked for: parameters that the model does not take, and the like.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<RunNote>,
}

impl Run {
    /// A run that has not begun.
    pub fn queued(id: RunId, position: u8, model: impl Into<String>) -> Self {
        Self { id, position, model: model.into(), result: RunResult::default() }
    }

    /// Whether nothing more will happen.
    pub fn is_ended(&self) -> bool {
        self.result.status.is_ended()
    }

    /// The answer and the reasoning before it, where the run has ended with one.
    pub fn ended_answer(&self) -> Option<(&str, Option<&str>)> {
        let answer = self.result.response_content.as_deref().filter(|_| self.is_ended())?;
        Some((answer, self.result.reasoning_content.as_deref()))
    }
}

impl Default for RunResult {
    /// Of a run that has not begun.
    fn default() -> Self {
        Self {
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
            notes: Vec::new(),
        }
    }
}

/// The state of a run.
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
    /// Every status, in the order of a run's life.
    pub const ALL: [Self; 6] =
        [Self::Queued, Self::Running, Self::Succeeded, Self::Failed, Self::Cancelled, Self::Interrupted];

    /// Whether nothing more will happen.
    pub fn is_ended(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }

    /// The status in a word for users.
    pub fn label(self) -> &'static str {
        match self {
            Self::Queued => "Waiting",
            Self::Running => "Answering",
            Self::Succeeded => "Done",
            Self::Failed => "Failed",
            Self::Cancelled => "Stopped",
            Self::Interrupted => "Interrupted",
        }
    }

    /// The word in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }

    /// The status of a word that [`Self::as_str`] gives; `None` for any other.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
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

/// A run with this result, for tests.
#[cfg(test)]
pub(super) fn with_result(position: u8, result: RunResult) -> Run {
    Run { result, ..Run::queued(RunId(uuid::Uuid::nil()), position, "a/b") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_a_result_stand_in_the_json_of_its_run_in_their_order() {
        let result = RunResult {
            status: RunStatus::Succeeded,
            parameters: Some(Parameters { temperature: Some(0.5), ..Parameters::default() }),
            response_content: Some("Hi".into()),
            latency_ms: Some(u64::MAX),
            tokens_per_second: Some(13.4),
            list_cost_usd: Some(Usd("0.000029".into())),
            ..RunResult::default()
        };
        let run = with_result(2, result);
        let json = r#"{"id":"00000000-0000-0000-0000-000000000000","position":2,"model":"a/b","status":"succeeded","parameters":{"temperature":0.5},"reasoning_content":null,"response_content":"Hi","finish_reason":null,"error":null,"latency_ms":18446744073709551615,"ttft_ms":null,"tokens_in":null,"tokens_out":null,"tokens_per_second":13.4,"cost_usd":"0","list_cost_usd":"0.000029"}"#;
        assert_eq!(serde_json::to_string(&run).expect("json"), json);
        assert_eq!(serde_json::from_str::<Run>(json).expect("a run"), run);
    }

    #[test]
    fn every_status_is_read_from_its_word_which_is_that_of_its_json() {
        for status in RunStatus::ALL {
            assert_eq!(RunStatus::parse(status.as_str()), Some(status));
            assert_eq!(serde_json::to_value(status).expect("json"), status.as_str());
        }
        assert_eq!(RunStatus::parse("Done"), None);
    }
}
