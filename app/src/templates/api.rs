//! The server function that the playground's page calls while it is rendered. Changes go through `/api/templates`.

use domain::{
    error::AppError,
    templates::{Template, TemplatePort},
};

use crate::host;

/// The member's own templates.
pub fn own_templates() -> impl Future<Output = Result<Vec<Template>, AppError>> + Send + 'static {
    let templates = host::service::<dyn TemplatePort>();
    let viewer = host::viewer();
    async move { templates?.templates(&viewer?).await }
}
