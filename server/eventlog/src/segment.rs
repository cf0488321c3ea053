//! The files of the log: numbered segments, of which only the last is appended to, and a reserve segment with its space already
//! allocated, so that events with a permit can still be written when the disk is full.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use crate::record::{self, Next};

/// The first bytes of every segment, with the version of the format.
pub(super) const MAGIC: &[u8; 8] = b"QDEVENT1";
const RESERVE: &str = "reserve";
const SUFFIX: &str = ".events";

/// The path of a segment.
pub(super) fn path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:016}{SUFFIX}"))
}

/// The numbers of the existing segments, in order.
pub(super) fn list(dir: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        let digits = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
        numbers.extend(digits.and_then(|digits| digits.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Creates the reserve segment and allocates its space, if the file system supports that.
pub(super) fn make_reserve(dir: &Path, bytes: u64) -> io::Result<File> {
    let path = dir.join(RESERVE);
    let made =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path).and_then(|mut file| {
            allocate(&file, bytes)?;
            file.write_all(MAGIC)?;
            file.sync_all()?;
            sync_dir(dir)?;
            Ok(file)
        });
    if made.is_err() {
        // Free what was allocated so far.
        let _ = fs::remove_file(&path);
    }
    made
}

/// Turns the reserve segment into the segment with this number.
pub(super) fn use_reserve(dir: &Path, number: u64) -> io::Result<()> {
    fs::rename(dir.join(RESERVE), path(dir, number))?;
    sync_dir(dir)
}

/// The result of scanning a segment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scan {
    /// Bytes up to the end of the last intact record; 0 if the file is no segment.
    pub valid: u64,
    /// Bytes of the file.
    pub size: u64,
    /// Number of records that begin at the given offset or later.
    pub events: u64,
}

/// Scans a segment.
pub(super) fn scan(path: &Path, from: u64) -> io::Result<Scan> {
    let bytes = fs::read(path)?;
    let size = bytes.len() as u64;
    if !bytes.starts_with(MAGIC) {
        return Ok(Scan { valid: 0, size, events: 0 });
    }
    let (mut at, mut events) = (MAGIC.len(), 0);
    while let Next::Record(payload) = record::next(&bytes[at..]) {
        events += u64::from(at as u64 >= from);
        at += record::HEADER + payload.len();
    }
    Ok(Scan { valid: at as u64, size, events })
}

/// At most `limit` bytes of a segment from `offset` on.
pub(super) fn read_from(path: &Path, offset: u64, limit: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Syncs a folder, so that created and renamed files survive a power failure.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(target_os = "linux")]
fn allocate(file: &File, bytes: u64) -> io::Result<()> {
    use nix::{
        errno::Errno,
        fcntl::{FallocateFlags, fallocate},
    };
    let length = i64::try_from(bytes).unwrap_or(i64::MAX);
    match fallocate(file, FallocateFlags::FALLOC_FL_KEEP_SIZE, 0, length) {
        // Without support for allocation a full disk is noticed only when a write fails.
        Ok(()) | Err(Errno::EOPNOTSUPP | Errno::ENOSYS) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn allocate(_: &File, _: u64) -> io::Result<()> {
    Ok(())
}
