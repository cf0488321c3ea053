//! What a model does not take, as admins see it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A field of the request that a model does not take as this site sends it, learned from a refusal. Calls of this site are sent
/// accordingly for a week; then the field is tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AdjustmentView {
    /// The field, for example `stream_options`.
    pub field: String,
    /// `omitted`, `renamed` or `not_streamed`.
    pub change: String,
    /// The upstream's own words, redacted.
    pub words: Option<String>,
    pub learned_at: DateTime<Utc>,
}

impl AdjustmentView {
    /// What the model does, for a sentence of which the model is the subject.
    pub fn in_words(&self) -> String {
        adjustment_words(&self.field, &self.change)
    }
}

/// What a model does that takes a field only with this change, for a sentence of which the model is the subject.
pub fn adjustment_words(field: &str, change: &str) -> String {
    match change {
        "renamed" => "takes max_completion_tokens in place of max_tokens".into(),
        "not_streamed" => "does not stream".into(),
        _ => format!("does not take {field}"),
    }
}
