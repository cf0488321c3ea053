//! Statements on `routes`.

use chrono::{DateTime, Utc};
use domain::UserId;
use foundation::error::Error;
use serde_json::Value;
use sqlx::PgExecutor;

/// A stored list.
pub(super) struct RouteRow {
    pub strategy: String,
    pub models: Value,
    pub updated_at: DateTime<Utc>,
}

/// The member's list.
#[tracing::instrument(name = "db.routes.find", skip_all)]
pub(super) async fn find(db: impl PgExecutor<'_>, user: UserId) -> Result<Option<RouteRow>, Error> {
    let row = sqlx::query_as!(RouteRow, "SELECT strategy, models, updated_at FROM routes WHERE user_id = $1", user.0)
        .fetch_optional(db)
        .await?;
    Ok(row)
}

/// Saves the member's list, replacing an earlier one.
#[tracing::instrument(name = "db.routes.save", skip_all)]
pub(super) async fn save(
    db: impl PgExecutor<'_>,
    user: UserId,
    (strategy, models): (&str, &Value),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        INSERT INTO routes (user_id, strategy, models, updated_at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (user_id) DO UPDATE
        SET strategy = EXCLUDED.strategy, models = EXCLUDED.models, updated_at = EXCLUDED.updated_at
        "#,
        user.0,
        strategy,
        models,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}
