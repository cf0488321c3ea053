//! Statements of demo mode.

use chrono::{DateTime, Utc};
use foundation::error::Error;
use rust_decimal::Decimal;
use sqlx::PgExecutor;
use uuid::Uuid;

/// A model of a simulated upstream.
pub(super) struct SimulatedModel {
    pub public_name: String,
    pub upstream_model: String,
    pub upstream_id: Uuid,
    pub input_price_per_million_usd: Option<Decimal>,
    pub output_price_per_million_usd: Option<Decimal>,
}

/// The enabled models of enabled simulated upstreams.
#[tracing::instrument(name = "db.models.simulated", skip_all)]
pub(super) async fn simulated_models(db: impl PgExecutor<'_>) -> Result<Vec<SimulatedModel>, Error> {
    Ok(sqlx::query_as!(
        SimulatedModel,
        r#"
        SELECT m.public_name, m.upstream_model, m.upstream_id, m.input_price_per_million_usd, m.output_price_per_million_usd
        FROM models m
        JOIN upstreams u ON u.id = m.upstream_id
        WHERE u.is_simulated AND u.is_enabled AND m.is_enabled
        ORDER BY m.public_name
        LIMIT 100
        "#
    )
    .fetch_all(db)
    .await?)
}

/// The newest hour since `since` that has generated events.
#[tracing::instrument(name = "db.usage_events.last_simulated_hour", skip_all)]
pub(super) async fn last_simulated_hour(
    db: impl PgExecutor<'_>,
    since: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, Error> {
    Ok(sqlx::query_scalar!(
        "SELECT usage_hour(max(occurred_at)) FROM usage_events WHERE source = 'simulated' AND occurred_at >= $1",
        since
    )
    .fetch_one(db)
    .await?)
}
