//! Applying an edit to an upstream: the rules of each field, its secrets, and which fields it changes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{
    UpstreamId,
    catalog::admin::{FIRST_OUTPUT, SILENCE, UpstreamEdit, UpstreamView, WHOLE},
    error::{AppError, FieldError},
};
use foundation::error::Error;
use secrecy::SecretString;
use serde::Serialize;
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
    ///
    /// # Errors
    ///
    /// Every field that is missing or refused, all of them at once; or secrets that could not be encrypted or decrypted.
    pub(super) fn apply_upstream_edit(
        &self,
        stored: Option<UpstreamRow>,
        edit: UpstreamEdit,
        base_url: Option<BaseUrl>,
        now: DateTime<Utc>,
    ) -> Result<(UpstreamRow, Value), Error> {
        let is_new = stored.is_none();
        let row = stored.unwrap_or_else(|| UpstreamRow::new("", now));
        let mut change = Change { row, detail: Map::new(), errors: Vec::new() };
        change.row.updated_at = now;
        if is_new {
            change.require_name_and_url(&edit, base_url.as_ref());
        }
        change.set_name(edit.name);
        if let Some(url) = base_url {
            if !is_new {
                change.clear_secrets_for_new_origin(&url);
            }
            change.set_base_url(&url);
        }
        if let Some(key) = edit.api_key {
            self.change_key(&mut change, key)?;
        }
        if let Some(headers) = edit.headers {
            self.change_headers(&mut change, headers)?;
        }
        change.set_limits([edit.timeout_ms, edit.first_byte_ms, edit.idle_ms]);
        change.set_enabled(edit.is_enabled);
        change.finish()
    }

    /// Replaces the key; an empty one clears it.
    fn change_key(&self, change: &mut Change, key: Option<String>) -> Result<(), Error> {
        let key = key.filter(|key| !key.trim().is_empty());
        change.note("api_key", if key.is_some() { "set" } else { "cleared" });
        let key = collect(&mut change.errors, key.map(|key| rules::api_key(&key)));
        let key = key.map(|key| self.wrap_api_key(change.row.id, &SecretString::from(key))).transpose()?;
        change.row.set_key(key);
        Ok(())
    }

    /// Replaces the headers; a name without a value keeps its stored value.
    fn change_headers(&self, change: &mut Change, given: BTreeMap<String, Option<String>>) -> Result<(), Error> {
        match merge_headers(given, &self.headers_of(&change.row)?) {
            Ok(headers) => {
                let names: Vec<String> = headers.keys().cloned().collect();
                change.note("headers", &names);
                let wrapped = match names.is_empty() {
                    true => None,
                    false => Some(self.keyring.wrap_headers(change.row.id, &write_headers(&headers))?),
                };
                change.row.set_headers(wrapped, names);
            }
            Err(refused) => change.errors.extend(refused),
        }
        Ok(())
    }

    fn headers_of(&self, row: &UpstreamRow) -> Result<Headers, Error> {
        match (&row.wrapped_headers, row.headers_version) {
            (Some(wrapped), Some(version)) => stored_headers(&self.keyring.unwrap_headers(row.id, wrapped, version)?),
            _ => Ok(Headers::new()),
        }
    }
}

/// An edit while it is applied.
struct Change {
    row: UpstreamRow,
    /// The changed fields, for the audit log.
    detail: Map<String, Value>,
    errors: Vec<FieldError>,
}

impl Change {
    fn note(&mut self, field: &str, value: impl Serialize) {
        self.detail.insert(field.into(), json!(value));
    }

    fn require_name_and_url(&mut self, edit: &UpstreamEdit, base_url: Option<&BaseUrl>) {
        if edit.name.is_none() {
            self.errors.push(FieldError::new("name", "missing", "Enter a name."));
        }
        if base_url.is_none() {
            self.errors.push(FieldError::new("base_url", "missing", "Enter the base URL."));
        }
    }

    fn set_name(&mut self, name: Option<String>) {
        if let Some(name) = collect(&mut self.errors, name.map(|name| rules::name("name", &name, 100)))
            && name != self.row.name
        {
            self.note("name", &name);
            self.row.name = name;
        }
    }

    /// Secrets and permissions were given for the stored origin, and are not sent to another.
    fn clear_secrets_for_new_origin(&mut self, url: &BaseUrl) {
        if !self.row.has_origin(url) {
            self.note("cleared", "key and headers, since scheme, host or port changed");
            self.row.set_key(None);
            self.row.set_headers(None, Vec::new());
            (self.row.allow_private, self.row.is_simulated) = (false, false);
        }
    }

    fn set_base_url(&mut self, url: &BaseUrl) {
        let url = url.to_string();
        if url != self.row.base_url {
            self.note("base_url", &url);
            self.row.base_url = url;
        }
    }

    /// Sets the time limits for the whole answer, its first byte, and the pause between two pieces.
    fn set_limits(&mut self, [whole, first_output, silence]: [Option<u32>; 3]) {
        let Self { row, detail, errors } = self;
        for (limit, given, stored) in [
            (WHOLE, whole, &mut row.timeout_ms),
            (FIRST_OUTPUT, first_output, &mut row.first_byte_ms),
            (SILENCE, silence, &mut row.idle_ms),
        ] {
            if let Some(ms) = collect(errors, given.map(|ms| rules::time_limit(limit, ms)))
                && ms != *stored
            {
                detail.insert(limit.field.into(), json!(ms));
                *stored = ms;
            }
        }
    }

    fn set_enabled(&mut self, is_enabled: Option<bool>) {
        if let Some(is_enabled) = is_enabled.filter(|is_enabled| *is_enabled != self.row.is_enabled) {
            self.note("is_enabled", is_enabled);
            self.row.is_enabled = is_enabled;
        }
    }

    fn finish(self) -> Result<(UpstreamRow, Value), Error> {
        match self.errors.is_empty() {
            true => Ok((self.row, Value::Object(self.detail))),
            false => Err(AppError::Invalid(self.errors).into()),
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
