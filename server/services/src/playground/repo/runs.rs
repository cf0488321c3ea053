//! Statements on `playground_runs`: leases, endings and reading.

use chrono::{DateTime, Utc};
use domain::{ComparisonId, RunId, UserId};
use foundation::error::Error;
use sqlx::PgExecutor;
use uuid::Uuid;

use super::rows::{Ending, Finish, HistoryRunRow, Lease, Renewed, RunRow};

/// Marks queued runs as running and returns those that were started: queued, and under this process's lease. Commits
/// asynchronously: the rows exist already, and after a power cut a queued run is reaped just like a running one.
#[tracing::instrument(name = "db.playground_runs.start", skip_all)]
pub(in crate::playground) async fn start(
    db: impl PgExecutor<'_>,
    runs: &[Uuid],
    lease: Lease,
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>, Error> {
    let started = sqlx::query_scalar!(
        r#"
        WITH relaxed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
        UPDATE playground_runs
        SET status = 'running', started_at = $3, lease_until = $4
        FROM relaxed
        WHERE id = ANY($1) AND status = 'queued' AND lease_owner = $2
        RETURNING id
        "#,
        runs,
        lease.owner,
        now,
        lease.until,
    )
    .fetch_all(db)
    .await?;
    Ok(started)
}

/// Renews this process's lease on a run, stores a checkpoint of its answer, and returns what other processes have done
/// meanwhile. `None`: the lease is lost.
#[tracing::instrument(name = "db.playground_runs.renew", skip_all)]
pub(in crate::playground) async fn renew(
    db: impl PgExecutor<'_>,
    run: RunId,
    lease: Lease,
    response_ct: Option<&[u8]>,
) -> Result<Option<Renewed>, Error> {
    let renewed = sqlx::query_as!(
        Renewed,
        r#"
        UPDATE playground_runs r
        SET lease_until = $3, response_ct = coalesce($4, response_ct)
        WHERE id = $1 AND lease_owner = $2 AND status IN ('queued', 'running')
        RETURNING cancel_requested_at IS NOT NULL AS "is_cancelled!",
            EXISTS (
                SELECT FROM playground_runs other
                WHERE other.session_id = r.session_id AND other.lease_owner <> $2
                  AND (other.started_at IS NULL OR other.started_at >= r.started_at)
            ) AS "has_other_owner!"
        "#,
        run.0,
        lease.owner,
        lease.until,
        response_ct,
    )
    .fetch_optional(db)
    .await?;
    Ok(renewed)
}

/// Writes the only ending of a run, unless the lease is lost. The lease's owner stays in the row, so that other processes can
/// see who ran it.
#[tracing::instrument(name = "db.playground_runs.finish", skip_all)]
pub(in crate::playground) async fn finish(
    db: impl PgExecutor<'_>,
    run: RunId,
    owner: Uuid,
    ending: &Ending,
) -> Result<Finish, Error> {
    let has_other_owner = sqlx::query_scalar!(
        r#"
        UPDATE playground_runs r
        SET status = $3, response_ct = $4, error_code = $5, error_detail_ct = $6, retry_after_s = $7, finish_reason = $8,
            tokens_in = $9, tokens_out = $10, latency_ms = $11, ttft_ms = $12, list_cost_usd = $13, finished_at = $14, reasoning_ct = $15,
            notes = $16, lease_until = NULL
        WHERE id = $1 AND lease_owner = $2 AND status IN ('queued', 'running')
        RETURNING EXISTS (
            SELECT FROM playground_runs other
            WHERE other.session_id = r.session_id AND other.lease_owner <> $2
              AND (other.started_at IS NULL OR other.started_at >= r.started_at)
        ) AS "has_other_owner!"
        "#,
        run.0,
        owner,
        ending.status.as_str(),
        ending.response_ct.as_deref(),
        ending.error_code.as_deref(),
        ending.error_detail_ct.as_deref(),
        ending.retry_after_s,
        ending.finish_reason.as_deref(),
        ending.tokens_in,
        ending.tokens_out,
        ending.latency_ms,
        ending.ttft_ms,
        ending.list_cost_usd,
        ending.finished_at,
        ending.reasoning_ct.as_deref(),
        ending.notes,
    )
    .fetch_optional(db)
    .await?;
    Ok(match has_other_owner {
        Some(false) => Finish::Written,
        Some(true) => Finish::WrittenBesideOther,
        None => Finish::NotWritten,
    })
}

/// Marks every open run whose lease ended before `expired` as interrupted, and returns how many.
#[tracing::instrument(name = "db.playground_runs.reap", skip_all)]
pub(in crate::playground) async fn reap(
    db: impl PgExecutor<'_>,
    expired: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let done = sqlx::query!(
        r#"
        UPDATE playground_runs
        SET status = 'interrupted', error_code = 'interrupted', finished_at = $2, lease_owner = NULL, lease_until = NULL
        WHERE status IN ('queued', 'running') AND lease_until < $1
        "#,
        expired,
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Requests the process that works on the run to cancel it with its next heartbeat. Idempotent. `false`: the member has no such
/// run.
#[tracing::instrument(name = "db.playground_runs.request_cancel", skip_all)]
pub(in crate::playground) async fn request_cancel(
    db: impl PgExecutor<'_>,
    user: UserId,
    (id, run): (ComparisonId, RunId),
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        r#"
        UPDATE playground_runs r
        SET cancel_requested_at = coalesce(cancel_requested_at, $4)
        FROM playground_sessions s
        WHERE r.id = $1 AND r.session_id = $2 AND s.id = r.session_id AND s.user_id = $3
        "#,
        run.0,
        id.0,
        user.0,
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Resets an ended run of the member to queued, under this process's lease. Its result and a pick of it are erased. `None`: the
/// member has no such run; `false`: it has not ended. Locks the comparison before the run, in the order in which deleting a
/// comparison locks them, so that the two cannot deadlock.
#[tracing::instrument(name = "db.playground_runs.restart", skip_all)]
pub(in crate::playground) async fn restart(
    db: impl PgExecutor<'_>,
    user: UserId,
    (id, run): (ComparisonId, RunId),
    upstream_model: &str,
    lease: Lease,
) -> Result<Option<bool>, Error> {
    let is_restarted = sqlx::query_scalar!(
        r#"
        WITH parent AS MATERIALIZED (
            SELECT id FROM playground_sessions WHERE id = $2 AND user_id = $3 FOR NO KEY UPDATE
        ), target AS (
            SELECT r.id, r.status
            FROM playground_runs r
            JOIN parent ON parent.id = r.session_id
            WHERE r.id = $1
            FOR UPDATE OF r
        ), restarted AS (
            UPDATE playground_runs r
            SET status = 'queued', response_ct = NULL, reasoning_ct = NULL, error_code = NULL, error_detail_ct = NULL,
                retry_after_s = NULL, finish_reason = NULL, tokens_in = NULL, tokens_out = NULL, latency_ms = NULL,
                ttft_ms = NULL, list_cost_usd = NULL, notes = NULL, cancel_requested_at = NULL, started_at = NULL, finished_at = NULL,
                upstream_model = $4, lease_owner = $5, lease_until = $6
            FROM target
            WHERE r.id = target.id AND target.status NOT IN ('queued', 'running')
            RETURNING r.id
        ), unpicked AS (
            UPDATE playground_sessions s
            SET picked_run_id = NULL
            FROM restarted
            WHERE s.id = $2 AND s.picked_run_id = restarted.id
        )
        SELECT EXISTS (SELECT FROM restarted) AS "is_restarted!" FROM target
        "#,
        run.0,
        id.0,
        user.0,
        upstream_model,
        lease.owner,
        lease.until,
    )
    .fetch_optional(db)
    .await?;
    Ok(is_restarted)
}

/// The runs of a comparison, by position. The caller has checked that it is the member's.
#[tracing::instrument(name = "db.playground_runs.of_session", skip_all)]
pub(in crate::playground) async fn of_session(db: impl PgExecutor<'_>, session: Uuid) -> Result<Vec<RunRow>, Error> {
    let rows = sqlx::query_as!(
        RunRow,
        r#"
        SELECT id, position, model_public_name, status, parameters, reasoning_ct, response_ct, error_code, error_detail_ct, retry_after_s,
               finish_reason, tokens_in, tokens_out, latency_ms, ttft_ms, cost_usd, list_cost_usd, notes
        FROM playground_runs
        WHERE session_id = $1
        ORDER BY position
        "#,
        session,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// The runs of comparisons, without their content. The caller has checked that these are the member's.
#[tracing::instrument(name = "db.playground_runs.history", skip_all)]
pub(in crate::playground) async fn history_runs(
    db: impl PgExecutor<'_>,
    sessions: &[Uuid],
) -> Result<Vec<HistoryRunRow>, Error> {
    let rows = sqlx::query_as!(
        HistoryRunRow,
        r#"
        SELECT session_id, id, position, model_public_name, status
        FROM playground_runs
        WHERE session_id = ANY($1)
        ORDER BY session_id, position
        "#,
        sessions,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}
