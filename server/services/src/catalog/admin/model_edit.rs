//! Applying an edit to a model: the rules of each field, and which fields it changes.

use domain::{
    catalog::admin::ModelEdit,
    error::{AppError, FieldError},
};
use foundation::error::Error;
use serde_json::{Map, Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::rules::{self, collect};
use crate::catalog::repo::{self, FullModelRow};

/// The row with the edit applied (`None`: a new model), and the changed fields with their new values, for the audit log.
pub(super) async fn edited(
    tx: &mut PgConnection,
    stored: Option<FullModelRow>,
    edit: ModelEdit,
) -> Result<(FullModelRow, Map<String, Value>), Error> {
    let mut errors = Vec::new();
    if stored.is_none() {
        for (field, is_given, message) in [
            ("public_name", edit.public_name.is_some(), "Enter a public name, such as acme/qwen-pro."),
            ("upstream", edit.upstream.is_some(), "Choose the upstream that serves it."),
            ("upstream_model", edit.upstream_model.is_some(), "Enter the upstream's own name of the model."),
        ] {
            if !is_given {
                errors.push(FieldError::new(field, "missing", message));
            }
        }
    }
    let old = stored.clone();
    let mut row = stored.unwrap_or_else(blank);
    if let Some(name) = collect(&mut errors, edit.public_name.map(|name| rules::name("public_name", &name, 200))) {
        row.public_name = name;
    }
    if let Some(slug) = collect(&mut errors, edit.slug.map(|slug| rules::slug(&slug))) {
        row.slug = slug;
    }
    if let Some(name) = collect(&mut errors, edit.upstream_model.map(|name| rules::name("upstream_model", &name, 200)))
    {
        row.upstream_model = name;
    }
    if let Some(name) = edit.upstream {
        match repo::upstream_id(&mut *tx, name.trim()).await? {
            Some(id) => (row.upstream_id, row.upstream) = (id, name.trim().to_owned()),
            None => errors.push(FieldError::new("upstream", "unknown", "There is no upstream of this name.")),
        }
    }
    if let Some(family) = edit.family {
        let family = family.filter(|family| !family.trim().is_empty());
        row.family = collect(&mut errors, family.map(|family| rules::name("family", &family, 100)));
    }
    if let Some(tokens) = edit.context_window {
        row.context_window = collect(&mut errors, tokens.map(rules::context_window));
    }
    if let Some(price) = edit.input_price_per_million_usd {
        let field = "input_price_per_million_usd";
        row.input_price_per_million_usd = collect(&mut errors, price.map(|price| rules::price(field, &price)));
    }
    if let Some(price) = edit.output_price_per_million_usd {
        let field = "output_price_per_million_usd";
        row.output_price_per_million_usd = collect(&mut errors, price.map(|price| rules::price(field, &price)));
    }
    row.is_featured = edit.is_featured.unwrap_or(row.is_featured);
    row.is_enabled = edit.is_enabled.unwrap_or(row.is_enabled);
    if !errors.is_empty() {
        return Err(AppError::Invalid(errors).into());
    }
    let detail = difference(old.as_ref(), &row);
    Ok((row, detail))
}

/// The fields that differ, with their new values.
fn difference(old: Option<&FullModelRow>, new: &FullModelRow) -> Map<String, Value> {
    let values = |row: &FullModelRow| {
        [
            ("public_name", json!(row.public_name)),
            ("slug", json!(row.slug)),
            ("upstream", json!(row.upstream)),
            ("upstream_model", json!(row.upstream_model)),
            ("family", json!(row.family)),
            ("context_window", json!(row.context_window)),
            ("is_featured", json!(row.is_featured)),
            ("is_enabled", json!(row.is_enabled)),
            ("input_price_per_million_usd", json!(row.input_price_per_million_usd.map(|price| price.normalize()))),
            ("output_price_per_million_usd", json!(row.output_price_per_million_usd.map(|price| price.normalize()))),
        ]
    };
    let before = old.map(values);
    let after = values(new).into_iter().enumerate();
    let changed = after.filter(|(at, (_, value))| before.as_ref().is_none_or(|before| before[*at].1 != *value));
    changed.map(|(_, (field, value))| (field.to_owned(), value)).collect()
}

/// A new model before its edit is applied.
fn blank() -> FullModelRow {
    FullModelRow {
        id: Uuid::now_v7(),
        public_name: String::new(),
        slug: String::new(),
        upstream_id: Uuid::nil(),
        upstream: String::new(),
        is_upstream_enabled: true,
        upstream_model: String::new(),
        family: None,
        context_window: None,
        is_featured: false,
        is_enabled: true,
        input_price_per_million_usd: None,
        output_price_per_million_usd: None,
        tested_at: None,
        verdict: None,
        failed_stage: None,
        latency_ms: None,
        ttft_ms: None,
        health_state: None,
        health_since: None,
        health_last_seen: None,
        health_count: None,
    }
}
