//! Making, changing and deleting upstreams.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{
    UpstreamId,
    accounts::Admin,
    catalog::admin::{ImportChoice, Listing, UpstreamEdit, UpstreamView, UpstreamsPort},
    error::{AppError, FieldError, Noun},
};
use foundation::error::Error;
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use sqlx::PgConnection;
use upstream::{BaseUrl, check_base_url};
use uuid::Uuid;

use super::rules;
use crate::{
    audit::{Actor, Change, record},
    catalog::{
        CatalogService,
        headers::{Headers, merge_headers, stored_headers, write_headers},
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
    /// The base URL as typed, refused where it leads to what may not be called. What its name leads to is looked up now, and
    /// again at every call; a name that leads nowhere yet is taken.
    async fn checked_base_url(&self, id: Option<UpstreamId>, typed: Option<&str>) -> Result<Option<BaseUrl>, Error> {
        let Some(typed) = typed else { return Ok(None) };
        let url = check_base_url(typed).map_err(|error| invalid("base_url", error.code(), error.to_string()))?;
        // The operator's own upstream stays allowed as long as it stays where it is.
        let stored = match id {
            Some(id) => repo::find_upstream(&self.pool, id.0).await?,
            None => None,
        };
        let allow_private = stored.is_some_and(|row| row.allow_private && row.has_origin(&url));
        self.refuse_private(&url, allow_private).await?;
        Ok(Some(url))
    }

    /// Says which line to add where a base URL leads to a private address or to a port of something else.
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

    /// Writes one upstream with its entry in the audit log, and returns which fields got which values.
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
        let (row, detail) = self.edited(stored, edit, base_url, now)?;
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

    /// The row after the change, and what the audit log says of it.
    fn edited(
        &self,
        stored: Option<UpstreamRow>,
        edit: UpstreamEdit,
        base_url: Option<BaseUrl>,
        now: DateTime<Utc>,
    ) -> Result<(UpstreamRow, Value), Error> {
        let mut errors = Vec::new();
        let mut detail = Map::new();
        let is_new = stored.is_none();
        if is_new && edit.name.is_none() {
            errors.push(FieldError::new("name", "missing", "Enter a name."));
        }
        if is_new && base_url.is_none() {
            errors.push(FieldError::new("base_url", "missing", "Enter the base URL."));
        }
        let mut row = stored.unwrap_or_else(|| UpstreamRow::new("", now));
        row.updated_at = now;
        if let Some(name) = keep(&mut errors, edit.name.map(|name| rules::name("name", &name, 100)))
            && name != row.name
        {
            detail.insert("name".into(), json!(name));
            row.name = name;
        }
        let mut kept_headers = self.headers_of(&row)?;
        if let Some(url) = base_url {
            if !is_new && !row.has_origin(&url) {
                detail.insert("cleared".into(), json!("key and headers, since scheme, host or port changed"));
                row.set_key(None);
                row.set_headers(None, Vec::new());
                kept_headers = Headers::new();
                (row.allow_private, row.is_simulated) = (false, false);
            }
            if url.to_string() != row.base_url {
                detail.insert("base_url".into(), json!(url.to_string()));
                row.base_url = url.to_string();
            }
        }
        if let Some(key) = edit.api_key {
            let key = key.filter(|key| !key.trim().is_empty());
            detail.insert("api_key".into(), json!(if key.is_some() { "set" } else { "cleared" }));
            let key = keep(&mut errors, key.map(|key| rules::api_key(&key)));
            let key = key.map(|key| self.wrap_api_key(row.id, &SecretString::from(key))).transpose()?;
            row.set_key(key);
        }
        if let Some(given) = edit.headers {
            match merge_headers(given, &kept_headers) {
                Ok(headers) => {
                    let names: Vec<String> = headers.keys().cloned().collect();
                    detail.insert("headers".into(), json!(names));
                    let wrapped = match names.is_empty() {
                        true => None,
                        false => Some(self.keyring.wrap_headers(row.id, &write_headers(&headers))?),
                    };
                    row.set_headers(wrapped, names);
                }
                Err(refused) => errors.extend(refused),
            }
        }
        for (field, given, stored) in [
            ("timeout_ms", edit.timeout_ms, &mut row.timeout_ms),
            ("first_byte_ms", edit.first_byte_ms, &mut row.first_byte_ms),
            ("idle_ms", edit.idle_ms, &mut row.idle_ms),
        ] {
            if let Some(ms) = keep(&mut errors, given.map(|ms| rules::time_limit(field, ms)))
                && ms != *stored
            {
                detail.insert(field.into(), json!(ms));
                *stored = ms;
            }
        }
        if let Some(is_enabled) = edit.is_enabled.filter(|is_enabled| *is_enabled != row.is_enabled) {
            detail.insert("is_enabled".into(), json!(is_enabled));
            row.is_enabled = is_enabled;
        }
        match errors.is_empty() {
            true => Ok((row, Value::Object(detail))),
            false => Err(AppError::Invalid(errors).into()),
        }
    }

    fn headers_of(&self, row: &UpstreamRow) -> Result<Headers, Error> {
        match (&row.wrapped_headers, row.headers_version) {
            (Some(wrapped), Some(version)) => stored_headers(&self.keyring.unwrap_headers(row.id, wrapped, version)?),
            _ => Ok(Headers::new()),
        }
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

/// The value, if there is one and it is right; what is wrong goes to the others.
pub(super) fn keep<T>(errors: &mut Vec<FieldError>, checked: Option<Result<T, FieldError>>) -> Option<T> {
    match checked? {
        Ok(value) => Some(value),
        Err(error) => {
            errors.push(error);
            None
        }
    }
}

impl From<UpstreamRow> for UpstreamView {
    fn from(row: UpstreamRow) -> Self {
        Self {
            id: UpstreamId(row.id),
            name: row.name,
            base_url: row.base_url,
            has_api_key: row.wrapped_api_key.is_some(),
            headers: row.header_names,
            is_enabled: row.is_enabled,
            is_simulated: row.is_simulated,
            allow_private: row.allow_private,
            timeout_ms: row.timeout_ms.unsigned_abs(),
            first_byte_ms: row.first_byte_ms.unsigned_abs(),
            idle_ms: row.idle_ms.unsigned_abs(),
            models: u32::try_from(row.models).unwrap_or(u32::MAX),
            updated_at: row.updated_at,
        }
    }
}
