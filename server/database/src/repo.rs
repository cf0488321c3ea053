//! Statements about the database itself. The rooms have their own.

use foundation::error::Error;
use sqlx::{AssertSqlSafe, PgConnection, PgExecutor};

/// Limits that every pooled connection has. Set after connecting, since poolers in front of a Postgres refuse them as
/// connection parameters.
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

/// Lets migrations wait for each other and build indexes for as long as it takes.
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

/// The server's version as a number, such as 150018 for 15.18.
pub(super) async fn server_version(db: impl PgExecutor<'_>) -> Result<i32, Error> {
    let version = sqlx::query_scalar("SELECT current_setting('server_version_num')::int").fetch_one(db).await?;
    Ok(version)
}

/// Versions of the migrations that have been applied; none where there is no table of them yet.
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

/// Makes the embedded cluster's role and database, which belongs to it. The role is not a superuser. `password` holds
/// letters and digits only; statements about roles take no bind values.
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
