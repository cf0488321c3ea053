//! Statements on the shared part of `playground_sessions`. Those that change it take the owner's id; the one that reads it
//! takes nothing but the link.

use app::domain::{ComparisonId, UserId};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{crypto::Wrapped, error::Error};

/// What a link leads to, still sealed.
pub(super) struct SharedRow {
    pub id: Uuid,
    pub user_id: Uuid,
    pub share_ct: Vec<u8>,
    pub shared_at: DateTime<Utc>,
    pub wrapped_dek: Vec<u8>,
    pub dek_key_version: i32,
}

impl SharedRow {
    /// The owner's data key as it is stored.
    pub(super) fn owners_key(&self) -> Wrapped {
        Wrapped { bytes: self.wrapped_dek.clone(), key_version: self.dek_key_version }
    }
}

/// A snapshot to be stored.
pub(super) struct NewShare<'a> {
    pub share_ct: &'a [u8],
    /// Taken where the comparison has no link yet, or where another is wanted.
    pub slug: &'a str,
    pub replaces_slug: bool,
    pub now: DateTime<Utc>,
}

/// A run of a copied comparison.
pub(super) struct CopiedRun {
    pub id: Uuid,
    pub position: i16,
    pub model: String,
    pub status: &'static str,
    pub parameters: Option<serde_json::Value>,
    pub reasoning_ct: Option<Vec<u8>>,
    pub response_ct: Option<Vec<u8>>,
    pub error_code: Option<String>,
    pub error_detail_ct: Option<Vec<u8>>,
    pub finish_reason: Option<String>,
    pub tokens_in: Option<i64>,
    pub tokens_out: Option<i64>,
    pub latency_ms: Option<i64>,
    pub ttft_ms: Option<i64>,
    pub list_cost_usd: Option<Decimal>,
}

/// A copied comparison.
pub(super) struct CopiedSession<'a> {
    pub id: ComparisonId,
    pub user: UserId,
    pub prompt_ct: &'a [u8],
    pub system_prompt_ct: Option<&'a [u8]>,
    pub parameters: &'a serde_json::Value,
    pub created_at: DateTime<Utc>,
}

/// Shares the member's comparison and says its slug. `None`: there is no such comparison, or one of its runs is under way
/// (again).
#[tracing::instrument(name = "db.playground_sessions.share", skip_all)]
pub(super) async fn share(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: ComparisonId,
    new: &NewShare<'_>,
) -> Result<Option<String>, Error> {
    let slug = sqlx::query_scalar!(
        r#"
        UPDATE playground_sessions s
        SET share_ct = $3,
            shared_at = coalesce(shared_at, $6),
            share_slug = CASE WHEN $5 OR share_slug IS NULL THEN $4 ELSE share_slug END
        WHERE s.id = $1 AND s.user_id = $2
          AND NOT EXISTS (
              SELECT FROM playground_runs r WHERE r.session_id = s.id AND r.status IN ('queued', 'running')
          )
        RETURNING share_slug AS "share_slug!"
        "#,
        id.0,
        user.0,
        new.share_ct,
        new.slug,
        new.replaces_slug,
        new.now,
    )
    .fetch_optional(db)
    .await?;
    Ok(slug)
}

