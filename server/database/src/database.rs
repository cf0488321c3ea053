//! Opening and closing the database, external or embedded.

use std::{str::FromStr, time::Duration};

use foundation::error::{Error, OperatorError};
use secrecy::ExposeSecret;
use sqlx::{Connection, PgConnection, PgPool, postgres::PgConnectOptions};
use tokio::time::{Instant, sleep, timeout};

use crate::{
    embedded::{Cluster, Held, Layout},
    migrate, pool, repo,
    settings::{DatabaseSettings, EmbeddedSettings, OLDEST_MAJOR},
};

/// How long to retry the first connection: the database may be starting at the same time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
const POOL_CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// What the database is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To serve: this process must be the only one that uses an embedded cluster.
    Serve,
    /// For one command: where a running server has started the embedded cluster, the command connects to that.
    Command,
}

/// The open database.
#[derive(Debug)]
pub struct Database {
    options: PgConnectOptions,
    pool: PgPool,
    cluster: Option<Cluster>,
    is_embedded: bool,
}

impl Database {
    /// Connects, after starting the embedded cluster where no external database is configured. Close it with
    /// [`Database::close`]. Cancelled, it stops a cluster that it has started.
    ///
    /// # Errors
    /// Where the database cannot be reached or started, is too old, or is used by another server.
    pub async fn open(settings: &DatabaseSettings, purpose: Purpose) -> Result<Self, Error> {
        match settings {
            DatabaseSettings::External(url) => {
                let options = PgConnectOptions::from_str(url.expose_secret().trim()).map_err(|_| {
                    OperatorError::usage(
                        "DATABASE_URL cannot be read",
                        "write postgres://user:password@host:5432/database, special characters percent-encoded",
                    )
                })?;
                let retry_for = if purpose == Purpose::Serve { CONNECT_TIMEOUT } else { Duration::ZERO };
                Self::connect(pool::quiet(options), None, false, retry_for).await
            }
            DatabaseSettings::Embedded(embedded) => Self::open_embedded(embedded, purpose).await,
        }
    }

    async fn open_embedded(settings: &EmbeddedSettings, purpose: Purpose) -> Result<Self, Error> {
        match (Cluster::start(settings).await, purpose) {
            (Ok(cluster), _) => {
                let options = cluster.connect_options();
                Self::connect(pool::quiet(options), Some(cluster), true, CONNECT_TIMEOUT).await
            }
            (Err(Held::ByAnother(_)), Purpose::Command) => {
                let options = Layout::new(settings).running_cluster_options()?;
                Self::connect(pool::quiet(options), None, true, CONNECT_TIMEOUT).await
            }
            (Err(Held::ByAnother(pid)), Purpose::Serve) => {
                let pid = pid.map(|pid| format!(" (process {pid})")).unwrap_or_default();
                Err(OperatorError::new(
                    format!("another Quadrille{pid} uses the data directory {}", settings.data_dir.display()),
                    "stop it, or set QUADRILLE_DATA_DIR to another folder",
                )
                .into())
            }
            (Err(Held::Failed(error)), _) => Err(error),
        }
    }

    /// Waits for the first connection and checks the server's version.
    async fn connect(
        options: PgConnectOptions,
        cluster: Option<Cluster>,
        is_embedded: bool,
        retry_for: Duration,
    ) -> Result<Self, Error> {
        let database = Self { pool: pool::pool(options.clone()), options, cluster, is_embedded };
        match database.check(retry_for).await {
            Ok(()) => Ok(database),
            Err(error) => {
                database.close().await;
                Err(error)
            }
        }
    }

    async fn check(&self, retry_for: Duration) -> Result<(), Error> {
        let mut connection = first_connection(&self.options, retry_for).await?;
        let version = repo::server_version(&mut connection).await?.unsigned_abs() / 10_000;
        connection.close().await?;
        if version < OLDEST_MAJOR {
            return Err(OperatorError::new(
                format!("the database is Postgres {version}, but Quadrille needs {OLDEST_MAJOR} or newer"),
                "point DATABASE_URL to a newer one, or unset it to use the embedded Postgres",
            )
            .into());
        }
        Ok(())
    }

    /// The pool that all services share.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// For connections outside the pool, such as the one that listens for notifications.
    pub fn connect_options(&self) -> &PgConnectOptions {
        &self.options
    }

    /// Whether it is the embedded cluster.
    pub fn is_embedded(&self) -> bool {
        self.is_embedded
    }

    /// Whether it is the embedded cluster of a server that is running now.
    pub fn belongs_to_a_server(&self) -> bool {
        self.is_embedded && self.cluster.is_none()
    }

    /// Applies pending migrations.
    ///
    /// # Errors
    /// Where a migration fails or the connection is lost.
    pub async fn migrate(&self) -> Result<(), Error> {
        migrate::migrate(&self.options).await
    }

    /// Closes the pool, and stops the cluster if this process started it. Tasks that use the pool should have ended; after
    /// 5 s their connections are abandoned.
    pub async fn close(self) {
        if timeout(POOL_CLOSE_TIMEOUT, self.pool.close()).await.is_err() {
            tracing::warn!("some database connections were still in use");
        }
        if let Some(cluster) = self.cluster {
            cluster.stop().await;
        }
    }
}

/// Connects, retrying for `retry_for` while the server is starting or unreachable.
async fn first_connection(options: &PgConnectOptions, retry_for: Duration) -> Result<PgConnection, Error> {
    let deadline = Instant::now() + retry_for;
    let mut has_waited = false;
    loop {
        let attempt = timeout(Duration::from_secs(10), PgConnection::connect_with(options));
        let error = match attempt.await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(error)) => Error::Database(error),
            Err(_) => Error::Database(sqlx::Error::PoolTimedOut),
        };
        if !error.is_database_away() || Instant::now() >= deadline {
            return Err(unreachable(options, &error).into());
        }
        if !has_waited {
            has_waited = true;
            tracing::warn!(error = %error, "waiting for the database");
        }
        sleep(Duration::from_millis(250)).await;
    }
}

fn unreachable(options: &PgConnectOptions, error: &Error) -> OperatorError {
    let place = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    let reason = match error {
        Error::Database(sqlx::Error::PoolTimedOut) => "no answer within 10 s".to_owned(),
        Error::Database(sqlx::Error::Database(error)) => error.message().to_owned(),
        error => error.to_string(),
    };
    OperatorError::new(
        format!("the database at {place} cannot be used: {reason}"),
        "check that it runs and that DATABASE_URL names its host, user, password and database",
    )
}
