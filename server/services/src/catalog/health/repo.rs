//! Statements on `model_health`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::catalog::admin::HealthState;
use foundation::error::Error;
use sqlx::PgExecutor;
use uuid::Uuid;

use super::tracker::{ModelKey, Seen};

/// Every state that is stored.
#[tracing::instrument(name = "db.model_health.states", skip_all)]
pub(super) async fn states(db: impl PgExecutor<'_>) -> Result<HashMap<ModelKey, HealthState>, Error> {
    let rows =
        sqlx::query!("SELECT upstream_id, upstream_model, state FROM model_health LIMIT 10000").fetch_all(db).await?;
    // A later version may have written a state that this one does not know.
    let known = rows.into_iter().filter_map(|row| {
        let state = HealthState::of(&row.state)?;
        Some(((row.upstream_id, row.upstream_model), state))
    });
    Ok(known.collect())
}

/// Adds refusals of a state. A state other than the stored one begins anew. Does nothing where the upstream has been deleted
/// meanwhile.
#[tracing::instrument(name = "db.model_health.write", skip_all)]
pub(super) async fn write_health(
    db: impl PgExecutor<'_>,
    upstream: Uuid,
    upstream_model: &str,
    seen: &Seen,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        INSERT INTO model_health AS stored (upstream_id, upstream_model, state, since, last_seen, count)
        SELECT $1, $2, $3, $4, $5, $6
        WHERE EXISTS (SELECT FROM upstreams WHERE id = $1)
        ON CONFLICT (upstream_id, upstream_model) DO UPDATE
        SET state = EXCLUDED.state,
            since = CASE WHEN stored.state = EXCLUDED.state THEN stored.since ELSE EXCLUDED.since END,
            last_seen = greatest(stored.last_seen, EXCLUDED.last_seen),
            count = EXCLUDED.count + CASE WHEN stored.state = EXCLUDED.state THEN stored.count ELSE 0 END
        "#,
        upstream,
        upstream_model,
        seen.state.as_str(),
        seen.since,
        seen.last_seen,
        seen.count,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends the state of a model, unless another replica has seen a refusal since.
#[tracing::instrument(name = "db.model_health.end", skip_all)]
pub(super) async fn end_health(
    db: impl PgExecutor<'_>,
    upstream: Uuid,
    upstream_model: &str,
    ended_at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "DELETE FROM model_health WHERE upstream_id = $1 AND upstream_model = $2 AND last_seen <= $3",
        upstream,
        upstream_model,
        ended_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes states that pass by themselves and were last seen before `until`, and those of models that are gone.
#[tracing::instrument(name = "db.model_health.forget", skip_all)]
pub(super) async fn forget_health(db: impl PgExecutor<'_>, until: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        r#"
        DELETE FROM model_health h
        WHERE (h.state IN ('loading', 'overloaded') AND h.last_seen < $1)
           OR NOT EXISTS (SELECT FROM models m WHERE m.upstream_id = h.upstream_id AND m.upstream_model = h.upstream_model)
        "#,
        until,
    )
    .execute(db)
    .await?;
    Ok(())
}
