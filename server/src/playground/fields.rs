//! Where in the database each encrypted text of a comparison belongs.

use app::domain::{ComparisonId, RunId};

use crate::crypto::Field;

/// A comparison's prompt.
pub fn prompt(id: ComparisonId) -> Field {
    Field { table: "playground_sessions", column: "prompt_ct", row: id.0 }
}

/// A comparison's system prompt.
pub fn system_prompt(id: ComparisonId) -> Field {
    Field { table: "playground_sessions", column: "system_prompt_ct", row: id.0 }
}

/// A run's answer.
pub fn response(id: RunId) -> Field {
    Field { table: "playground_runs", column: "response_ct", row: id.0 }
}

/// What a run's model thought.
pub fn reasoning(id: RunId) -> Field {
    Field { table: "playground_runs", column: "reasoning_ct", row: id.0 }
}

/// The sentence about a run's failure.
pub fn error(id: RunId) -> Field {
    Field { table: "playground_runs", column: "error_detail_ct", row: id.0 }
}
