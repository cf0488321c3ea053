//! The encrypted fields of comparisons and runs: each text is bound to its table, column and row.

use crypto::Field;
use domain::{ComparisonId, RunId};

/// A comparison's prompt.
pub(super) fn prompt(id: ComparisonId) -> Field {
    Field { table: "playground_sessions", column: "prompt_ct", row: id.0 }
}

/// A comparison's system prompt.
pub(super) fn system_prompt(id: ComparisonId) -> Field {
    Field { table: "playground_sessions", column: "system_prompt_ct", row: id.0 }
}

/// A run's answer.
pub(super) fn response(id: RunId) -> Field {
    Field { table: "playground_runs", column: "response_ct", row: id.0 }
}

/// A run's reasoning.
pub(super) fn reasoning(id: RunId) -> Field {
    Field { table: "playground_runs", column: "reasoning_ct", row: id.0 }
}

/// The sentence about a run's failure.
pub(super) fn error(id: RunId) -> Field {
    Field { table: "playground_runs", column: "error_detail_ct", row: id.0 }
}
