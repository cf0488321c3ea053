//! What is the same for every event of an answer.

use upstream::completion::{Identity, Secrets};

/// How an answer is rewritten.
#[derive(Debug)]
pub(in crate::gateway) struct RewriteSettings {
    /// The id of the request and the time of its arrival, for answers that have none.
    pub id: String,
    pub created: i64,
    pub public_name: String,
    /// Whether chunks that carry only token counts are removed.
    pub strips_usage: bool,
    /// Choices that were requested (`n`).
    pub expected_choices: usize,
    pub secrets: Secrets,
}

impl RewriteSettings {
    pub(in crate::gateway) fn identity(&self) -> Identity<'_> {
        Identity { id: &self.id, created: self.created, model: &self.public_name }
    }
}
