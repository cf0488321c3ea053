//! The connection pool.

use std::time::Duration;

use sqlx::{
    ConnectOptions, Connection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::repo;

/// Connections of one replica. The embedded cluster allows 50, which leaves some for commands and a second process.
const MAX_CONNECTIONS: u32 = 20;
/// How long a request waits for a connection before it is answered with 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// A connection that was used more recently than this is handed out without a ping, which would add a round trip before every
/// statement. Postgres takes longer than this to restart, so such a connection has not silently been lost in between.
const TRUSTED_FOR: Duration = Duration::from_secs(1);
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// Options of every connection. Statements are never logged: their bind values are users' content.
pub(super) fn quiet(options: PgConnectOptions) -> PgConnectOptions {
    options.application_name("quadrille").disable_statement_logging()
}

/// A pool that connects on first use.
pub(super) fn pool(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(MAX_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(Duration::from_secs(10 * 60))
        .max_lifetime(Duration::from_secs(30 * 60))
        .test_before_acquire(false)
        .before_acquire(|connection, known| {
            Box::pin(async move {
                if known.idle_for > TRUSTED_FOR {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_connect(|connection, _| Box::pin(repo::limit_connection(connection)))
        .connect_lazy_with(options)
}

/// Whether the database answers within two seconds.
pub async fn is_alive(pool: &PgPool) -> bool {
    matches!(tokio::time::timeout(PING_TIMEOUT, repo::ping(pool)).await, Ok(Ok(())))
}
