//! The rows that the statements on comparisons and runs take and return.

use chrono::{DateTime, Utc};
use domain::{ComparisonId, RunId, UserId, playground::RunStatus};
use rust_decimal::Decimal;
use uuid::Uuid;

/// A comparison as it is stored.
pub(in crate::playground) struct SessionRow {
    pub id: Uuid,
    pub prompt_ct: Vec<u8>,
    pub system_prompt_ct: Option<Vec<u8>>,
    pub parameters: serde_json::Value,
    pub share_slug: Option<String>,
    pub shared_at: Option<DateTime<Utc>>,
    pub picked_run_id: Option<Uuid>,
    pub created_at: DateTime<Utc>,
}

/// A run as it is stored.
pub(in crate::playground) struct RunRow {
    pub id: Uuid,
    pub position: i16,
    pub model_public_name: String,
    pub status: String,
    pub parameters: Option<serde_json::Value>,
    pub reasoning_ct: Option<Vec<u8>>,
    pub response_ct: Option<Vec<u8>>,
    pub error_code: Option<String>,
    pub error_detail_ct: Option<Vec<u8>>,
    pub retry_after_s: Option<i32>,
    pub finish_reason: Option<String>,
    pub tokens_in: Option<i64>,
    pub tokens_out: Option<i64>,
    pub latency_ms: Option<i64>,
    pub ttft_ms: Option<i64>,
    pub cost_usd: Decimal,
    pub list_cost_usd: Option<Decimal>,
    pub notes: Option<serde_json::Value>,
}

/// The part of a run that the history shows.
pub(in crate::playground) struct HistoryRunRow {
    pub session_id: Uuid,
    pub id: Uuid,
    pub position: i16,
    pub model_public_name: String,
    pub status: String,
}

/// What a heartbeat learns about other processes.
pub(in crate::playground) struct Renewed {
    /// Cancelling the run was requested.
    pub is_cancelled: bool,
    /// Another process has started another run of the comparison since.
    pub has_other_owner: bool,
}

/// What came of writing the only ending of a run.
pub(in crate::playground) enum Finish {
    Written,
    /// Written, and another process has started another run of the comparison meanwhile.
    WrittenBesideOther,
    /// Not written: the run was reaped or deleted, or the database could not be reached for too long.
    NotWritten,
}

/// A run that was to be picked, with its status.
pub(in crate::playground) struct PickedRow {
    pub session_id: Uuid,
    pub model_public_name: String,
    pub status: String,
}

/// A comparison to be inserted.
pub(in crate::playground) struct NewSession {
    pub id: ComparisonId,
    pub user: UserId,
    pub prompt_ct: Vec<u8>,
    pub system_prompt_ct: Option<Vec<u8>>,
    pub parameters: serde_json::Value,
    pub created_at: DateTime<Utc>,
}

/// A run to be inserted.
pub(in crate::playground) struct NewRun<'a> {
    pub id: RunId,
    pub position: i16,
    pub model_public_name: &'a str,
    pub upstream_model: &'a str,
    pub parameters: Option<serde_json::Value>,
}

/// Which process works on a run, and when that expires unless it is renewed.
#[derive(Clone, Copy)]
pub(in crate::playground) struct Lease {
    pub owner: Uuid,
    pub until: DateTime<Utc>,
}

/// The result of a run that has ended.
pub(in crate::playground) struct Ending {
    pub status: RunStatus,
    pub response_ct: Option<Vec<u8>>,
    pub reasoning_ct: Option<Vec<u8>>,
    pub error_code: Option<String>,
    pub error_detail_ct: Option<Vec<u8>>,
    pub retry_after_s: Option<i32>,
    pub finish_reason: Option<String>,
    pub tokens_in: Option<i64>,
    pub tokens_out: Option<i64>,
    pub latency_ms: Option<i64>,
    pub ttft_ms: Option<i64>,
    pub list_cost_usd: Option<Decimal>,
    pub notes: Option<serde_json::Value>,
    pub finished_at: DateTime<Utc>,
}
