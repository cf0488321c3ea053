//! Quadrille's server. `main.rs` reads the command line; everything else is here, so that the integration tests run the
//! very same router on a real database.

pub mod boot;
pub mod catalog_command;
pub mod config;
pub mod doctor;
pub mod listen;
pub mod router;
pub mod state;
pub mod telemetry;
pub mod web;
