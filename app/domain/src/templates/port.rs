//! What the playground asks of the server about templates.

use async_trait::async_trait;

use crate::{accounts::Viewer, error::AppError, templates::Template};

/// The room's port, implemented by the server.
#[async_trait]
pub trait TemplatePort: Send + Sync {
    /// The member's own, oldest first; at most 100.
    async fn templates(&self, viewer: &Viewer) -> Result<Vec<Template>, AppError>;
}
