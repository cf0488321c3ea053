//! The server functions of the admins' pages for upstreams, models and tests. Their forms are posted to the page they stand
//! on: see `ui::here`.

use domain::{
    UpstreamId, Usd,
    catalog::admin::{
        BulkEdit, ImportChoice, Listing, ModelEdit, ModelView, ModelsPort, Move, TestReport, TestRequest, TestsPort,
        UnsavedTest, UpstreamEdit, UpstreamView, UpstreamsPort,
    },
    error::{AppError, FieldError, Noun},
};
use leptos::{prelude::*, server_fn::codec::GetUrl};

use super::form::{header_lines, number, optional};
use crate::{error::CallError, host};

/// All upstreams, by name.
#[server(prefix = "/_server", endpoint = "upstreams", input = GetUrl)]
pub async fn upstreams() -> Result<Vec<UpstreamView>, CallError> {
    let (port, admin) = (host::service::<dyn UpstreamsPort>()?, host::admin());
    host::respond(async move { port.upstreams(&admin?).await }).await
}

/// All models, in the order of the picker.
#[server(prefix = "/_server", endpoint = "all-models", input = GetUrl)]
pub async fn all_models() -> Result<Vec<ModelView>, CallError> {
    let (port, admin) = (host::service::<dyn ModelsPort>()?, host::admin());
    host::respond(async move { port.all(&admin?).await }).await
}

/// The models an upstream lists now.
#[server(prefix = "/_server", endpoint = "listing", input = GetUrl)]
pub async fn listed_models(id: UpstreamId, #[server(default)] filter: String) -> Result<Listing, CallError> {
    let (port, admin) = (host::service::<dyn UpstreamsPort>()?, host::admin());
    host::respond(async move { port.listing(&admin?, id, &filter).await }).await
}

/// Creates an upstream, or changes one. Every field is set to what the form has, but an empty key keeps the stored one.
#[server(prefix = "/_server", endpoint = "save-upstream")]
#[allow(clippy::too_many_arguments, reason = "each is a field of the form")]
pub async fn save_upstream(
    #[server(default)] id: Option<UpstreamId>,
    name: String,
    base_url: String,
    #[server(default)] api_key: String,
    #[server(default)] clear_key: bool,
    #[server(default)] headers: String,
    #[server(default)] timeout_s: String,
    #[server(default)] first_byte_s: String,
    #[server(default)] idle_s: String,
    #[server(default)] is_enabled: bool,
) -> Result<(), CallError> {
    let (port, host) = (host::service::<dyn UpstreamsPort>()?, host::host()?);
    let admin = host::admin();
    let saved = host::respond(async move {
        let admin = admin?;
        let mut errors = Vec::new();
        let ms = |text: &str, field: &str, errors: &mut Vec<FieldError>| {
            number::<u32>(text, field, errors).map(|seconds| seconds.saturating_mul(1_000))
        };
        let edit = UpstreamEdit {
            name: Some(name),
            base_url: Some(base_url),
            api_key: match (clear_key, optional(&api_key)) {
                (_, Some(key)) => Some(Some(key)),
                (true, None) => Some(None),
                (false, None) => None,
            },
            headers: Some(header_lines(&headers)),
            is_enabled: Some(is_enabled),
            timeout_ms: ms(&timeout_s, "timeout_ms", &mut errors),
            first_byte_ms: ms(&first_byte_s, "first_byte_ms", &mut errors),
            idle_ms: ms(&idle_s, "idle_ms", &mut errors),
        };
        match errors.is_empty() {
            true => port.save(&admin, id, edit).await,
            false => Err(AppError::Invalid(errors)),
        }
    })
    .await?;
    host.redirect(&format!("/admin/upstreams/{}?done=saved", saved.id));
    Ok(())
}

/// Enables or disables an upstream.
#[server(prefix = "/_server", endpoint = "enable-upstream")]
pub async fn enable_upstream(id: UpstreamId, is_enabled: bool) -> Result<(), CallError> {
    let (port, host) = (host::service::<dyn UpstreamsPort>()?, host::host()?);
    let admin = host::admin();
    let edit = UpstreamEdit { is_enabled: Some(is_enabled), ..UpstreamEdit::default() };
    host::respond(async move { port.save(&admin?, Some(id), edit).await }).await?;
    host.redirect("/admin/upstreams?done=saved");
    Ok(())
}

/// Deletes an upstream that no model uses.
#[server(prefix = "/_server", endpoint = "delete-upstream")]
pub async fn delete_upstream(id: UpstreamId) -> Result<(), CallError> {
    let (port, host) = (host::service::<dyn UpstreamsPort>()?, host::host()?);
    let admin = host::admin();
    host::respond(async move { port.delete(&admin?, id).await }).await?;
    host.redirect("/admin/upstreams?done=deleted");
    Ok(())
}

