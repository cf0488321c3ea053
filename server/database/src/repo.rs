//! Statements about the database itself. Each service has its own repository for its tables.

use foundation::error::Error;
use sqlx::{AssertSqlSafe, PgConnection, PgExecutor};

/// Sets the timeouts of a pooled connection. After connecting, because external poolers such as PgBouncer reject them as
/// startup parameters.
pub(super) async fn limit_connection(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(
        "SET statement_timeout = '30s'; \
         SET lock_timeout = '10s'; \
         SET idle_in_transaction_session_timeout = '15s'; \
         SET timezone = 'UTC'",
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes the timeouts, for migrations, which wait for each other and may build indexes for long.
pub(super) async fn unlimit_connection(connection: &mut PgConnection) -> Result<(), Error> {
    sqlx::raw_sql(
        "SET statement_timeout = 0; SET lock_timeout = 0; SET timezone = 'UTC'; SET client_min_messages = warning",
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn ping(db: impl PgExecutor<'_>) -> Result<(), Error> {
    sqlx::query("SELECT 1").execute(db).await?;
    Ok(())
}

/// `server_version_num`, such as 150018 for 15.18.
pub(super) async fn server_version(db: impl PgExecutor<'_>) -> Result<i32, Error> {
    let version = sqlx::query_scalar("SELECT current_setting('server_version_num')::int").fetch_one(db).await?;
    Ok(version)
}

/// Versions of the applied migrations; none where their table does not exist yet.
pub(super) async fn applied_migrations(connection: &mut PgConnection) -> Result<Vec<i64>, Error> {
    let exists: bool =
        sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL").fetch_one(&mut *connection).await?;
    if !exists {
        return Ok(Vec::new());
    }
    let versions = sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success ORDER BY version")
        .fetch_all(connection)
        .await?;
    Ok(versions)
}

/// Creates the embedded cluster's role, which is not a superuser, and the database that it owns, where they do not exist.
/// `password` must consist of letters and digits: `CREATE ROLE` takes no bind values.
pub(super) async fn create_role_and_database(connection: &mut PgConnection, password: &str) -> Result<(), Error> {
    debug_assert!(password.chars().all(|c| c.is_ascii_alphanumeric()));
    let has_role: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'quadrille')")
        .fetch_one(&mut *connection)
        .await?;
    if !has_role {
        let statement = format!("CREATE ROLE quadrille LOGIN PASSWORD '{password}'");
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *connection).await?;
    }
    let has_database: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = 'quadrille')")
        .fetch_one(&mut *connection)
        .await?;
    if !has_database {
        sqlx::raw_sql("CREATE DATABASE quadrille OWNER quadrille").execute(&mut *connection).await?;
    }
    Ok(())
}
