//! Writing one model: its row, its history under a new name, and its entry in the audit log.

use chrono::{DateTime, Utc};
use domain::{
    catalog::admin::ModelEdit,
    error::{AppError, FieldError},
};
use foundation::error::Error;
use serde_json::{Map, Value};
use sqlx::PgConnection;
use uuid::Uuid;

use super::model_edit::edited;
use crate::{
    audit::{Actor, Change, record},
    catalog::{
        CatalogService,
        names::FreeNames,
        repo::{self, FullModelRow, ModelFields, Taken},
    },
};

/// A model that was written. `detail` has the changed fields with their new values; empty where nothing changed.
pub(in crate::catalog) struct ModelWrite {
    pub id: Uuid,
    pub slug: String,
    pub detail: Map<String, Value>,
}

impl CatalogService {
    /// Writes one model with its entry in the audit log. The models are locked by the caller.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] with the fields at fault: broken rules, a name or slug that is taken, a name with history.
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
}

/// Moves the statistics under a model's old name to its new one. Refused where the new name has statistics of another model,
/// since the two could not be told apart afterwards.
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
    // A new model continues the statistics of a deleted one of the same name.
    let Some(old_name) = old_name else { return Ok(()) };
    if repo::has_history(&mut *tx, &row.public_name).await? {
        let message = "There are figures under this name already, of a model that was deleted or that only LiteLLM knows. \
                       Choose another name.";
        return Err(refused(message.into()));
    }
    repo::rename_history(&mut *tx, row.id, (old_name, &row.public_name), now).await
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
