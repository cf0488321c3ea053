//! Statements on `playground_sessions`.

use domain::{ComparisonId, RunId, UserId};
use foundation::error::Error;
use sqlx::PgExecutor;
use uuid::Uuid;

use super::rows::{Lease, NewRun, NewSession, PickedRow, SessionRow};

/// Inserts a comparison with its runs, queued, under this process's lease, and deletes the member's comparisons beyond the
/// newest `keep`, except those that are shared or still running. One statement, hence one transaction and one round trip, which
/// every comparison waits for. The deletion sees the table as it was before the insertion, hence `keep - 1`. It skips rows that
/// a concurrent insertion has locked for deletion: waiting for them in a different order could deadlock.
#[tracing::instrument(name = "db.playground_sessions.insert", skip_all)]
pub(in crate::playground) async fn insert(
    db: impl PgExecutor<'_>,
    new: &NewSession,
    runs: &[NewRun<'_>],
    (lease, keep): (Lease, i64),
) -> Result<(), Error> {
    let ids: Vec<Uuid> = runs.iter().map(|run| run.id.0).collect();
    let positions: Vec<i16> = runs.iter().map(|run| run.position).collect();
    let names: Vec<String> = runs.iter().map(|run| run.model_public_name.to_owned()).collect();
    let upstream_models: Vec<String> = runs.iter().map(|run| run.upstream_model.to_owned()).collect();
    let parameters: Vec<Option<serde_json::Value>> = runs.iter().map(|run| run.parameters.clone()).collect();
    sqlx::query!(
        r#"
        WITH inserted AS (
            INSERT INTO playground_sessions (id, user_id, prompt_ct, system_prompt_ct, parameters, created_at)
            VALUES ($1, $2, $3, $4, $5, $6)
        ), retired AS (
            DELETE FROM playground_sessions
            WHERE id IN (
                SELECT s.id
                FROM playground_sessions s
                WHERE s.shared_at IS NULL
                  AND s.id IN (
                      SELECT id FROM playground_sessions WHERE user_id = $2 ORDER BY created_at DESC, id DESC OFFSET $13::bigint - 1
                  )
                  AND NOT EXISTS (
                      SELECT FROM playground_runs r WHERE r.session_id = s.id AND r.status IN ('queued', 'running')
                  )
                FOR UPDATE OF s SKIP LOCKED
            )
        )
        INSERT INTO playground_runs (id, session_id, position, model_public_name, upstream_model, parameters, status, lease_owner, lease_until)
        SELECT id, $1, position, model_public_name, upstream_model, parameters, 'queued', $7, $8
        FROM unnest($9::uuid[], $10::smallint[], $11::text[], $12::text[], $14::jsonb[])
            AS new (id, position, model_public_name, upstream_model, parameters)
        "#,
        new.id.0,
        new.user.0,
        new.prompt_ct.as_slice(),
        new.system_prompt_ct.as_deref(),
        new.parameters,
        new.created_at,
        lease.owner,
        lease.until,
        &ids,
        &positions,
        &names,
        &upstream_models,
        keep,
        &parameters as &[Option<serde_json::Value>],
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The member's comparison.
#[tracing::instrument(name = "db.playground_sessions.find", skip_all)]
pub(in crate::playground) async fn find(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: ComparisonId,
) -> Result<Option<SessionRow>, Error> {
    let row = sqlx::query_as!(
        SessionRow,
        r#"
        SELECT id, prompt_ct, system_prompt_ct, parameters, share_slug, shared_at, picked_run_id, created_at
        FROM playground_sessions
        WHERE id = $1 AND user_id = $2
        "#,
        id.0,
        user.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(row)
}

/// The member's newest comparisons, newest first.
#[tracing::instrument(name = "db.playground_sessions.history", skip_all)]
pub(in crate::playground) async fn history(
    db: impl PgExecutor<'_>,
    user: UserId,
    limit: i64,
) -> Result<Vec<SessionRow>, Error> {
    let rows = sqlx::query_as!(
        SessionRow,
        r#"
        SELECT id, prompt_ct, system_prompt_ct, parameters, share_slug, shared_at, picked_run_id, created_at
        FROM playground_sessions
        WHERE user_id = $1
        ORDER BY created_at DESC, id DESC
        LIMIT $2
        "#,
        user.0,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// The ids of the member's comparisons, oldest first: the ids (UUIDv7) sort by time.
#[tracing::instrument(name = "db.playground_sessions.ids", skip_all)]
pub(in crate::playground) async fn ids(
    db: impl PgExecutor<'_>,
    user: UserId,
    after: Option<ComparisonId>,
    limit: i64,
) -> Result<Vec<ComparisonId>, Error> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM playground_sessions WHERE user_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3",
        user.0,
        after.map(|id| id.0),
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(ComparisonId).collect())
}

/// The comparisons that the member shares, newest first.
#[tracing::instrument(name = "db.playground_sessions.all_shared", skip_all)]
pub(in crate::playground) async fn shared(
    db: impl PgExecutor<'_>,
    user: UserId,
    limit: i64,
) -> Result<Vec<SessionRow>, Error> {
    let rows = sqlx::query_as!(
        SessionRow,
        r#"
        SELECT id, prompt_ct, system_prompt_ct, parameters, share_slug, shared_at, picked_run_id, created_at
        FROM playground_sessions
        WHERE user_id = $1 AND shared_at IS NOT NULL
        ORDER BY created_at DESC, id DESC
        LIMIT $2
        "#,
        user.0,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// Deletes the member's comparison with its runs. `false`: the member has no such comparison.
#[tracing::instrument(name = "db.playground_sessions.delete", skip_all)]
pub(in crate::playground) async fn delete(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: ComparisonId,
) -> Result<bool, Error> {
    let done = sqlx::query!("DELETE FROM playground_sessions WHERE id = $1 AND user_id = $2", id.0, user.0)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Marks a run as the one that its member prefers, if it has succeeded, and returns its status. `None`: the member has no such
/// run.
#[tracing::instrument(name = "db.playground_sessions.pick", skip_all)]
pub(in crate::playground) async fn pick(
    db: impl PgExecutor<'_>,
    user: UserId,
    (id, run): (Option<ComparisonId>, RunId),
) -> Result<Option<PickedRow>, Error> {
    let row = sqlx::query_as!(
        PickedRow,
        r#"
        WITH target AS (
            SELECT r.session_id, r.model_public_name, r.status
            FROM playground_runs r
            JOIN playground_sessions s ON s.id = r.session_id
            WHERE r.id = $1 AND s.user_id = $2 AND ($3::uuid IS NULL OR s.id = $3)
        ), picked AS (
            UPDATE playground_sessions s
            SET picked_run_id = $1
            FROM target
            WHERE s.id = target.session_id AND target.status = 'succeeded'
        )
        SELECT session_id, model_public_name, status FROM target
        "#,
        run.0,
        user.0,
        id.map(|id| id.0),
    )
    .fetch_optional(db)
    .await?;
    Ok(row)
}
