//! Where the event log is and how large it may grow.

use std::path::PathBuf;

/// Where the log is and how large it may grow.
#[derive(Clone, Debug)]
pub struct LogSettings {
    pub dir: PathBuf,
    /// Size at which a new segment is begun, and space that is kept in reserve.
    pub segment_bytes: u64,
    /// Size of all that waits for the database. Beyond it requests are refused.
    pub max_bytes: u64,
}

impl LogSettings {
    /// In this folder, 16 MiB a segment, 8 GiB in all: some ten million requests.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), segment_bytes: 16 * 1024 * 1024, max_bytes: 8 * 1024 * 1024 * 1024 }
    }
}
