//! Bringing the tables up to date.

use foundation::error::Error;
use sqlx::{Connection, PgConnection, migrate::Migrator, postgres::PgConnectOptions};

use crate::repo;

/// Every migration, compiled into the program.
pub static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// Applies what is missing. Replicas that start at once wait for each other: the lock belongs to a connection of our own,
/// so it cannot outlive a failed migration in the pool. A database that is newer than this program is left as it is, so
/// that an older replica can still be started while a new version is rolled out.
pub(super) async fn migrate(options: &PgConnectOptions) -> Result<(), Error> {
    let mut connection = PgConnection::connect_with(options).await?;
    repo::unlimit_connection(&mut connection).await?;
    let unknown = unknown_migrations(&mut connection).await?;
    if unknown > 0 {
        tracing::warn!(unknown, "the database was set up by a newer version of Quadrille");
    }
    let mut migrator = Migrator::with_migrations(MIGRATOR.iter().cloned().collect());
    migrator.set_ignore_missing(true);
    let result = migrator.run(&mut connection).await;
    connection.close().await?;
    Ok(result?)
}

/// How many of our migrations the database does not have yet.
pub async fn pending_migrations(connection: &mut PgConnection) -> Result<usize, Error> {
    let applied = repo::applied_migrations(connection).await?;
    Ok(ours().filter(|version| !applied.contains(version)).count())
}

async fn unknown_migrations(connection: &mut PgConnection) -> Result<usize, Error> {
    let applied = repo::applied_migrations(connection).await?;
    Ok(applied.into_iter().filter(|version| ours().all(|known| known != *version)).count())
}

fn ours() -> impl Iterator<Item = i64> {
    MIGRATOR.iter().filter(|migration| !migration.migration_type.is_down_migration()).map(|migration| migration.version)
}
