//! What the playground requests from the server about templates.

use async_trait::async_trait;

use crate::{accounts::Viewer, error::AppError, templates::Template};

/// Templates, implemented by the server.
#[async_trait]
pub trait TemplatePort: Send + Sync {
    /// The member's own templates, oldest first; at most 100.
    async fn templates(&self, viewer: &Viewer) -> Result<Vec<Template>, AppError>;
}
