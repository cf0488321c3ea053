//! Listing, saving and deleting upstreams.

use async_trait::async_trait;
use domain::{
    UpstreamId,
    accounts::Admin,
    catalog::admin::{ImportChoice, Listing, UpstreamEdit, UpstreamView, UpstreamsPort},
    error::{AppError, FieldError, Noun},
};
use foundation::error::Error;
use serde_json::{Map, Value, json};
use sqlx::PgConnection;
use upstream::{BaseUrl, check_base_url};
use uuid::Uuid;

use crate::{
    audit::{Actor, Change, record},
    catalog::{
        CatalogService,
        repo::{self, UpstreamRow},
    },
};

#[async_trait]
impl UpstreamsPort for CatalogService {
    async fn upstreams(&self, _: &Admin) -> Result<Vec<UpstreamView>, AppError> {
        Ok(repo::all_upstreams(&self.pool).await?.into_iter().map(UpstreamView::from).collect())
    }

    async fn save(&self, admin: &Admin, id: Option<UpstreamId>, edit: UpstreamEdit) -> Result<UpstreamView, AppError> {
        let base_url = self.checked_base_url(id, edit.base_url.as_deref()).await?;
        let (this, actor) = (self.clone(), Actor::from(admin));
        let row = self.tasks.detached(async move { this.save_upstream(&actor, id, edit, base_url).await });
        Ok(UpstreamView::from(row.await?))
    }

    async fn delete(&self, admin: &Admin, id: UpstreamId) -> Result<(), AppError> {
        let (this, actor) = (self.clone(), Actor::from(admin));
        Ok(self.tasks.detached(async move { this.delete_upstream(&actor, id.0).await }).await?)
    }

    async fn listing(&self, _: &Admin, id: UpstreamId, filter: &str) -> Result<Listing, AppError> {
        Ok(self.list_upstream(id.0, filter).await?)
    }

    async fn import(&self, admin: &Admin, id: UpstreamId, choice: ImportChoice) -> Result<u32, AppError> {
        Ok(self.import_models(&Actor::from(admin), id.0, choice).await?)
    }
}

impl CatalogService {
    /// Checks the base URL as entered, including where its name resolves to now; that is checked again at every call. A name
    /// that does not resolve yet is accepted.
    async fn checked_base_url(&self, id: Option<UpstreamId>, typed: Option<&str>) -> Result<Option<BaseUrl>, Error> {
        let Some(typed) = typed else { return Ok(None) };
        let url = check_base_url(typed).map_err(|error| invalid("base_url", error.code(), error.to_string()))?;
        // A private address stays allowed for the operator's own upstream as long as its origin stays the same.
        let stored = match id {
            Some(id) => repo::find_upstream(&self.pool, id.0).await?,
            None => None,
        };
        let allow_private = stored.is_some_and(|row| row.allow_private && row.has_origin(&url));
        self.refuse_private(&url, allow_private).await?;
        Ok(Some(url))
    }

    /// Refuses a base URL with a private address or the port of another service; the message has the environment variable that
    /// would allow it.
    pub(in crate::catalog) async fn refuse_private(&self, url: &BaseUrl, allow_private: bool) -> Result<(), Error> {
        match self.client.refusal(url, allow_private).await {
            Some(message) => Err(invalid("base_url", "address_blocked", message)),
            None => Ok(()),
        }
    }

    async fn save_upstream(
        &self,
        actor: &Actor,
        id: Option<UpstreamId>,
        edit: UpstreamEdit,
        base_url: Option<BaseUrl>,
    ) -> Result<UpstreamRow, Error> {
        let mut tx = self.pool.begin().await?;
        let (row, _) = self.write_upstream_edit(&mut tx, actor, id, edit, base_url).await?;
        repo::notify(&mut *tx).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Writes one upstream with its entry in the audit log, and returns the changed fields with their new values.
    pub(in crate::catalog) async fn write_upstream_edit(
        &self,
        tx: &mut PgConnection,
        actor: &Actor,
        id: Option<UpstreamId>,
        edit: UpstreamEdit,
        base_url: Option<BaseUrl>,
    ) -> Result<(UpstreamRow, Value), Error> {
        let now = self.clock.now();
        let stored = match id {
            Some(id) => Some(repo::find_upstream(&mut *tx, id.0).await?.ok_or(AppError::NotFound(Noun::Upstream))?),
            None => None,
        };
        let is_new = stored.is_none();
        let (row, detail) = self.apply_upstream_edit(stored, edit, base_url, now)?;
        if !is_new && detail.as_object().is_some_and(Map::is_empty) {
            return Ok((row, detail));
        }
        if !repo::write_upstream(&mut *tx, &row).await? {
            return Err(invalid("name", "taken", "There is an upstream of this name. Choose another one.".into()));
        }
        let action = if is_new { "upstream.create" } else { "upstream.change" };
        record(&mut *tx, actor, &Change::new(action, &row.name, detail.clone()), now).await?;
        Ok((row, detail))
    }

    async fn delete_upstream(&self, actor: &Actor, id: Uuid) -> Result<(), Error> {
        let mut tx = self.pool.begin().await?;
        let row = repo::find_upstream(&mut *tx, id).await?.ok_or(AppError::NotFound(Noun::Upstream))?;
        let names = repo::names_at(&mut *tx, id).await?;
        if !names.is_empty() {
            let shown: Vec<&str> = names.iter().take(10).map(|(_, name)| name.as_str()).collect();
            let more = match names.len() - shown.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let message = format!(
                "{} still serves {}{more}. Delete these models or move them to another upstream first; to stop calls at \
                 once, disable it.",
                row.name,
                shown.join(", "),
            );
            return Err(AppError::Conflict(message).into());
        }
        repo::delete_upstream(&mut *tx, id).await?;
        record(&mut tx, actor, &Change::new("upstream.delete", row.name, json!({})), self.clock.now()).await?;
        repo::notify(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn invalid(field: &str, code: &str, message: String) -> Error {
    AppError::Invalid(vec![FieldError::new(field, code, message)]).into()
}