/// Imports listed models into the catalogue: those that are ticked, or all that match the filter.
#[server(prefix = "/_server", endpoint = "import-models")]
pub async fn import_models(
    id: UpstreamId,
    #[server(default)] models: Vec<String>,
    #[server(default)] filter: String,
    #[server(default)] all: bool,
    #[server(default)] prefix: String,
) -> Result<(), CallError> {
    let (port, host) = (host::service::<dyn UpstreamsPort>()?, host::host()?);
    let admin = host::admin();
    let choice = ImportChoice { models, filter: all.then_some(filter), prefix };
    let count = host::respond(async move { port.import(&admin?, id, choice).await }).await?;
    host.redirect(&format!("/admin/models?done=imported-{count}"));
    Ok(())
}

/// Creates a model, or changes one. Every field is set to what the form has; an empty one means unknown.
#[server(prefix = "/_server", endpoint = "save-model")]
#[allow(clippy::too_many_arguments, reason = "each is a field of the form")]
pub async fn save_model(
    #[server(default)] model: String,
    public_name: String,
    #[server(default)] slug: String,
    upstream: String,
    upstream_model: String,
    #[server(default)] family: String,
    #[server(default)] context_window: String,
    #[server(default)] input_price: String,
    #[server(default)] output_price: String,
    #[server(default)] is_featured: bool,
    #[server(default)] is_enabled: bool,
) -> Result<(), CallError> {
    let (port, host) = (host::service::<dyn ModelsPort>()?, host::host()?);
    let admin = host::admin();
    let saved = host::respond(async move {
        let admin = admin?;
        let mut errors = Vec::new();
        let edit = ModelEdit {
            public_name: Some(public_name),
            slug: optional(&slug),
            upstream: Some(upstream),
            upstream_model: Some(upstream_model),
            family: Some(optional(&family)),
            context_window: Some(number(&context_window, "context_window", &mut errors)),
            is_featured: Some(is_featured),
            is_enabled: Some(is_enabled),
            input_price_per_million_usd: Some(optional(&input_price).map(Usd)),
            output_price_per_million_usd: Some(optional(&output_price).map(Usd)),
        };
        match errors.is_empty() {
            true => port.save(&admin, optional(&model).as_deref(), edit).await,
            false => Err(AppError::Invalid(errors)),
        }
    })
    .await?;
    host.redirect(&format!("/admin/models/{}?done=saved", saved.slug));
    Ok(())
}

/// Applies one change to every ticked model.
#[server(prefix = "/_server", endpoint = "change-models")]
pub async fn change_models(
    #[server(default)] slugs: Vec<String>,
    what: String,
    #[server(default)] value: String,
) -> Result<(), CallError> {
    let (port, host) = (host::service::<dyn ModelsPort>()?, host::host()?);
    let admin = host::admin();
    let count = host::respond(async move {
        let admin = admin?;
        let change = bulk_change(&what, &value)?;
        port.save_all(&admin, BulkEdit { slugs, change }).await
    })
    .await?;
    host.redirect(&format!("/admin/models?done=changed-{count}"));
    Ok(())
}

/// Deletes every ticked model.
#[server(prefix = "/_server", endpoint = "delete-models")]
pub async fn delete_models(#[server(default)] slugs: Vec<String>) -> Result<(), CallError> {
    let (port, host) = (host::service::<dyn ModelsPort>()?, host::host()?);
    let admin = host::admin();
    let count = host::respond(async move { port.delete(&admin?, &slugs).await }).await?;
    host.redirect(&format!("/admin/models?done=deleted-{count}"));
    Ok(())
}

/// The change that a word of the bulk form stands for.
fn bulk_change(what: &str, value: &str) -> Result<ModelEdit, AppError> {
    let none = ModelEdit::default();
    let mut errors = Vec::new();
    let change = match what {
        "enable" => ModelEdit { is_enabled: Some(true), ..none },
        "disable" => ModelEdit { is_enabled: Some(false), ..none },
        "feature" => ModelEdit { is_featured: Some(true), ..none },
        "unfeature" => ModelEdit { is_featured: Some(false), ..none },
        "family" => ModelEdit { family: Some(optional(value)), ..none },
        "context_window" => ModelEdit { context_window: Some(number(value, "value", &mut errors)), ..none },
        "input_price" => ModelEdit { input_price_per_million_usd: Some(optional(value).map(Usd)), ..none },
        "output_price" => ModelEdit { output_price_per_million_usd: Some(optional(value).map(Usd)), ..none },
        _ => return Err(AppError::Invalid(vec![FieldError::new("what", "unknown", "Choose what to change.")])),
    };
    if errors.is_empty() { Ok(change) } else { Err(AppError::Invalid(errors)) }
}

