//! Creating the data directory.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use foundation::error::OperatorError;

/// Creates the data directory unless it exists, closed to other users. Under root, others may traverse it but not list it,
/// because the embedded Postgres runs as another user and its cluster is inside.
///
/// # Errors
/// Where the directory cannot be created or its permissions cannot be set.
#[expect(clippy::disallowed_methods, reason = "at start-up, before anything is served")]
pub fn create_data_dir(dir: &Path) -> Result<(), OperatorError> {
    if dir.is_dir() {
        return Ok(());
    }
    let mode = if nix::unistd::geteuid().is_root() { 0o711 } else { 0o700 };
    fs::create_dir_all(dir).and_then(|()| fs::set_permissions(dir, Permissions::from_mode(mode))).map_err(|error| {
        OperatorError::new(
            format!("the data directory {} cannot be made: {error}", dir.display()),
            "set QUADRILLE_DATA_DIR to a folder that this user may write",
        )
    })
}
