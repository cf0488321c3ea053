//! The event log: what a request came to is written to the local disk before its caller sees the end of the answer, and
//! moved to Postgres right after. A plain write survives the death of the process; what was written in the last tenth of a
//! second may not survive a power cut.
//!
//! `log` is what others see, `writer` appends and forces to the disk, `reader` reads them in order, `segment` and
//! `record` know how the files look.
#![expect(clippy::disallowed_methods, reason = "files are touched by threads of their own and by `spawn_blocking`")]

mod log;
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
