//! The arranged list, as a browser posts it to `/routing`.

use domain::error::AppError;

/// A list that was posted and could not be saved. Provided as context to the page that answers.
#[derive(Clone)]
pub struct PostedRoute {
    pub models: Vec<String>,
    pub error: AppError,
}
