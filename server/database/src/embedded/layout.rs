//! The paths inside the data directory.

use std::{
    collections::hash_map::DefaultHasher,
    fs,
    hash::{Hash, Hasher},
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
};

use foundation::error::{Error, OperatorError};
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::{EmbeddedSettings, embedded::owner::Owner};

/// The limit for a Unix socket's path in bytes, its terminating zero included (`sun_path` on Linux).
const SOCKET_PATH_LIMIT: usize = 108;
const PORT: u16 = 5432;

/// The paths of one embedded cluster.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(super) data_dir: PathBuf,
    /// The cluster's folder.
    pub(super) cluster: PathBuf,
    /// The folder of the socket, closed to other users.
    pub(super) socket_dir: PathBuf,
    pub(super) password: PathBuf,
    pub(super) lock: PathBuf,
    pub(super) log: PathBuf,
}

impl Layout {
    pub(crate) fn new(settings: &EmbeddedSettings) -> Self {
        let data_dir = &settings.data_dir;
        Self {
            cluster: settings.cluster_dir(),
            socket_dir: socket_dir(data_dir),
            password: data_dir.join("postgres.password"),
            lock: data_dir.join("quadrille.lock"),
            log: data_dir.join("postgres.log"),
            data_dir: data_dir.clone(),
        }
    }

    pub(super) fn pid_file(&self) -> PathBuf {
        self.cluster.join("postmaster.pid")
    }

    pub(super) fn has_cluster(&self) -> bool {
        self.cluster.join("PG_VERSION").exists()
    }

    /// How to connect as this role. Every option is set, so that no `PG…` variable of the environment has an effect.
    pub(super) fn options(&self, role: &str, database: &str, password: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.socket_dir)
            .port(PORT)
            .username(role)
            .password(password)
            .database(database)
            .ssl_mode(PgSslMode::Disable)
    }

    /// How a command connects to the cluster of a running server.
    pub(crate) fn running_cluster_options(&self) -> Result<PgConnectOptions, Error> {
        let password = fs::read_to_string(&self.password).map_err(|error| {
            OperatorError::new(
                format!("{} cannot be read: {error}", self.password.display()),
                "run the command as the user that runs the server",
            )
        })?;
        Ok(self.options("quadrille", "quadrille", password.trim()))
    }

    /// Creates the socket's folder, and checks its owner and permissions.
    pub(super) fn prepare_socket_dir(&self, owner: &Owner) -> Result<(), OperatorError> {
        owner.create_private_dir(&self.socket_dir)?;
        // In `/tmp`, another user may have created the folder first.
        let is_ours = fs::symlink_metadata(&self.socket_dir)
            .is_ok_and(|found| found.is_dir() && found.uid() == owner.uid && found.mode() & 0o077 == 0);
        if is_ours {
            Ok(())
        } else {
            Err(OperatorError::new(
                format!("{} belongs to somebody else or is open to others", self.socket_dir.display()),
                "remove it, or set QUADRILLE_DATA_DIR to a folder with a shorter path",
            ))
        }
    }
}

/// In the data directory if the path is short enough; else in `/tmp`, under a name derived from the data directory, so that
/// every process finds it.
fn socket_dir(data_dir: &Path) -> PathBuf {
    let inside = data_dir.join("run");
    if fits(&inside) {
        return inside;
    }
    let mut hasher = DefaultHasher::new();
    data_dir.hash(&mut hasher);
    PathBuf::from(format!("/tmp/quadrille-{:016x}", hasher.finish()))
}

fn fits(socket_dir: &Path) -> bool {
    socket_dir.join(format!(".s.PGSQL.{PORT}.lock")).as_os_str().as_bytes().len() < SOCKET_PATH_LIMIT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deep_data_directory_gets_its_socket_elsewhere_but_always_in_the_same_place() {
        assert_eq!(socket_dir(Path::new("/var/lib/quadrille")), Path::new("/var/lib/quadrille/run"));
        let deep = PathBuf::from(format!("/{}", "deep/".repeat(40)));
        assert!(fits(&socket_dir(&deep)));
        assert_eq!(socket_dir(&deep), socket_dir(&deep));
        assert_ne!(socket_dir(&deep), socket_dir(&deep.join("other")));
    }
}
