//! Everything the server does behind its pages. Each module is one part of the product with the same few files: `service` decides,
//! `repo` holds its SQL, `api` its JSON routes.

pub mod account;
pub mod analytics;
pub mod api;
pub mod audit;
pub mod auth;
pub mod catalog;
mod copies;
pub mod demo;
pub mod export;
pub mod gateway;
pub mod ingest;
pub mod keys;
pub mod leaderboard;
pub mod ops;
pub mod outside;
pub mod people;
pub mod playground;
mod public_url;
pub mod routing;
pub mod seo;
pub mod share;
pub mod templates;
pub mod usage;

pub use public_url::PublicUrl;
