//! A model as the admin pages show it.

use std::collections::HashMap;

use domain::{
    UpstreamId,
    catalog::admin::{AdjustmentView, HealthState, LastTest, ModelHealth, ModelView},
};
use uuid::Uuid;

use crate::catalog::{repo::FullModelRow, service::price_text};

/// What is known of the models, by upstream and the upstream's name.
pub(in crate::catalog) type AdjustmentViews = HashMap<(Uuid, String), Vec<AdjustmentView>>;

/// The view of a model, given what is known of all of them.
pub(super) fn view(row: FullModelRow, known: &AdjustmentViews) -> ModelView {
    let ms = |ms: Option<i64>| ms.map(i64::unsigned_abs);
    let health = health(&row);
    let last_test = row.tested_at.zip(row.verdict).map(|(tested_at, verdict)| LastTest {
        tested_at,
        verdict,
        failed_stage: row.failed_stage,
        latency_ms: ms(row.latency_ms),
        ttft_ms: ms(row.ttft_ms),
    });
    let adjustments = known.get(&(row.upstream_id, row.upstream_model.clone())).cloned().unwrap_or_default();
    ModelView {
        public_name: row.public_name,
        slug: row.slug,
        upstream: row.upstream,
        upstream_id: UpstreamId(row.upstream_id),
        is_upstream_enabled: row.is_upstream_enabled,
        upstream_model: row.upstream_model,
        family: row.family,
        context_window: row.context_window.map(i32::unsigned_abs),
        is_featured: row.is_featured,
        is_enabled: row.is_enabled,
        input_price_per_million_usd: row.input_price_per_million_usd.map(price_text),
        output_price_per_million_usd: row.output_price_per_million_usd.map(price_text),
        last_test,
        adjustments,
        health,
    }
}

fn health(row: &FullModelRow) -> Option<ModelHealth> {
    Some(ModelHealth {
        state: HealthState::of(row.health_state.as_deref()?)?,
        since: row.health_since?,
        last_seen: row.health_last_seen?,
        count: row.health_count?.unsigned_abs(),
    })
}
