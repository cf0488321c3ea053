//! Listing, saving, ordering and deleting models. Every change locks the models, writes its entry in the audit log, and
//! notifies the replicas, in one transaction.

use std::collections::HashMap;

use async_trait::async_trait;
use domain::{
    accounts::Admin,
    catalog::admin::{BulkEdit, ModelEdit, ModelView, ModelsPort, Move},
    error::{AppError, FieldError, Noun},
};
use foundation::error::Error;
use serde_json::json;
use uuid::Uuid;

use super::{
    model_view::{AdjustmentViews, view},
    model_write::ModelWrite,
};
use crate::{
    audit::{Actor, Change, record},
    catalog::{
        CatalogService,
        repo::{self, FullModelRow},
    },
};

/// Most models of one bulk change or deletion.
const BULK_LIMIT: usize = 1_000;

#[async_trait]
impl ModelsPort for CatalogService {
    async fn all(&self, _: &Admin) -> Result<Vec<ModelView>, AppError> {
        let known = self.adjustment_views().await?;
        Ok(repo::all_models(&self.pool).await?.into_iter().map(|row| view(row, &known)).collect())
    }

    async fn unwell(&self, _: &Admin) -> Result<Vec<ModelView>, AppError> {
        let known = AdjustmentViews::default();
        let models = repo::all_models(&self.pool).await?.into_iter().map(|row| view(row, &known));
        let is_unwell = |model: &ModelView| {
            model.is_enabled && model.is_upstream_enabled && model.health.is_some_and(|health| health.lasts())
        };
        Ok(models.filter(is_unwell).collect())
    }

    async fn save(&self, admin: &Admin, slug: Option<&str>, edit: ModelEdit) -> Result<ModelView, AppError> {
        let (this, actor, slug) = (self.clone(), Actor::from(admin), slug.map(str::to_owned));
        let row = self.tasks.detached(async move { this.save_model(&actor, slug.as_deref(), edit).await });
        Ok(view(row.await?, &self.adjustment_views().await?))
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

    async fn forget(&self, admin: &Admin, slug: &str, field: &str) -> Result<(), AppError> {
        let (this, actor) = (self.clone(), Actor::from(admin));
        let (slug, field) = (slug.to_owned(), field.to_owned());
        Ok(self.tasks.detached(async move { this.forget_adjustment(&actor, &slug, &field).await }).await?)
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

/// The model of this slug.
pub(in crate::catalog) fn find(all: Vec<FullModelRow>, slug: &str) -> Result<FullModelRow, Error> {
    all.into_iter().find(|row| row.slug == slug).ok_or_else(|| AppError::NotFound(Noun::Model).into())
}

/// Models by their slugs.
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
