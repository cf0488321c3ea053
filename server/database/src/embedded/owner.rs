//! The user that Postgres runs as. Postgres refuses to run as root; under root it is started as another user.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::Path,
};

use foundation::error::OperatorError;
use nix::unistd::{Uid, User, getegid, geteuid};
use tokio::process::Command;

use crate::EmbeddedSettings;

/// The user that runs Postgres and owns its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) name: String,
    /// Whether this process is root and Postgres must be started as that user.
    must_switch: bool,
}

impl Owner {
    /// The configured user, else the owner of the existing cluster, else `postgres`, else `nobody`. Without root, it is the
    /// user of this process.
    pub(super) fn choose(settings: &EmbeddedSettings) -> Result<Self, OperatorError> {
        let me = geteuid();
        if !me.is_root() {
            return Self::myself(me, settings.run_as.as_deref());
        }
        let cluster = fs::metadata(settings.cluster_dir()).ok();
        if let Some(name) = &settings.run_as {
            let user = named(name)?.filter(|user| !user.uid.is_root()).ok_or_else(|| {
                OperatorError::usage(
                    format!("PG_RUN_AS: there is no user {name} to run Postgres as"),
                    "name an existing user other than root",
                )
            })?;
            if let Some(found) = cluster.filter(|found| found.uid() != user.uid.as_raw()) {
                let dir = settings.cluster_dir().display().to_string();
                return Err(OperatorError::new(
                    format!("{dir} belongs to user number {}, not to {name}", found.uid()),
                    format!("unset PG_RUN_AS, or `chown -R {name} {dir}` while Quadrille is stopped"),
                ));
            }
            return Ok(Self::of(user));
        }
        if let Some(found) = cluster.filter(|found| found.uid() != 0) {
            let name = User::from_uid(Uid::from_raw(found.uid())).ok().flatten().map(|user| user.name);
            let name = name.unwrap_or_else(|| format!("user number {}", found.uid()));
            return Ok(Self { uid: found.uid(), gid: found.gid(), name, must_switch: true });
        }
        for name in ["postgres", "nobody"] {
            if let Some(user) = named(name)? {
                return Ok(Self::of(user));
            }
        }
        Err(OperatorError::new(
            "Postgres may not run as root, and there is neither a user postgres nor nobody",
            "set PG_RUN_AS to a user, or start Quadrille as an ordinary user",
        ))
    }

    fn myself(me: Uid, run_as: Option<&str>) -> Result<Self, OperatorError> {
        let name = User::from_uid(me).ok().flatten().map_or_else(|| format!("user number {me}"), |user| user.name);
        if let Some(wanted) = run_as.filter(|wanted| *wanted != name) {
            return Err(OperatorError::usage(
                format!("PG_RUN_AS names {wanted}, but {name} cannot become another user"),
                "unset PG_RUN_AS, or start Quadrille as root",
            ));
        }
        Ok(Self { uid: me.as_raw(), gid: getegid().as_raw(), name, must_switch: false })
    }

    fn of(user: User) -> Self {
        Self { uid: user.uid.as_raw(), gid: user.gid.as_raw(), name: user.name, must_switch: true }
    }

    /// A command that runs as this user, without this process's environment, and in `/`, which every user may enter.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C").env("TZ", "UTC").current_dir("/");
        if self.must_switch {
            // The standard library drops root's supplementary groups when it changes the user.
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// The error for a command that could not be started.
    pub(super) fn cannot_start(&self, program: &Path, error: &io::Error) -> OperatorError {
        if self.must_switch && error.kind() == io::ErrorKind::PermissionDenied {
            OperatorError::new(
                format!(
                    "Postgres may not run as root, and {} cannot be started as {}: {error}",
                    program.display(),
                    self.name
                ),
                "start Quadrille as an ordinary user, or give it the capabilities SETUID, SETGID and CHOWN, or set DATABASE_URL",
            )
        } else {
            OperatorError::new(
                format!("{} cannot be started: {error}", program.display()),
                "check that Postgres is installed completely, or set PG_BIN_DIR",
            )
        }
    }

    /// Creates a folder that only this user may enter, unless it exists.
    pub(super) fn create_private_dir(&self, dir: &Path) -> Result<(), OperatorError> {
        let made = match fs::create_dir(dir) {
            Ok(()) => fs::set_permissions(dir, Permissions::from_mode(0o700)).and_then(|()| self.give(dir)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        };
        made.map_err(|error| {
            OperatorError::new(
                format!("{} cannot be made for {}: {error}", dir.display(), self.name),
                "make the data directory writable, or set QUADRILLE_DATA_DIR to another folder",
            )
        })
    }

    /// Makes this user the owner of a file or folder.
    pub(super) fn give(&self, path: &Path) -> io::Result<()> {
        if self.must_switch { chown(path, Some(self.uid), Some(self.gid)) } else { Ok(()) }
    }

    /// Checks that this user may traverse the folder and every folder above it.
    pub(super) fn check_can_reach(&self, dir: &Path) -> Result<(), OperatorError> {
        if !self.must_switch {
            return Ok(());
        }
        let dir = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
        for folder in dir.ancestors() {
            let Ok(found) = fs::metadata(folder) else { continue };
            let bit = if found.uid() == self.uid {
                0o100
            } else if found.gid() == self.gid {
                0o010
            } else {
                0o001
            };
            if found.mode() & bit == 0 {
                return Err(OperatorError::new(
                    format!("the user {}, which Postgres runs as, cannot pass through {}", self.name, folder.display()),
                    format!(
                        "`chmod o+x {}`, or set QUADRILLE_DATA_DIR to a folder such as /var/lib/quadrille",
                        folder.display()
                    ),
                ));
            }
        }
        Ok(())
    }
}

fn named(name: &str) -> Result<Option<User>, OperatorError> {
    User::from_name(name).map_err(|error| {
        OperatorError::new(format!("the user {name} cannot be looked up: {error}"), "set PG_RUN_AS to another user")
    })
}
