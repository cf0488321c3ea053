//! Statements on `model_tests`, the results of direct tests.

use chrono::{DateTime, Utc};
use domain::catalog::admin::TestReport;
use foundation::error::Error;
use serde_json::json;
use sqlx::PgExecutor;
use uuid::Uuid;

/// Stores verdict and timings of a model's latest direct test in place of the previous one. Prompt and answer are not stored.
/// Does nothing where the model has been deleted meanwhile.
#[tracing::instrument(name = "db.model_tests.write", skip_all)]
pub(in crate::catalog) async fn write_test_result(
    db: impl PgExecutor<'_>,
    model: Uuid,
    report: &TestReport,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let timings = report.stages.iter().map(|stage| json!({"name": stage.name, "state": stage.state, "ms": stage.ms}));
    let stages = serde_json::Value::Array(timings.collect());
    let number = |value: Option<u64>| value.and_then(|value| i64::try_from(value).ok());
    sqlx::query!(
        r#"
        INSERT INTO model_tests (model_id, tested_at, verdict, failed_stage, stages, latency_ms, ttft_ms, tokens_in, tokens_out)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9
        WHERE EXISTS (SELECT FROM models WHERE id = $1)
        ON CONFLICT (model_id) DO UPDATE
        SET tested_at = EXCLUDED.tested_at, verdict = EXCLUDED.verdict, failed_stage = EXCLUDED.failed_stage,
            stages = EXCLUDED.stages, latency_ms = EXCLUDED.latency_ms, ttft_ms = EXCLUDED.ttft_ms,
            tokens_in = EXCLUDED.tokens_in, tokens_out = EXCLUDED.tokens_out
        "#,
        model,
        now,
        report.verdict.as_str(),
        report.failed_stage.map(|stage| stage.as_str()),
        stages,
        number(report.latency_ms),
        number(report.ttft_ms),
        number(report.tokens_in),
        number(report.tokens_out),
    )
    .execute(db)
    .await?;
    Ok(())
}
