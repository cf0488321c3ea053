//! The catalogue: upstreams and the models they serve. The operator's environment registers some at start, admins manage all;
//! pages and programs list them, and playground and gateway resolve model names with it.

mod adjustments;
mod admin;
mod api;
mod connect;
mod connect_demo;
mod direct_test;
mod file;
mod headers;
mod health;
mod names;
mod pricing;
mod probes;
mod register;
mod repo;
mod service;
mod slug;
mod unknown;

pub use admin::{AdminModelsDoc, AdminUpstreamsDoc, models_router, upstreams_router};
pub use api::{CatalogDoc, router};
pub use connect::connect;
pub use connect_demo::connect_demo;
pub use direct_test::{DirectTestDoc, DirectTestService, router as tests_router};
pub use file::{CatalogFileDoc, CatalogFileService, router as file_router};
pub use health::{HealthTracker, keep_health_forever};
pub use pricing::Prices;
pub use probes::NamedProbe;
pub use register::{ModelEntry, UpstreamEntry};
pub use service::{CallableModel, CatalogService};
pub use slug::slug;
