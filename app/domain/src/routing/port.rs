//! The port for routing.

use async_trait::async_trait;

use crate::{
    accounts::Viewer,
    error::AppError,
    routing::{Measured, Route, RouteRequest},
};

/// Operations on the list for `auto`, implemented by the server.
#[async_trait]
pub trait RoutingPort: Send + Sync {
    /// The member's saved list.
    async fn route(&self, viewer: &Viewer) -> Result<Route, AppError>;
    /// Measurements of the last seven days. Models without requests are missing.
    async fn measured(&self) -> Result<Vec<Measured>, AppError>;
    /// Replaces the member's list.
    async fn save(&self, viewer: &Viewer, request: RouteRequest) -> Result<Route, AppError>;
}
