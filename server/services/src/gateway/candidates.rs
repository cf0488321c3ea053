//! Which models a request may be answered by, the first to be asked first.

use std::sync::Arc;

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use foundation::{error::Error, suggest::suggest};

use super::{error::Failure, model_cache::ModelCache, service::Gateway};
use crate::{catalog::CallableModel, keys::AuthorizedKey};

/// The name that stands for the member's own list.
pub(super) const AUTO: &str = "auto";

impl Gateway {
    /// The models for a name, at least one.
    pub(super) async fn candidates(
        &self,
        name: &str,
        key: &AuthorizedKey,
        now: DateTime<Utc>,
    ) -> Result<Vec<Arc<CallableModel>>, Failure> {
        if name == AUTO {
            return self.plan_auto(key, now).await;
        }
        let models = self.model_caches.with(name, now).await.map_err(internal_error)?;
        match models.get(name) {
            Some(model) if may_ask(key, name) => Ok(vec![model]),
            Some(_) => Err(not_allowed(name)),
            None => Err(unknown(name, &models, key)),
        }
    }

    /// Public names that a key may ask, `auto` first where its member has a list.
    pub(super) async fn names(&self, key: &AuthorizedKey, now: DateTime<Utc>) -> Result<Vec<String>, Failure> {
        let models = self.model_caches.current(now).await.map_err(internal_error)?;
        let has_list = self.routing.models_for(key.user_id).await.is_ok_and(|list| !list.is_empty());
        let auto = has_list.then(|| AUTO.to_owned());
        Ok(auto.into_iter().chain(models.names().filter(|name| may_ask(key, name)).map(str::to_owned)).collect())
    }

    async fn plan_auto(&self, key: &AuthorizedKey, now: DateTime<Utc>) -> Result<Vec<Arc<CallableModel>>, Failure> {
        let list = self.routing.models_for(key.user_id).await.map_err(internal_error)?;
        let Some(first) = list.first() else {
            let message = "There is no list for `auto` yet. Make one at /routing, or name a model.";
            return Err(Failure::bad_request("no_route", message).about("model"));
        };
        let models = self.model_caches.with(first, now).await.map_err(internal_error)?;
        let known: Vec<_> = list.iter().filter_map(|name| models.get(name)).collect();
        if known.is_empty() {
            let message = "None of the models in the list for `auto` can be asked now. Change it at /routing.";
            return Err(Failure::refused(StatusCode::NOT_FOUND, "model_not_found", message).about("model"));
        }
        let allowed: Vec<_> = known.into_iter().filter(|model| may_ask(key, &model.public_name)).collect();
        if allowed.is_empty() { Err(not_allowed(AUTO)) } else { Ok(allowed) }
    }
}

fn may_ask(key: &AuthorizedKey, name: &str) -> bool {
    key.models.as_ref().is_none_or(|models| models.iter().any(|model| model == name))
}

fn not_allowed(name: &str) -> Failure {
    let message = format!("This key may not ask `{name}`. `GET /v1/models` lists those it may ask.");
    Failure::refused(StatusCode::FORBIDDEN, "model_not_allowed", message).about("model")
}

fn unknown(name: &str, models: &ModelCache, key: &AuthorizedKey) -> Failure {
    let near = suggest(name, models.names().filter(|name| may_ask(key, name)));
    let meant = match near.as_slice() {
        [] => "`GET /v1/models` lists those that there are.".to_owned(),
        near => {
            let names: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
            format!("Did you mean {}?", names.join(" or "))
        }
    };
    let shown: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
    let message = format!("The model `{shown}` does not exist. {meant}");
    Failure::refused(StatusCode::NOT_FOUND, "model_not_found", message).about("model")
}

/// An error of internal_error, logged where it happens.
pub(super) fn internal_error(error: Error) -> Failure {
    if error.is_database_away() {
        tracing::warn!(%error, "the database is away");
        return Failure::unavailable();
    }
    tracing::error!(%error, "internal error");
    Failure::internal_error(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal_error",
        "Something went wrong here. It is in our log.",
    )
}
