//! What the routing page asks of the server.

use async_trait::async_trait;

use crate::{
    accounts::Viewer,
    error::AppError,
    routing::{Measured, Route, RouteRequest},
};

/// The room's port, implemented by the server.
#[async_trait]
pub trait RoutingPort: Send + Sync {
    /// The member's list as it is saved.
    async fn route(&self, viewer: &Viewer) -> Result<Route, AppError>;
    /// How models did in the last seven days. Those without requests are missing.
    async fn measured(&self) -> Result<Vec<Measured>, AppError>;
    /// Saves the member's list, whole.
    async fn save(&self, viewer: &Viewer, request: RouteRequest) -> Result<Route, AppError>;
}
