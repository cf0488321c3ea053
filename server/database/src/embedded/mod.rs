//! The embedded Postgres in the data directory: created at the first start, reachable only through a Unix socket in a folder
//! closed to other users, supervised while the server runs, stopped with it.
//!
//! One process owns the data directory, by a file lock that the operating system releases when the process dies, however it
//! dies. Its Postgres survives a `kill -9`; the next owner identifies it by its pid file and command line, stops it and
//! starts its own.
#![expect(
    clippy::disallowed_methods,
    reason = "files are touched at start-up, before anything is served, and by the supervisor of a Postgres that is down"
)]

mod binaries;
mod cluster;
mod init;
mod layout;
mod lock;
mod orphan;
mod owner;
mod postmaster;
mod supervisor;

pub use binaries::{Binaries, find_binaries};
pub(super) use cluster::{Cluster, Held};
pub(super) use layout::Layout;
