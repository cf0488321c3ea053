//! `/admin/add-model` and `/admin/models/{slug}`: the form of one model.

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    ModelView, UpstreamView,
    api::{SaveModel, all_models, upstreams},
    form::{Field, Refusal, Tick},
    models_page::last_test,
};
use crate::{
    domain::Usd,
    error::{AppError, Noun},
    ui::{Done, FormScript, Frame, Room, guard_admin, loaded, posted_errors},
};

/// The form of a new model.
#[component]
pub fn NewModelPage() -> impl IntoView {
    guard_admin(|_| {
        view! {
            <Title text="New model"/>
            <Frame room=Room::Models>
                <h1>"New model"</h1>
                {loaded(upstreams(), |upstreams| form(None, upstreams))}
            </Frame>
        }
        .into_any()
    })
}

/// The form of a model that is there.
#[component]
pub fn ModelPage() -> impl IntoView {
    guard_admin(|_| {
        let slug = use_params_map().with_untracked(|params| params.get_str("slug").map(str::to_owned));
        let (models, upstreams) = (all_models(), upstreams());
        let found = async move {
            let model = models.await?.into_iter().find(|model| Some(&model.slug) == slug.as_ref());
            Ok((model.ok_or(AppError::NotFound(Noun::Model))?, upstreams.await?))
        };
        view! {
            <Title text="Model"/>
            <Frame room=Room::Models>
                {loaded(found, |(model, upstreams)| {
                    let test = format!("/admin/models/{}/test", model.slug);
                    let tested = model.last_test.clone();
                    view! {
                        <div class="page-head">
                            <h1>{model.public_name.clone()}</h1>
                            <a class="go" href=test>"Test"</a>
                        </div>
                        <Done/>
                        {tested.map(|test| view! { <p class="tested">"Last test: "{last_test(test)}</p> })}
                        {form(Some(model), upstreams)}
                    }
                    .into_any()
                })}
            </Frame>
        }
        .into_any()
    })
}

fn form(model: Option<ModelView>, upstreams: Vec<UpstreamView>) -> AnyView {
    const FIELDS: &[&str] = &[
        "public_name",
        "slug",
        "upstream",
        "upstream_model",
        "family",
        "context_window",
        "input_price_per_million_usd",
        "output_price_per_million_usd",
    ];
    let errors = posted_errors::<SaveModel>();
    let chosen = use_query_map().with_untracked(|query| query.get_str("upstream").map(str::to_owned));
    let chosen = model.as_ref().map(|model| model.upstream.clone()).or(chosen);
    let is_new = model.is_none();
    let slug = model.as_ref().map(|model| model.slug.clone()).unwrap_or_default();
    let text = |of: fn(&ModelView) -> Option<String>| model.as_ref().and_then(of).unwrap_or_default();
    let price = |price: &Option<Usd>| price.as_ref().map(|price| price.display().trim_start_matches('$').to_owned());
    let input_price = model.as_ref().and_then(|model| price(&model.input_price_per_million_usd)).unwrap_or_default();
    let output_price = model.as_ref().and_then(|model| price(&model.output_price_per_million_usd)).unwrap_or_default();
    let options: Vec<_> = upstreams
        .into_iter()
        .map(|upstream| {
            let is_chosen = chosen.as_ref() == Some(&upstream.name);
            view! { <option value=upstream.name.clone() selected=is_chosen>{upstream.name.clone()}</option> }
        })
        .collect();
    let upstream_error = errors.iter().find(|error| error.field == "upstream").map(|error| error.message.clone());
    let has_upstream = !options.is_empty();
    view! {
        <form class="sheet admin-form" method="post" action=SaveModel::url() data-stay>
            <Refusal errors=errors.clone() fields=FIELDS/>
            <input type="hidden" name="model" value=slug.clone()/>
            <Field name="public_name" label="Public name" value=text(|model| Some(model.public_name.clone()))
                errors=errors.clone() is_required=true hint="What members choose and callers write. Renaming takes the history along."/>
            <div class="columns">
                <div class="field">
                    <label for="upstream">"Upstream"</label>
                    <select id="upstream" name="upstream" aria-describedby="upstream-error">{options}</select>
                    <p class="hint" hidden=has_upstream>"There is none yet: add one first."</p>
                    <p class="field-error" id="upstream-error" data-error="upstream">{upstream_error}</p>
                </div>
                <Field name="upstream_model" label="Upstream's name" value=text(|model| Some(model.upstream_model.clone()))
                    errors=errors.clone() is_required=true/>
            </div>
            <div class="columns">
                <Field name="slug" label="Slug" value=slug errors=errors.clone()
                    hint="The name in addresses; made from the public name where it is empty."/>
                <Field name="family" label="Family" value=text(|model| model.family.clone()) errors=errors.clone()/>
                <Field name="context_window" label="Context window, tokens" errors=errors.clone()
                    value=text(|model| model.context_window.map(|tokens| tokens.to_string()))/>
            </div>
            <div class="columns">
                <Field name="input_price" rule="input_price_per_million_usd" label="Input, $ for a million tokens"
                    value=input_price errors=errors.clone() hint="Empty where it is unknown; 0 where it is free."/>
                <Field name="output_price" rule="output_price_per_million_usd" label="Output, $ for a million tokens"
                    value=output_price errors=errors/>
            </div>
            <Tick name="is_featured" label="Put forward" is_on=model.as_ref().is_some_and(|model| model.is_featured)
                hint="Stands first in the picker."/>
            <Tick name="is_enabled" label="Enabled" is_on=model.as_ref().is_none_or(|model| model.is_enabled)/>
            <div class="form-actions">
                <button class="go" type="submit">{if is_new { "Add" } else { "Save" }}</button>
                <a class="quiet" href="/admin/models">"Back"</a>
            </div>
        </form>
        <FormScript/>
    }
    .into_any()
}
