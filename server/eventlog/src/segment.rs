//! The files of the log: numbered segments, of which only the last is written to, and one that waits with its space
//! already taken, so that what has been promised can still be written when the disk is full.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use crate::record::{self, Next};

/// What every segment begins with: a name and the version of the format.
pub(super) const MAGIC: &[u8; 8] = b"QDEVENT1";
const RESERVE: &str = "reserve";
const SUFFIX: &str = ".events";

/// The path of a segment.
pub(super) fn path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:016}{SUFFIX}"))
}

/// The numbers of the segments that are there, in order.
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

/// Makes the segment that waits. Its space is taken from the disk now, where the file system can do that.
pub(super) fn make_reserve(dir: &Path, bytes: u64) -> io::Result<File> {
    let path = dir.join(RESERVE);
    let made =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path).and_then(|mut file| {
            take_space(&file, bytes)?;
            file.write_all(MAGIC)?;
            file.sync_all()?;
            sync_dir(dir)?;
            Ok(file)
        });
    if made.is_err() {
        // What it took so far is needed elsewhere.
        let _ = fs::remove_file(&path);
    }
    made
}

/// Gives the waiting segment its number.
pub(super) fn use_reserve(dir: &Path, number: u64) -> io::Result<()> {
    fs::rename(dir.join(RESERVE), path(dir, number))?;
    sync_dir(dir)
}

/// What a look through a whole segment shows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scan {
    /// Bytes up to the end of the last whole record; 0 for what is no segment.
    pub valid: u64,
    /// Bytes of the file.
    pub size: u64,
    /// Records that begin at the given offset or after it.
    pub events: u64,
}

/// Looks through a segment.
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

/// Bytes of a segment from a position on, at most this many.
pub(super) fn read_from(path: &Path, offset: u64, limit: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Makes names in a folder survive a power cut.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(target_os = "linux")]
fn take_space(file: &File, bytes: u64) -> io::Result<()> {
    use nix::{
        errno::Errno,
        fcntl::{FallocateFlags, fallocate},
    };
    let length = i64::try_from(bytes).unwrap_or(i64::MAX);
    match fallocate(file, FallocateFlags::FALLOC_FL_KEEP_SIZE, 0, length) {
        // Where the file system cannot, a full disk is noticed when it is full.
        Ok(()) | Err(Errno::EOPNOTSUPP | Errno::ENOSYS) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn take_space(_: &File, _: u64) -> io::Result<()> {
    Ok(())
}
