//! The embedded cluster as a whole: from nothing to ready, and back.

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

/// A cluster that runs because of us.
#[derive(Debug)]
pub(crate) struct Cluster {
    options: PgConnectOptions,
    socket_dir: PathBuf,
    /// Of its own: it has to outlive every task that still writes.
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
    /// Takes the data directory, makes the cluster if there is none, starts it and keeps it running.
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
        // Not awaited here: `stop` waits for it.
        drop(tasks.spawn(supervise(launch, superuser, running, tasks.stopping())));
        Ok(Self { options, socket_dir, tasks, _lock: lock })
    }

    /// How to connect.
    pub(crate) fn connect_options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    /// Stops Postgres and gives the data directory back.
    pub(crate) async fn stop(self) {
        if !self.tasks.stop(STOP_TIMEOUT).await {
            tracing::error!("the embedded database did not stop in time");
            return;
        }
        // Empty now, and possibly not in the data directory; one that stays does no harm.
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
