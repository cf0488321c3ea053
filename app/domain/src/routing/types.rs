//! A member's list of models for `auto`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How a model is chosen from the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// The first that answers, from the top.
    #[default]
    Priority,
}

/// The list as it is saved; empty where none was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Route {
    pub strategy: Strategy,
    /// Public names, the first to be asked first.
    pub models: Vec<String>,
    /// `null`: nothing was saved yet.
    pub updated_at: Option<DateTime<Utc>>,
}

/// The list as it is to be: the body of `PUT /api/routing`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RouteRequest {
    /// At most 20 public names, each once; none switches `auto` off.
    pub models: Vec<String>,
    #[serde(default)]
    pub strategy: Strategy,
}

/// How a model did in the last seven days, over all requests of this site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Its public name.
    pub model: String,
    pub requests: u64,
    /// 0 to 1; `None` without requests.
    pub success_rate: Option<f64>,
    /// What callers waited; `None` without successes.
    pub p95_latency_ms: Option<u64>,
}
