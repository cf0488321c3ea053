//! Positions in the log. The checkpoint, up to which events are shipped, is stored in a small file, so that a restart does not
//! ship the oldest segment again. Losing it only costs time, since inserting events is idempotent.

use std::{fs, io, path::Path};

use crate::segment::MAGIC;

const FILE: &str = "moved";

/// A byte offset in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LogPosition {
    pub segment: u64,
    pub offset: u64,
}

impl LogPosition {
    /// The position of the first record of a segment.
    pub(super) fn start_of(segment: u64) -> Self {
        Self { segment, offset: MAGIC.len() as u64 }
    }

    /// The checkpoint, if there is a readable one.
    pub(super) fn load(dir: &Path) -> Option<Self> {
        let text = fs::read_to_string(dir.join(FILE)).ok()?;
        let (segment, offset) = text.trim().split_once(' ')?;
        Some(Self { segment: segment.parse().ok()?, offset: offset.parse().ok()? })
    }

    /// Stores this position as the checkpoint, atomically.
    ///
    /// # Errors
    ///
    /// The file cannot be written or renamed.
    pub(super) fn save(self, dir: &Path) -> io::Result<()> {
        let draft = dir.join("moved.new");
        fs::write(&draft, format!("{} {}\n", self.segment, self.offset))?;
        fs::rename(draft, dir.join(FILE))
    }
}
