//! Applying an edit to an upstream: the rules of each field, its secrets, and which fields it changes.

use chrono::{DateTime, Utc};
use domain::{
    UpstreamId,
    catalog::admin::{FIRST_OUTPUT, SILENCE, UpstreamEdit, UpstreamView, WHOLE},
    error::{AppError, FieldError},
};
use foundation::error::Error;
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use upstream::BaseUrl;

use super::rules::{self, collect};
use crate::catalog::{
    CatalogService,
    headers::{Headers, merge_headers, stored_headers, write_headers},
    repo::UpstreamRow,
};

impl CatalogService {
    /// The row with the edit applied (`None`: a new upstream), and the changed fields with their new values, for the audit log.
    /// Secrets are not among the values.
    pub(super) fn apply_upstream_edit(
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
        if let Some(name) = collect(&mut errors, edit.name.map(|name| rules::name("name", &name, 100)))
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
            let key = collect(&mut errors, key.map(|key| rules::api_key(&key)));
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
        for (limit, given, stored) in [
            (WHOLE, edit.timeout_ms, &mut row.timeout_ms),
            (FIRST_OUTPUT, edit.first_byte_ms, &mut row.first_byte_ms),
            (SILENCE, edit.idle_ms, &mut row.idle_ms),
        ] {
            if let Some(ms) = collect(&mut errors, given.map(|ms| rules::time_limit(limit, ms)))
                && ms != *stored
            {
                detail.insert(limit.field.into(), json!(ms));
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
