//! Connecting the upstream of the operator's environment: registering it, and importing its models as soon as it answers.

use std::{sync::Arc, time::Duration};

use axum::http::HeaderMap;
use foundation::error::Error;
use upstream::{ListedModel, Target, Timeouts, UpstreamError, check_base_url};
use uuid::Uuid;

use super::{CatalogService, ModelEntry, UpstreamEntry};

/// How long the start of the server waits for the upstream's list.
const LISTING_TIMEOUT: Duration = Duration::from_secs(5);
/// Interval between attempts to list the models of an upstream that did not answer.
const AGAIN: Duration = Duration::from_secs(15);

/// Registers the upstream and imports its models. Where it does not answer yet, a background task tries again, so that the
/// server may be started before the upstream.
pub async fn connect(catalog: &Arc<CatalogService>, entry: UpstreamEntry) -> Result<(), Error> {
    let id = catalog.register_upstream(entry.clone()).await?;
    match tokio::time::timeout(LISTING_TIMEOUT, import(catalog, id, &entry)).await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(Failure::Ours(error))) => return Err(error),
        Ok(Err(Failure::Upstream(error))) => tracing::warn!(
            upstream.name = entry.name,
            code = error.code,
            "the upstream's models could not be listed; trying again every {} s. {}",
            AGAIN.as_secs(),
            error.message
        ),
        Err(_) => tracing::warn!(upstream.name = entry.name, "the upstream takes its time to list its models"),
    }
    let (catalog, stopping) = (catalog.clone(), catalog.tasks.stopping());
    catalog.tasks.clone().spawn(async move {
        while import(&catalog, id, &entry).await.is_err() {
            tokio::select! {
                () = stopping.cancelled() => return,
                () = tokio::time::sleep(AGAIN) => {}
            }
        }
    });
    Ok(())
}

enum Failure {
    Upstream(UpstreamError),
    Ours(Error),
}

async fn import(catalog: &CatalogService, id: Uuid, entry: &UpstreamEntry) -> Result<(), Failure> {
    let base_url = check_base_url(&entry.base_url)
        .map_err(|error| Failure::Ours(Error::Internal(format!("the upstream's base URL: {error}"))))?;
    let target = Target {
        base_url,
        api_key: entry.api_key.clone(),
        allow_private: entry.allow_private,
        headers: HeaderMap::new(),
        timeouts: Timeouts::default(),
    };
    let listed = catalog.client.list_models(&target).await.map_err(Failure::Upstream)?;
    let count = listed.models.len();
    if let Some(cut) = &listed.cut {
        tracing::warn!(upstream.name = entry.name, listed = count, "{cut}");
    }
    let models = listed.models.into_iter().filter(|model| !model.is_pattern()).map(ModelEntry::from).collect();
    let new = catalog.register_models(id, entry.name.clone(), models).await.map_err(Failure::Ours)?;
    tracing::info!(upstream.name = entry.name, listed = count, new, "the upstream's models are in the catalogue");
    Ok(())
}

impl From<ListedModel> for ModelEntry {
    fn from(listed: ListedModel) -> Self {
        let context_window = listed.context_window.and_then(|tokens| i32::try_from(tokens).ok());
        Self { upstream_model: listed.id, context_window, ..Self::default() }
    }
}
