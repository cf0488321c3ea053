//! Quadrille's server. `main.rs` reads the command line; everything else is here, so that the integration tests run the
//! very same router on a real database.

pub mod analytics;
pub mod api;
pub mod audit;
pub mod auth;
pub mod boot;
pub mod catalog;
pub mod catalog_command;
pub mod clock;
pub mod config;
pub mod copies;
pub mod crypto;
pub mod db;
pub mod demo;
pub mod doctor;
pub mod error;
pub mod eventlog;
pub mod gateway;
pub mod ingest;
pub mod keys;
pub mod leaderboard;
pub mod listen;
pub mod ops;
pub mod people;
pub mod playground;
pub mod router;
pub mod routing;
pub mod seo;
pub mod shutdown;
pub mod state;
pub mod telemetry;
pub mod upstream;
pub mod usage;
pub mod web;

pub mod export;
pub mod share;
pub mod templates;
