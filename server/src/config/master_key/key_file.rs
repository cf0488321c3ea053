//! The file that holds the master keys, one per line.
#![expect(
    clippy::disallowed_methods,
    reason = "key files are read and written at start-up and by commands, before anything is served"
)]

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use foundation::error::OperatorError;
use zeroize::Zeroizing;

use super::key::{MasterKey, decode_keys, generate_key};

/// The keys of the file; `None` where it does not exist. Warns where other users may read it.
pub(super) fn read_key_file(file: &Path) -> Result<Option<Vec<MasterKey>>, OperatorError> {
    let text = match fs::read_to_string(file) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(OperatorError::new(
                format!("the key file {} cannot be read: {error}", file.display()),
                "run as the user that owns it, or correct its permissions",
            ));
        }
    };
    if fs::metadata(file).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0) {
        tracing::warn!(file = %file.display(), "the key file can be read by others; `chmod 600` closes it");
    }
    decode_keys(&file.display().to_string(), &text).map(Some)
}

/// Creates the file with one new key. Where another process creates it first, that process's keys are returned.
pub(super) fn generate_key_file(file: &Path) -> Result<Vec<MasterKey>, OperatorError> {
    let keys = vec![generate_key()?];
    let written = write_beside(file, &keys).and_then(|temporary| {
        // `link`, unlike `rename`, fails where the file exists: it never replaces the key of a process that was faster.
        let linked = fs::hard_link(&temporary, file);
        fs::remove_file(&temporary)?;
        linked?;
        sync_parent(file)
    });
    match written {
        Ok(()) => {
            tracing::info!(file = %file.display(), "generated the master key; keep a copy apart from the database");
            Ok(keys)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            read_key_file(file)?.ok_or_else(|| cannot_write(file, &error))
        }
        Err(error) => Err(cannot_write(file, &error)),
    }
}

/// Replaces the file atomically and durably.
pub(super) fn replace_key_file(file: &Path, keys: &[MasterKey]) -> Result<(), OperatorError> {
    write_beside(file, keys)
        .and_then(|temporary| fs::rename(temporary, file))
        .and_then(|()| sync_parent(file))
        .map_err(|error| cannot_write(file, &error))
}

/// Writes the keys to a temporary file in the same folder and syncs it.
fn write_beside(file: &Path, keys: &[MasterKey]) -> io::Result<PathBuf> {
    let mut tag = [0; 8];
    foundation::random::fill(&mut tag).map_err(io::Error::other)?;
    let temporary = file.with_extension(format!("{:016x}", u64::from_ne_bytes(tag)));
    let mut text = Zeroizing::new(String::new());
    for key in keys {
        text.push_str(&Zeroizing::new(STANDARD.encode(**key)));
        text.push('\n');
    }
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    Ok(temporary)
}

fn sync_parent(file: &Path) -> io::Result<()> {
    file.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}

fn cannot_write(file: &Path, error: &io::Error) -> OperatorError {
    OperatorError::new(
        format!("the key file {} cannot be written: {error}", file.display()),
        "make the folder writable, or set QUADRILLE_DATA_DIR to one that is",
    )
}
