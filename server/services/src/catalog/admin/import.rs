//! Lists an upstream's models, and imports them into the catalogue.

use std::collections::{HashMap, HashSet};

use domain::{
    catalog::admin::{ImportChoice, Listing, ListingEntry},
    error::{AppError, FieldError, Noun},
};
use foundation::error::Error;
use serde_json::json;
use upstream::{ListedModel, ModelList, Target, UpstreamError, explain_listing};
use uuid::Uuid;

use crate::{
    audit::{Actor, Change, record},
    catalog::{
        CatalogService, ModelEntry,
        names::FreeNames,
        repo::{self, UpstreamRow},
        service::Stored,
    },
};

/// Most entries of a list that are returned.
const SHOWN: usize = 500;
/// Most models of one import.
const IMPORT_LIMIT: usize = 10_000;

impl CatalogService {
    /// The models that an upstream lists whose name contains the filter.
    pub(super) async fn list_upstream(&self, id: Uuid, filter: &str) -> Result<Listing, Error> {
        let (_, target) = self.stored_target(id).await?;
        let listed = self.client.list_models(&target).await.map_err(|error| as_app_error(&error, &target))?;
        let names: HashMap<String, String> = repo::names_at(&self.pool, id).await?.into_iter().collect();
        let ModelList { models, left_out, cut } = listed;
        let total = count(models.len());
        let fitting: Vec<ListedModel> = models.into_iter().filter(|model| contains(&model.id, filter)).collect();
        let matching = count(fitting.len());
        let patterns = count(fitting.iter().filter(|model| model.is_pattern()).count());
        let models = fitting.into_iter().take(SHOWN).map(|model| ListingEntry {
            public_name: names.get(&model.id).cloned(),
            is_pattern: model.is_pattern(),
            upstream_model: model.id,
            context_window: model.context_window,
        });
        Ok(Listing { models: models.collect(), matching, patterns, total, left_out: count(left_out), cut })
    }

    /// Imports the chosen models that are not in the catalogue yet, and returns how many those were.
    pub(super) async fn import_models(&self, actor: &Actor, id: Uuid, choice: ImportChoice) -> Result<u32, Error> {
        if choice.models.is_empty() && choice.filter.is_none() {
            let message = "Choose at least one model, or all that fit the filter.";
            return Err(AppError::Invalid(vec![FieldError::new("models", "empty", message)]).into());
        }
        if choice.prefix.chars().count() > 50 || choice.prefix.chars().any(char::is_control) {
            let message = "Use at most 50 characters in front of the names.";
            return Err(AppError::Invalid(vec![FieldError::new("prefix", "too_long", message)]).into());
        }
        let (row, target) = self.stored_target(id).await?;
        let listed = self.client.list_models(&target).await.map_err(|error| as_app_error(&error, &target))?;
        let named: HashSet<&str> = choice.models.iter().map(String::as_str).collect();
        if let Some(pattern) =
            listed.models.iter().find(|model| model.is_pattern() && named.contains(model.id.as_str()))
        {
            return Err(AppError::Invalid(vec![no_pattern(&pattern.id)]).into());
        }
        let is_chosen = |model: &ListedModel| {
            named.contains(model.id.as_str())
                || choice.filter.as_deref().is_some_and(|text| contains(&model.id, text) && !model.is_pattern())
        };
        let chosen: Vec<ModelEntry> =
            listed.models.into_iter().filter(is_chosen).take(IMPORT_LIMIT).map(ModelEntry::from).collect();
        let (this, actor, prefix) = (self.clone(), actor.clone(), choice.prefix.trim().to_owned());
        self.tasks.detached(async move { this.insert_new(&actor, &row, &prefix, chosen).await }).await
    }

    async fn insert_new(
        &self,
        actor: &Actor,
        upstream: &UpstreamRow,
        prefix: &str,
        chosen: Vec<ModelEntry>,
    ) -> Result<u32, Error> {
        let mut tx = self.pool.begin().await?;
        repo::lock_models(&mut *tx).await?;
        let now = self.clock.now();
        let known: HashSet<String> = repo::registered(&mut *tx, upstream.id).await?.into_iter().collect();
        let (mut names, mut free) = (Vec::new(), FreeNames::load(&mut *tx).await?);
        for model in chosen.iter().filter(|model| !known.contains(&model.upstream_model)) {
            let wished = format!("{prefix}{}", model.upstream_model);
            let (public_name, slug) = free.take(&upstream.name, &wished);
            repo::insert_model(&mut tx, (Uuid::now_v7(), upstream.id), (&public_name, &slug), model, now).await?;
            names.push(public_name);
        }
        let new = count(names.len());
        if new > 0 {
            names.truncate(50);
            let change = Change::new("model.import", &upstream.name, json!({"count": new, "models": names}));
            record(&mut tx, actor, &change, now).await?;
            repo::notify(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(new)
    }

    /// An upstream with everything that a call needs, enabled or not.
    pub(in crate::catalog) async fn stored_target(&self, id: Uuid) -> Result<(UpstreamRow, Target), Error> {
        let row = repo::find_upstream(&self.pool, id).await?.ok_or(AppError::NotFound(Noun::Upstream))?;
        let target = self.target(id, Stored::from(&row))?;
        Ok((row, target))
    }
}

impl From<&UpstreamRow> for Stored {
    fn from(row: &UpstreamRow) -> Self {
        Self {
            base_url: row.base_url.clone(),
            api_key: row.wrapped_api_key.clone().zip(row.api_key_version),
            headers: row.wrapped_headers.clone().zip(row.headers_version),
            allow_private: row.allow_private,
            timeouts_ms: (row.timeout_ms, row.first_byte_ms, row.idle_ms),
        }
    }
}

/// An upstream that does not list its models is a conflict with the state of the upstream (409), not an internal error.
fn as_app_error(error: &UpstreamError, target: &Target) -> Error {
    let (detail, remedy) = explain_listing(error, target);
    AppError::Conflict(format!("The upstream's models could not be listed. {detail} {remedy}")).into()
}

fn no_pattern(pattern: &str) -> FieldError {
    let message = format!(
        "“{pattern}” is a pattern: it stands for models that the list does not name. Add the models you want by hand, under \
         their full names."
    );
    FieldError::new("models", "pattern", message)
}

fn contains(name: &str, filter: &str) -> bool {
    name.to_lowercase().contains(&filter.trim().to_lowercase())
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
