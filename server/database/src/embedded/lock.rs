//! The lock on the data directory.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use foundation::error::OperatorError;

/// Held until dropped. The operating system releases it when the process ends, however it ends; Postgres does not inherit it.
#[derive(Debug)]
pub(super) struct DirLock {
    _file: File,
}

/// The lock, or the id of the process that holds it.
pub(super) enum Attempt {
    Ours(DirLock),
    Theirs(Option<u32>),
}

impl DirLock {
    pub(super) fn try_take(path: &Path) -> Result<Attempt, OperatorError> {
        let cannot = |error: &std::io::Error| {
            OperatorError::new(
                format!("the lock file {} cannot be used: {error}", path.display()),
                "make the data directory writable for this user, or set QUADRILLE_DATA_DIR to another folder",
            )
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(|error| cannot(&error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let _ = file.read_to_string(&mut text);
                return Ok(Attempt::Theirs(text.trim().parse().ok()));
            }
            Err(TryLockError::Error(error)) => return Err(cannot(&error)),
        }
        // The process id is for other processes' error messages only; the lock does not depend on it.
        let noted =
            file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
        noted.map_err(|error| cannot(&error))?;
        Ok(Attempt::Ours(Self { _file: file }))
    }
}
