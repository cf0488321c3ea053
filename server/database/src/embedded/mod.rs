//! A private Postgres in the data directory: made at the first start, reachable through a socket in a closed folder alone,
//! supervised while we run, stopped when we stop.
//!
//! One process owns the data directory, by a lock that the system releases when that process dies, however it dies. Its
//! Postgres survives a `kill -9`; the next owner recognises it by its pid file and command line, stops it and starts its own.
#![expect(
    clippy::disallowed_methods,
    reason = "files are touched at start-up, before anything is served, and by the supervisor of a Postgres that is down"
)]

mod binaries;
mod cluster;
mod init;
mod layout;
mod lock;
mod owner;
mod postmaster;
mod supervisor;

pub use binaries::{Binaries, find_binaries};
pub(super) use cluster::{Cluster, Held};
pub(super) use layout::Layout;
