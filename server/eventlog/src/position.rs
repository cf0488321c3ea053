//! How far the log has been moved to the database: kept in a small file, so that a start does not begin from the oldest
//! segment. Losing it costs time and nothing else, since moving an event twice leaves it there once.

use std::{fs, io, path::Path};

use crate::segment::MAGIC;

const FILE: &str = "moved";

/// A position in the log: up to here, or from here on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LogPosition {
    pub segment: u64,
    pub offset: u64,
}

impl LogPosition {
    /// Before the first record of a segment.
    pub(super) fn start_of(segment: u64) -> Self {
        Self { segment, offset: MAGIC.len() as u64 }
    }

    /// Where moving stopped last time, if that is known.
    pub(super) fn load(dir: &Path) -> Option<Self> {
        let text = fs::read_to_string(dir.join(FILE)).ok()?;
        let (segment, offset) = text.trim().split_once(' ')?;
        Some(Self { segment: segment.parse().ok()?, offset: offset.parse().ok()? })
    }

    /// Remembers it.
    pub(super) fn save(self, dir: &Path) -> io::Result<()> {
        let draft = dir.join("moved.new");
        fs::write(&draft, format!("{} {}\n", self.segment, self.offset))?;
        fs::rename(draft, dir.join(FILE))
    }
}
