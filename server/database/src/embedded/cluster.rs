//! The embedded cluster's life: creating it, starting it, stopping it.

use std::{path::PathBuf, time::Duration};

use foundation::{
    error::{Error, OperatorError},
    shutdown::Tasks,
};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};

use crate::{
    EmbeddedSettings, create_data_dir,
    embedded::{
        binaries::find_binaries,
        init,
        layout::Layout,
        lock::{Attempt, DirLock},
        owner::Owner,
        postmaster::Launch,
        supervisor::{start, supervise},
    },
    pool::quiet,
    repo,
};

const STOP_TIMEOUT: Duration = Duration::from_secs(45);

/// A cluster that this process has started.
#[derive(Debug)]
pub(crate) struct Cluster {
    options: PgConnectOptions,
    socket_dir: PathBuf,
    /// Separate from the server's tasks: the cluster must outlive every task that writes to it.
    tasks: Tasks,
    _lock: DirLock,
}

/// Why a cluster was not started.
pub(crate) enum Held {
    /// Another process owns the data directory.
    ByAnother(Option<u32>),
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Held {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Cluster {
    /// Locks the data directory, creates the cluster if there is none, starts it, and supervises it from then on.
    pub(crate) async fn start(settings: &EmbeddedSettings) -> Result<Self, Held> {
        let layout = Layout::new(settings);
        create_data_dir(&layout.data_dir)?;
        let lock = match DirLock::try_take(&layout.lock)? {
            Attempt::Ours(lock) => lock,
            Attempt::Theirs(pid) => return Err(Held::ByAnother(pid)),
        };
        let binaries = find_binaries(settings).await?;
        let owner = Owner::choose(settings)?;
        owner.check_can_reach(&layout.data_dir)?;
        let password = init::ensure_password(&layout)?;
        init::ensure_cluster(&layout, &binaries, &owner, &password, settings.is_throwaway).await?;

        let launch = Launch { layout, binaries, owner, is_throwaway: settings.is_throwaway };
        let superuser = quiet(launch.layout.options("postgres", "postgres", &password));
        let running = start(&launch, &superuser).await?;
        bootstrap(&superuser, &password).await?;
        tracing::info!(dir = %launch.layout.cluster.display(), postgres = launch.binaries.major, "the embedded database runs");

        let options = launch.layout.options("quadrille", "quadrille", &password);
        let socket_dir = launch.layout.socket_dir.clone();
        let tasks = Tasks::default();
        // `stop` waits for it.
        drop(tasks.spawn(supervise(launch, superuser, running, tasks.stopping())));
        Ok(Self { options, socket_dir, tasks, _lock: lock })
    }

    /// How the server connects.
    pub(crate) fn connect_options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    /// Stops Postgres and releases the data directory.
    pub(crate) async fn stop(self) {
        if !self.tasks.stop(STOP_TIMEOUT).await {
            tracing::error!("the embedded database did not stop in time");
            return;
        }
        // Empty now, and possibly outside the data directory. Failing to remove it does no harm.
        let _ = std::fs::remove_dir(self.socket_dir);
    }
}

async fn bootstrap(superuser: &PgConnectOptions, password: &str) -> Result<(), Error> {
    let mut connection = PgConnection::connect_with(superuser).await.map_err(|error| {
        OperatorError::new(
            format!("the embedded database turns us away: {error}"),
            "restore the data directory's postgres.password from a backup",
        )
    })?;
    repo::create_role_and_database(&mut connection, password).await?;
    connection.close().await?;
    Ok(())
}
