//! Everything the server does behind its pages. Each module is one part of the product with the same few files: `service` decides,
//! `repo` holds its SQL, `api` its JSON routes.

pub mod accounts;
pub mod analytics;
pub mod api;
pub mod audit;
pub mod catalog;
pub mod demo;
pub mod export;
pub mod external;
pub mod gateway;
pub mod ingest;
pub mod keys;
pub mod leaderboard;
pub mod ops;
pub mod playground;
mod public_url;
pub mod routing;
mod row_cache;
pub mod seo;
pub mod share;
mod spreadsheet;
pub mod templates;
pub mod usage;
pub mod users;

pub use public_url::PublicUrl;
