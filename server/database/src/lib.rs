//! The database: one connection pool, on the Postgres that `DATABASE_URL` names or on an embedded one that Quadrille starts.

mod data_dir;
mod database;
mod embedded;
mod migrate;
mod notices;
mod pool;
mod repo;
mod settings;

pub use data_dir::create_data_dir;
pub use database::{Database, Purpose};
pub use embedded::{Binaries, find_binaries};
pub use migrate::{MIGRATOR, pending_migrations};
pub use notices::{Listener, Notice, listen_forever};
pub use pool::is_alive;
pub use settings::{DatabaseSettings, EmbeddedSettings};
