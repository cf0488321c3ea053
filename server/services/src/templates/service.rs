//! Storing, listing and deleting templates, encrypted under the member's data key.

use std::sync::Arc;

use async_trait::async_trait;
use crypto::{Dek, Field};
use domain::{
    TemplateId,
    accounts::Viewer,
    error::{AppError, Noun},
    templates::{Template, TemplateDraft, TemplatePort},
};
use foundation::{clock::Clock, error::Error};
use sqlx::PgPool;
use uuid::Uuid;

use super::repo::{self, NewTemplate};
use crate::accounts::AccountService;

/// The templates of all members, each encrypted under its member's data key.
pub struct TemplateService {
    pool: PgPool,
    clock: Arc<dyn Clock>,
    accounts: Arc<AccountService>,
}

impl TemplateService {
    /// The service with its dependencies.
    pub fn new(pool: PgPool, clock: Arc<dyn Clock>, accounts: Arc<AccountService>) -> Self {
        Self { pool, clock, accounts }
    }

    /// Stores a new template.
    ///
    /// # Errors
    /// [`AppError::Invalid`] with the fields, [`AppError::Conflict`] where the member has 100 templates already.
    pub async fn create(&self, viewer: &Viewer, draft: TemplateDraft) -> Result<Template, AppError> {
        let template = checked(TemplateId(Uuid::now_v7()), draft)?;
        let (name_ct, body_ct) = self.encrypted(viewer, &template).await?;
        let new = NewTemplate { id: template.id, name_ct: &name_ct, body_ct: &body_ct, now: self.clock.now() };
        match repo::insert(&self.pool, viewer.id, &new).await? {
            true => Ok(template),
            false => Err(AppError::Conflict("There are 100 templates already. Delete one first.".into())),
        }
    }

    /// Replaces a template, its name included.
    ///
    /// # Errors
    /// [`AppError::Invalid`] with the fields, [`AppError::NotFound`] where the member has no such template.
    pub async fn replace(&self, viewer: &Viewer, id: TemplateId, draft: TemplateDraft) -> Result<Template, AppError> {
        let template = checked(id, draft)?;
        let (name_ct, body_ct) = self.encrypted(viewer, &template).await?;
        let new = NewTemplate { id, name_ct: &name_ct, body_ct: &body_ct, now: self.clock.now() };
        match repo::update(&self.pool, viewer.id, &new).await? {
            true => Ok(template),
            false => Err(AppError::NotFound(Noun::Template)),
        }
    }

    /// Deletes a template for good.
    ///
    /// # Errors
    /// [`AppError::NotFound`] where the member has no such template.
    pub async fn delete(&self, viewer: &Viewer, id: TemplateId) -> Result<(), AppError> {
        match repo::delete(&self.pool, viewer.id, id).await? {
            true => Ok(()),
            false => Err(AppError::NotFound(Noun::Template)),
        }
    }

    async fn encrypted(&self, viewer: &Viewer, template: &Template) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let dek = self.accounts.data_key(viewer.id).await?;
        let body =
            serde_json::to_string(&template.draft).map_err(|error| Error::Internal(format!("a template: {error}")))?;
        Ok((dek.encrypt(name_field(template.id), &template.draft.name)?, dek.encrypt(body_field(template.id), &body)?))
    }
}

fn checked(id: TemplateId, draft: TemplateDraft) -> Result<Template, AppError> {
    draft.check().map_err(AppError::Invalid)?;
    Ok(Template { id, draft: TemplateDraft { name: draft.name.trim().to_owned(), ..draft } })
}

fn name_field(id: TemplateId) -> Field {
    Field { table: "playground_templates", column: "name_ct", row: id.0 }
}

fn body_field(id: TemplateId) -> Field {
    Field { table: "playground_templates", column: "body_ct", row: id.0 }
}

/// Decrypts a template. `None`, with an error in the log, where that is not possible any more.
fn decrypted(dek: &Dek, row: &repo::TemplateRow) -> Option<Template> {
    let id = TemplateId(row.id);
    let open = || -> Result<Template, Error> {
        let body = dek.decrypt(body_field(id), &row.body_ct)?;
        let draft: TemplateDraft =
            serde_json::from_str(&body).map_err(|error| Error::Internal(format!("a template: {error}")))?;
        Ok(Template { id, draft: TemplateDraft { name: dek.decrypt(name_field(id), &row.name_ct)?, ..draft } })
    };
    open().inspect_err(|error| tracing::error!(template.id = %id, %error, "cannot decrypt a template")).ok()
}

#[async_trait]
impl TemplatePort for TemplateService {
    async fn templates(&self, viewer: &Viewer) -> Result<Vec<Template>, AppError> {
        let rows = repo::list(&self.pool, viewer.id).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let dek = self.accounts.data_key(viewer.id).await?;
        Ok(rows.iter().filter_map(|row| decrypted(&dek, row)).collect())
    }
}
