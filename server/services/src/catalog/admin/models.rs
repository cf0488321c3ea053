//! Making, changing, ordering and deleting models.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{
    UpstreamId,
    accounts::Admin,
    catalog::admin::{BulkEdit, LastTest, ModelEdit, ModelView, ModelsPort, Move},
    error::{AppError, FieldError, Noun},
};
use foundation::error::Error;
use serde_json::{Map, Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{rules, upstreams::keep};
use crate::{
    audit::{Actor, Change, record},
    catalog::{
        CatalogService,
        names::FreeNames,
        repo::{self, FullModelRow, ModelFields, Taken},
        service::price_text,
    },
};

/// Models changed or deleted at once.
const BULK_LIMIT: usize = 1_000;

/// A model that was written, and which fields got which values; none where all was so already.
pub(in crate::catalog) struct ModelWrite {
    pub id: Uuid,
    pub slug: String,
    pub detail: Map<String, Value>,
}

#[async_trait]
impl ModelsPort for CatalogService {
    async fn all(&self, _: &Admin) -> Result<Vec<ModelView>, AppError> {
        Ok(repo::all_models(&self.pool).await?.into_iter().map(ModelView::from).collect())
    }

    async fn save(&self, admin: &Admin, slug: Option<&str>, edit: ModelEdit) -> Result<ModelView, AppError> {
        let (this, actor, slug) = (self.clone(), Actor::from(admin), slug.map(str::to_owned));
        let row = self.tasks.detached(async move { this.save_model(&actor, slug.as_deref(), edit).await });
        Ok(ModelView::from(row.await?))
    }

    async fn save_all(&self, admin: &Admin, edit: BulkEdit) -> Result<u32, AppError> {
        let (this, actor) = (self.clone(), Actor::from(admin));
        Ok(self.tasks.detached(async move { this.save_models(&actor, edit).await }).await?)
    }

    async fn reorder(&self, admin: &Admin, slug: &str, to: Move) -> Result<(), AppError> {
        let (this, actor, slug) = (self.clone(), Actor::from(admin), slug.to_owned());
        Ok(self.tasks.detached(async move { this.move_model(&actor, &slug, to).await }).await?)
    }

    async fn delete(&self, admin: &Admin, slugs: &[String]) -> Result<u32, AppError> {
        let (this, actor, slugs) = (self.clone(), Actor::from(admin), slugs.to_vec());
        Ok(self.tasks.detached(async move { this.delete_models(&actor, &slugs).await }).await?)
    }
}

impl CatalogService {
    async fn save_model(&self, actor: &Actor, slug: Option<&str>, edit: ModelEdit) -> Result<FullModelRow, Error> {
        let mut tx = self.pool.begin().await?;
        repo::lock_models(&mut *tx).await?;
        let stored = match slug {
            Some(slug) => Some(find(repo::all_models(&mut *tx).await?, slug)?),
            None => None,
        };
        let ModelWrite { slug, .. } = self.write_edited(&mut tx, actor, stored, edit).await?;
        repo::notify(&mut *tx).await?;
        let row = find(repo::all_models(&mut *tx).await?, &slug)?;
        tx.commit().await?;
        Ok(row)
    }

    async fn save_models(&self, actor: &Actor, edit: BulkEdit) -> Result<u32, Error> {
        let BulkEdit { slugs, change } = edit;
        check_count(&slugs)?;
        let fixed = [
            ("public_name", change.public_name.is_some()),
            ("slug", change.slug.is_some()),
            ("upstream", change.upstream.is_some()),
            ("upstream_model", change.upstream_model.is_some()),
        ];
        if let Some((field, _)) = fixed.into_iter().find(|(_, is_given)| *is_given) {
            let message = "This cannot be the same for several models. Change it for one at a time.";
            return Err(AppError::Invalid(vec![FieldError::new(field, "not_in_bulk", message)]).into());
        }
        let mut tx = self.pool.begin().await?;
        repo::lock_models(&mut *tx).await?;
        let known = by_slug(repo::all_models(&mut *tx).await?);
        let mut changed = 0;
        for slug in &slugs {
            let row = known.get(slug).ok_or(AppError::NotFound(Noun::Model))?;
            self.write_edited(&mut tx, actor, Some(row.clone()), change.clone()).await?;
            changed += 1;
        }
        repo::notify(&mut *tx).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// Writes one model with its entry in the audit log.
    pub(in crate::catalog) async fn write_edited(
        &self,
        tx: &mut PgConnection,
        actor: &Actor,
        stored: Option<FullModelRow>,
        edit: ModelEdit,
    ) -> Result<ModelWrite, Error> {
        let is_new = stored.is_none();
        let old_name = stored.as_ref().map(|row| row.public_name.clone());
        let wished_slug = edit.slug.is_some();
        let (mut row, detail) = edited(tx, stored, edit).await?;
        if is_new && !wished_slug {
            row.slug = FreeNames::load(&mut *tx).await?.take_slug(&row.public_name);
        }
        if !is_new && detail.is_empty() {
            return Ok(ModelWrite { id: row.id, slug: row.slug, detail });
        }
        let now = self.clock.now();
        if let Err(taken) = repo::write_model(&mut *tx, &fields(&row), now).await? {
            let (field, what) = match taken {
                Taken::PublicName => ("public_name", "name"),
                Taken::Slug => ("slug", "slug"),
            };
            let message = format!("Another model has this {what}. Choose another one.");
            return Err(AppError::Invalid(vec![FieldError::new(field, "taken", message)]).into());
        }
        if old_name.as_ref() != Some(&row.public_name) {
            take_name(tx, &row, old_name.as_deref(), now).await?;
        }
        let action = if is_new { "model.create" } else { "model.change" };
        let change = Change::new(action, &row.public_name, Value::Object(detail.clone()));
        record(&mut *tx, actor, &change, now).await?;
        Ok(ModelWrite { id: row.id, slug: row.slug, detail })
    }

    async fn move_model(&self, actor: &Actor, slug: &str, to: Move) -> Result<(), Error> {
        let mut tx = self.pool.begin().await?;
        repo::lock_models(&mut *tx).await?;
        let all = repo::all_models(&mut *tx).await?;
        let moved = find(all.clone(), slug)?;
        let mut ids: Vec<Uuid> =
            all.iter().filter(|row| row.is_featured == moved.is_featured).map(|row| row.id).collect();
        let from = ids.iter().position(|id| *id == moved.id).unwrap_or_default();
        let to = match to {
            Move::Up => from.saturating_sub(1),
            Move::Down => (from + 1).min(ids.len() - 1),
            Move::Top => 0,
            Move::Bottom => ids.len() - 1,
        };
        let id = ids.remove(from);
        ids.insert(to, id);
        repo::place_models(&mut *tx, &ids).await?;
        let change = Change::new("model.move", &moved.public_name, json!({"from": from + 1, "to": to + 1}));
        record(&mut tx, actor, &change, self.clock.now()).await?;
        repo::notify(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn delete_models(&self, actor: &Actor, slugs: &[String]) -> Result<u32, Error> {
        check_count(slugs)?;
        let mut tx = self.pool.begin().await?;
        repo::lock_models(&mut *tx).await?;
        let known = by_slug(repo::all_models(&mut *tx).await?);
        let mut ids = Vec::new();
        for slug in slugs {
            let row = known.get(slug).ok_or(AppError::NotFound(Noun::Model))?;
            ids.push(row.id);
            let detail = json!({"upstream": row.upstream, "upstream_model": row.upstream_model});
            record(&mut tx, actor, &Change::new("model.delete", &row.public_name, detail), self.clock.now()).await?;
        }
        repo::delete_models(&mut *tx, &ids).await?;
        repo::notify(&mut *tx).await?;
        tx.commit().await?;
        Ok(u32::try_from(ids.len()).unwrap_or(u32::MAX))
    }
}

/// Gives a model that is written its name, and takes along what goes by the old one. Refused where figures would be mixed up.
async fn take_name(
    tx: &mut PgConnection,
    row: &FullModelRow,
    old_name: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let refused =
        |message: String| Error::from(AppError::Invalid(vec![FieldError::new("public_name", "has_history", message)]));
    if let Some(holder) = repo::holder_of_former_name(&mut *tx, &row.public_name, row.id).await? {
        return Err(refused(format!(
            "{holder} was called so before, and requests under this name count for it. Choose another name."
        )));
    }
    repo::take_former_name(&mut *tx, &row.public_name).await?;
    // A new model carries on where one that was deleted ended.
    let Some(old_name) = old_name else { return Ok(()) };
    if repo::has_history(&mut *tx, &row.public_name).await? {
        let message = "There are figures under this name already, of a model that was deleted or that only LiteLLM knows. \
                       Choose another name.";
        return Err(refused(message.into()));
    }
    repo::rename_history(&mut *tx, row.id, (old_name, &row.public_name), now).await
}

/// The row after the change, and what the audit log says of it.
async fn edited(
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
    if let Some(name) = keep(&mut errors, edit.public_name.map(|name| rules::name("public_name", &name, 200))) {
        row.public_name = name;
    }
    if let Some(slug) = keep(&mut errors, edit.slug.map(|slug| rules::slug(&slug))) {
        row.slug = slug;
    }
    if let Some(name) = keep(&mut errors, edit.upstream_model.map(|name| rules::name("upstream_model", &name, 200))) {
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
        row.family = keep(&mut errors, family.map(|family| rules::name("family", &family, 100)));
    }
    if let Some(tokens) = edit.context_window {
        row.context_window = keep(&mut errors, tokens.map(rules::context_window));
    }
    if let Some(price) = edit.input_price_per_million_usd {
        let field = "input_price_per_million_usd";
        row.input_price_per_million_usd = keep(&mut errors, price.map(|price| rules::price(field, &price)));
    }
    if let Some(price) = edit.output_price_per_million_usd {
        let field = "output_price_per_million_usd";
        row.output_price_per_million_usd = keep(&mut errors, price.map(|price| rules::price(field, &price)));
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

pub(in crate::catalog) fn find(all: Vec<FullModelRow>, slug: &str) -> Result<FullModelRow, Error> {
    all.into_iter().find(|row| row.slug == slug).ok_or_else(|| AppError::NotFound(Noun::Model).into())
}

/// Models by their slugs, where several are looked for.
pub(in crate::catalog) fn by_slug(all: Vec<FullModelRow>) -> HashMap<String, FullModelRow> {
    all.into_iter().map(|row| (row.slug.clone(), row)).collect()
}

fn check_count(slugs: &[String]) -> Result<(), Error> {
    let message = match slugs.len() {
        0 => "Choose at least one model.".to_owned(),
        n if n > BULK_LIMIT => format!("Choose at most {BULK_LIMIT} models at once."),
        _ => return Ok(()),
    };
    Err(AppError::Invalid(vec![FieldError::new("slugs", "out_of_range", message)]).into())
}

fn fields(row: &FullModelRow) -> ModelFields<'_> {
    ModelFields {
        id: row.id,
        public_name: &row.public_name,
        slug: &row.slug,
        upstream_id: row.upstream_id,
        upstream_model: &row.upstream_model,
        family: row.family.as_deref(),
        context_window: row.context_window,
        is_featured: row.is_featured,
        is_enabled: row.is_enabled,
        input_price_per_million_usd: row.input_price_per_million_usd,
        output_price_per_million_usd: row.output_price_per_million_usd,
    }
}

/// A model before anything is known of it.
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
    }
}

impl From<FullModelRow> for ModelView {
    fn from(row: FullModelRow) -> Self {
        let ms = |ms: Option<i64>| ms.map(i64::unsigned_abs);
        let last_test = row.tested_at.zip(row.verdict).map(|(tested_at, verdict)| LastTest {
            tested_at,
            verdict,
            failed_stage: row.failed_stage,
            latency_ms: ms(row.latency_ms),
            ttft_ms: ms(row.ttft_ms),
        });
        Self {
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
        }
    }
}