/// Ends the sharing of the member's comparison and erases the snapshot; the slug stays. `false`: there is no such comparison.
#[tracing::instrument(name = "db.playground_sessions.unshare", skip_all)]
pub(super) async fn unshare(db: impl PgExecutor<'_>, user: UserId, id: ComparisonId) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE playground_sessions SET shared_at = NULL, share_ct = NULL WHERE id = $1 AND user_id = $2",
        id.0,
        user.0,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What a link leads to at this moment, if its owner's account is not disabled.
#[tracing::instrument(name = "db.playground_sessions.shared", skip_all)]
pub(super) async fn find(db: impl PgExecutor<'_>, slug: &str) -> Result<Option<SharedRow>, Error> {
    let row = sqlx::query_as!(
        SharedRow,
        r#"
        SELECT s.id, s.user_id, s.share_ct AS "share_ct!", s.shared_at AS "shared_at!", u.wrapped_dek, u.dek_key_version
        FROM playground_sessions s
        JOIN users u ON u.id = s.user_id
        WHERE s.share_slug = $1 AND s.shared_at IS NOT NULL AND s.share_ct IS NOT NULL AND u.disabled_at IS NULL
        "#,
        slug,
    )
    .fetch_optional(db)
    .await?;
    Ok(row)
}

/// Inserts a comparison whose runs have ended elsewhere, and deletes what the history has no more room for, as making a
/// comparison does. One statement, and so one transaction.
#[tracing::instrument(name = "db.playground_sessions.insert_copy", skip_all)]
pub(super) async fn insert_copy(
    db: impl PgExecutor<'_>,
    new: &CopiedSession<'_>,
    runs: &[CopiedRun],
    keep: i64,
) -> Result<(), Error> {
    let ids: Vec<Uuid> = runs.iter().map(|run| run.id).collect();
    let positions: Vec<i16> = runs.iter().map(|run| run.position).collect();
    let models: Vec<String> = runs.iter().map(|run| run.model.clone()).collect();
    let statuses: Vec<String> = runs.iter().map(|run| run.status.to_owned()).collect();
    let responses: Vec<Option<Vec<u8>>> = runs.iter().map(|run| run.response_ct.clone()).collect();
    let error_codes: Vec<Option<String>> = runs.iter().map(|run| run.error_code.clone()).collect();
    let error_details: Vec<Option<Vec<u8>>> = runs.iter().map(|run| run.error_detail_ct.clone()).collect();
    let finish_reasons: Vec<Option<String>> = runs.iter().map(|run| run.finish_reason.clone()).collect();
    let tokens_in: Vec<Option<i64>> = runs.iter().map(|run| run.tokens_in).collect();
    let tokens_out: Vec<Option<i64>> = runs.iter().map(|run| run.tokens_out).collect();
    let latencies: Vec<Option<i64>> = runs.iter().map(|run| run.latency_ms).collect();
    let ttfts: Vec<Option<i64>> = runs.iter().map(|run| run.ttft_ms).collect();
    let costs: Vec<Option<Decimal>> = runs.iter().map(|run| run.list_cost_usd).collect();
    let parameters: Vec<Option<serde_json::Value>> = runs.iter().map(|run| run.parameters.clone()).collect();
    let reasonings: Vec<Option<Vec<u8>>> = runs.iter().map(|run| run.reasoning_ct.clone()).collect();
    sqlx::query!(
        r#"
        WITH inserted AS (
            INSERT INTO playground_sessions (id, user_id, prompt_ct, system_prompt_ct, parameters, created_at)
            VALUES ($1, $2, $3, $4, $5, $6)
        ), retired AS (
            DELETE FROM playground_sessions s
            WHERE s.shared_at IS NULL
              AND s.id IN (
                  SELECT id FROM playground_sessions WHERE user_id = $2 ORDER BY created_at DESC, id DESC OFFSET $22::bigint - 1
              )
              AND NOT EXISTS (
                  SELECT FROM playground_runs r WHERE r.session_id = s.id AND r.status IN ('queued', 'running')
              )
        )
        INSERT INTO playground_runs (id, session_id, position, model_public_name, upstream_model, status, response_ct,
            error_code, error_detail_ct, finish_reason, tokens_in, tokens_out, latency_ms, ttft_ms, list_cost_usd,
            parameters, reasoning_ct, finished_at)
        SELECT id, $1, position, model, model, status, response_ct,
            error_code, error_detail_ct, finish_reason, tokens_in, tokens_out, latency_ms, ttft_ms, list_cost_usd,
            parameters, reasoning_ct, $6
        FROM unnest($7::uuid[], $8::smallint[], $9::text[], $10::text[], $11::bytea[], $12::text[], $13::bytea[], $14::text[],
            $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[], $19::numeric[], $20::jsonb[], $21::bytea[])
            AS new (id, position, model, status, response_ct, error_code, error_detail_ct, finish_reason,
                tokens_in, tokens_out, latency_ms, ttft_ms, list_cost_usd, parameters, reasoning_ct)
        "#,
        new.id.0,
        new.user.0,
        new.prompt_ct,
        new.system_prompt_ct,
        new.parameters,
        new.created_at,
        &ids,
        &positions,
        &models,
        &statuses,
        &responses as &[Option<Vec<u8>>],
        &error_codes as &[Option<String>],
        &error_details as &[Option<Vec<u8>>],
        &finish_reasons as &[Option<String>],
        &tokens_in as &[Option<i64>],
        &tokens_out as &[Option<i64>],
        &latencies as &[Option<i64>],
        &ttfts as &[Option<i64>],
        &costs as &[Option<Decimal>],
        &parameters as &[Option<serde_json::Value>],
        &reasonings as &[Option<Vec<u8>>],
        keep,
    )
    .execute(db)
    .await?;
    Ok(())
}
