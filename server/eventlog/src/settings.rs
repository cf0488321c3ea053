//! The location and the limits of the event log.

use std::path::PathBuf;

/// The location and the limits of the log.
#[derive(Clone, Debug)]
pub struct LogSettings {
    pub dir: PathBuf,
    /// Bytes at which a new segment is begun; as many are allocated in advance for the next one.
    pub segment_bytes: u64,
    /// Bytes of all segments that are not shipped yet. Beyond them no event is admitted.
    pub max_bytes: u64,
}

impl LogSettings {
    /// A log in this folder with segments of 16 MiB, 8 GiB in all: about ten million requests.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), segment_bytes: 16 * 1024 * 1024, max_bytes: 8 * 1024 * 1024 * 1024 }
    }
}
