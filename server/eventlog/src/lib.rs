//! A write-ahead log for usage events: an event is appended to the local disk before its caller sees the end of the response,
//! and shipped to Postgres afterwards. Appended events survive a crash of the process; those of the last 100 ms may be lost in
//! a power failure, since writes are synced in groups.
//!
//! `log` is the public interface, `permit` is admission control, `writer` appends and syncs, `reader` reads in order and keeps
//! the checkpoint (`position`), `segment` and `record` define the file format.
#![expect(clippy::disallowed_methods, reason = "files are touched by threads of their own and by `spawn_blocking`")]

mod log;
mod metrics;
mod permit;
mod position;
mod reader;
mod record;
mod segment;
mod settings;
mod state;
mod writer;

pub use log::{EventLog, LogFull};
pub use permit::Permit;
pub use reader::{Batch, EventReader};
pub use settings::LogSettings;
