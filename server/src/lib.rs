//! Quadrille's server. All of it is in this library and not in the binary, so that the integration tests run the same router
//! and the same background jobs on a real database.

pub mod cli;
pub mod config;
pub mod jobs;
pub mod listen;
pub mod router;
pub mod state;
pub mod storage;
pub mod telemetry;
pub mod web;