/// Moves a model within the picker; `place` is its slug, a colon, and `up` or `down`.
#[server(prefix = "/_server", endpoint = "move-model")]
pub async fn move_model(place: String) -> Result<(), CallError> {
    let (port, host) = (host::service::<dyn ModelsPort>()?, host::host()?);
    let admin = host::admin();
    host::respond(async move {
        let admin = admin?;
        let (slug, to) = place.split_once(':').ok_or(AppError::NotFound(Noun::Model))?;
        let to = if to == "up" { Move::Up } else { Move::Down };
        port.reorder(&admin, slug, to).await
    })
    .await?;
    host.redirect("/admin/models");
    Ok(())
}

/// Forgets that a model does not take a field.
#[server(prefix = "/_server", endpoint = "forget-adjustment")]
pub async fn forget_adjustment(model: String, field: String) -> Result<(), CallError> {
    let (port, host) = (host::service::<dyn ModelsPort>()?, host::host()?);
    let admin = host::admin();
    let slug = model.clone();
    host::respond(async move { port.forget(&admin?, &slug, &field).await }).await?;
    host.redirect(&format!("/admin/models/{model}?done=forgotten"));
    Ok(())
}

/// Tests a model.
#[server(prefix = "/_server", endpoint = "test-model")]
pub async fn test_model(
    model: String,
    #[server(default)] system: String,
    #[server(default)] message: String,
    #[server(default)] temperature: String,
    #[server(default)] max_tokens: String,
) -> Result<TestReport, CallError> {
    let (port, admin) = (host::service::<dyn TestsPort>()?, host::admin());
    host::respond(async move {
        let admin = admin?;
        let mut errors = Vec::new();
        let request = TestRequest {
            system: optional(&system),
            message: optional(&message),
            temperature: number(&temperature, "temperature", &mut errors),
            max_tokens: number(&max_tokens, "max_tokens", &mut errors),
            image: None,
        };
        match errors.is_empty() {
            true => port.test(&admin, &model, request).await,
            false => Err(AppError::Invalid(errors)),
        }
    })
    .await
}

/// Tests the unsaved values of an upstream's form: up to the list of models or, if a model is named, up to its answer.
#[server(prefix = "/_server", endpoint = "test-upstream")]
pub async fn test_upstream(
    #[server(default)] id: Option<UpstreamId>,
    base_url: String,
    #[server(default)] api_key: String,
    #[server(default)] headers: String,
    #[server(default)] test_model: String,
) -> Result<TestReport, CallError> {
    let (port, admin) = (host::service::<dyn TestsPort>()?, host::admin());
    let values = UnsavedTest {
        base_url,
        api_key: optional(&api_key),
        headers: header_lines(&headers),
        upstream_id: id,
        upstream_model: optional(&test_model),
        request: TestRequest::default(),
    };
    host::respond(async move { port.test_values(&admin?, values).await }).await
}

/// Tests the unsaved values of a model's form, at the stored upstream that it names.
#[server(prefix = "/_server", endpoint = "test-unsaved-model")]
pub async fn test_unsaved_model(upstream: String, upstream_model: String) -> Result<TestReport, CallError> {
    let (upstreams, tests) = (host::service::<dyn UpstreamsPort>()?, host::service::<dyn TestsPort>()?);
    let admin = host::admin();
    host::respond(async move {
        let admin = admin?;
        let required = |field: &str, text: &str, message: &str| {
            let missing = || AppError::Invalid(vec![FieldError::new(field, "empty", message)]);
            optional(text).ok_or_else(missing)
        };
        let name = required("upstream", &upstream, "Choose an upstream.")?;
        let model = required("upstream_model", &upstream_model, "Enter the upstream's name of the model.")?;
        let stored = upstreams.upstreams(&admin).await?.into_iter().find(|stored| stored.name == name);
        let stored = stored.ok_or(AppError::NotFound(Noun::Upstream))?;
        let values = UnsavedTest {
            base_url: stored.base_url,
            api_key: None,
            headers: stored.headers.into_iter().map(|name| (name, None)).collect(),
            upstream_id: Some(stored.id),
            upstream_model: Some(model),
            request: TestRequest::default(),
        };
        tests.test_values(&admin, values).await
    })
    .await
}

/// Requests one token from every enabled model and redirects to the list, which shows the results.
#[server(prefix = "/_server", endpoint = "test-all-models")]
pub async fn test_all_models() -> Result<(), CallError> {
    let (port, host) = (host::service::<dyn TestsPort>()?, host::host()?);
    let admin = host::admin();
    let rows = host::respond(async move { port.test_all(&admin?).await }).await?;
    host.redirect(&format!("/admin/models?done=tested-{}", rows.len()));
    Ok(())
}
