//! Which models may answer a request, in the order in which they are tried.

use std::sync::Arc;

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use database::Notice;
use foundation::suggest::suggest;

use super::{
    error::Failure,
    model_cache::{CallableModels, ModelCache},
};
use crate::{
    catalog::{CallableModel, CatalogService},
    keys::AuthorizedKey,
    routing::RoutingService,
};

/// The name that stands for the member's own routing list.
const AUTO: &str = "auto";

/// Selects the models for a request.
pub(super) struct Candidates {
    routing: Arc<RoutingService>,
    models: ModelCache,
}

impl Candidates {
    pub(super) fn new(routing: Arc<RoutingService>, catalog: Arc<CatalogService>) -> Self {
        Self { routing, models: ModelCache::new(catalog) }
    }

    /// Handles a notification that the catalogue has changed.
    pub(super) fn on_notify(&self, notice: Notice<'_>) {
        self.models.on_notify(notice);
    }

    /// Whether a model of this name can be called, or it is `auto`.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub(super) async fn is_known(&self, name: &str, now: DateTime<Utc>) -> Result<bool, Failure> {
        let models = self.models.current(now).await.map_err(Failure::from_error)?;
        Ok(name == AUTO || models.get(name).is_some())
    }

    /// The models to try for a requested name, at least one.
    ///
    /// # Errors
    ///
    /// No model has this name, the key may not use it, `auto` has no usable list, or the database cannot be reached.
    pub(super) async fn select(
        &self,
        name: &str,
        key: &AuthorizedKey,
        now: DateTime<Utc>,
    ) -> Result<Vec<Arc<CallableModel>>, Failure> {
        if name == AUTO {
            return self.select_auto(key, now).await;
        }
        let models = self.models.with(name, now).await.map_err(Failure::from_error)?;
        match models.get(name) {
            Some(model) if may_use(key, name) => Ok(vec![model]),
            Some(_) => Err(not_allowed(name)),
            None => Err(unknown(name, &models, key)),
        }
    }

    /// Public names that a key may use, `auto` first where its member has a routing list.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub(super) async fn names(&self, key: &AuthorizedKey, now: DateTime<Utc>) -> Result<Vec<String>, Failure> {
        let models = self.models.current(now).await.map_err(Failure::from_error)?;
        let has_list = self.routing.models_for(key.user_id).await.is_ok_and(|list| !list.is_empty());
        let auto = has_list.then(|| AUTO.to_owned());
        Ok(auto.into_iter().chain(models.names().filter(|name| may_use(key, name)).map(str::to_owned)).collect())
    }

    async fn select_auto(&self, key: &AuthorizedKey, now: DateTime<Utc>) -> Result<Vec<Arc<CallableModel>>, Failure> {
        let list = self.routing.models_for(key.user_id).await.map_err(Failure::from_error)?;
        let Some(first) = list.first() else {
            let message = "There is no list for `auto` yet. Make one at /routing, or name a model.";
            return Err(Failure::bad_request("no_route", message).with_param("model"));
        };
        let models = self.models.with(first, now).await.map_err(Failure::from_error)?;
        let known: Vec<_> = list.iter().filter_map(|name| models.get(name)).collect();
        if known.is_empty() {
            let message = "None of the models in the list for `auto` can be asked now. Change it at /routing.";
            return Err(Failure::rejected(StatusCode::NOT_FOUND, "model_not_found", message).with_param("model"));
        }
        let allowed: Vec<_> = known.into_iter().filter(|model| may_use(key, &model.public_name)).collect();
        if allowed.is_empty() { Err(not_allowed(AUTO)) } else { Ok(allowed) }
    }
}

fn may_use(key: &AuthorizedKey, name: &str) -> bool {
    key.models.as_ref().is_none_or(|models| models.iter().any(|model| model == name))
}

fn not_allowed(name: &str) -> Failure {
    let message = format!("This key may not ask `{name}`. `GET /v1/models` lists those it may ask.");
    Failure::rejected(StatusCode::FORBIDDEN, "model_not_allowed", message).with_param("model")
}

fn unknown(name: &str, models: &CallableModels, key: &AuthorizedKey) -> Failure {
    let similar = suggest(name, models.names().filter(|name| may_use(key, name)));
    let hint = match similar.as_slice() {
        [] => "`GET /v1/models` lists those that there are.".to_owned(),
        similar => {
            let names: Vec<String> = similar.iter().map(|name| format!("`{name}`")).collect();
            format!("Did you mean {}?", names.join(" or "))
        }
    };
    let shown: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
    let message = format!("The model `{shown}` does not exist. {hint}");
    Failure::rejected(StatusCode::NOT_FOUND, "model_not_found", message).with_param("model")
}
