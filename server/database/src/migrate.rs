//! Applying migrations.

use foundation::error::Error;
use sqlx::{Connection, PgConnection, migrate::Migrator, postgres::PgConnectOptions};

use crate::repo;

/// Every migration, compiled into the binary.
pub static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// Applies pending migrations. Replicas that start at once wait for each other's advisory lock, which is taken on a connection
/// outside the pool: after a failed migration it ends with that connection. Migrations that this version does not know are
/// ignored, so that an older replica can still be started while a new version is rolled out.
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

/// How many of this version's migrations have not been applied.
///
/// # Errors
/// Where the database fails.
pub async fn pending_migrations(connection: &mut PgConnection) -> Result<usize, Error> {
    let applied = repo::applied_migrations(connection).await?;
    Ok(known_versions().filter(|version| !applied.contains(version)).count())
}

async fn unknown_migrations(connection: &mut PgConnection) -> Result<usize, Error> {
    let applied = repo::applied_migrations(connection).await?;
    Ok(applied.into_iter().filter(|version| known_versions().all(|known| known != *version)).count())
}

fn known_versions() -> impl Iterator<Item = i64> {
    MIGRATOR.iter().filter(|migration| !migration.migration_type.is_down_migration()).map(|migration| migration.version)
}
