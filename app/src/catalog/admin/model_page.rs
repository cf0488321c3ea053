//! `/admin/add-model` and `/admin/models/{slug}`: the form of one model.

use domain::{
    Usd,
    catalog::admin::{ModelView, UpstreamView},
    error::{AppError, Noun},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    api::{SaveModel, TestUnsavedModel, all_models, upstreams},
    form::{Field, Refusal, Tick},
    models_page::last_test,
    report::Report,
};
use crate::ui::{Done, FormScript, Frame, Section, Typed, answered, guard_admin, here, loaded, posted_errors};

/// The form of a new model.
#[component]
pub fn NewModelPage() -> impl IntoView {
    guard_admin(|_| {
        view! {
            <Title text="New model"/>
            <Frame section=Section::Models>
                <h1>"New model"</h1>
                {loaded(upstreams(), |upstreams| form(None, upstreams))}
            </Frame>
        }
        .into_any()
    })
}

/// The form of an existing model.
#[component]
pub fn ModelPage() -> impl IntoView {
    guard_admin(|_| {
        let slug = use_params_map().with_untracked(|params| params.get_str("slug").map(str::to_owned));
        let (models, upstreams) = (all_models(), upstreams());
        let found = async move {
            let model = models.await?.into_iter().find(|model| Some(&model.slug) == slug.as_ref());
            Ok::<_, AppError>((model.ok_or(AppError::NotFound(Noun::Model))?, upstreams.await?))
        };
        view! {
            <Title text="Model"/>
            <Frame section=Section::Models>
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
    let errors = [posted_errors::<SaveModel>(), posted_errors::<TestUnsavedModel>()].concat();
    let typed = Typed::of::<SaveModel>().or_of::<TestUnsavedModel>();
    let named = use_query_map().with_untracked(|query| query.get_str("upstream").map(str::to_owned));
    let stored = model.as_ref();
    let chosen = typed.text("upstream", stored.map(|model| model.upstream.clone()).or(named).unwrap_or_default());
    let is_new = model.is_none();
    let slug = stored.map(|model| model.slug.clone()).unwrap_or_default();
    let text =
        |name: &str, of: fn(&ModelView) -> Option<String>| typed.text(name, stored.and_then(of).unwrap_or_default());
    let public_name = text("public_name", |model| Some(model.public_name.clone()));
    let upstream_model = text("upstream_model", |model| Some(model.upstream_model.clone()));
    let family = text("family", |model| model.family.clone());
    let context_window = text("context_window", |model| model.context_window.map(|tokens| tokens.to_string()));
    let input_price = text("input_price", |model| price(&model.input_price_per_million_usd));
    let output_price = text("output_price", |model| price(&model.output_price_per_million_usd));
    let typed_slug = typed.text("slug", slug.clone());
    let is_featured = typed.tick("is_featured", stored.is_some_and(|model| model.is_featured));
    let is_enabled = typed.tick("is_enabled", stored.is_none_or(|model| model.is_enabled));
    let options: Vec<_> = upstreams
        .into_iter()
        .map(|upstream| {
            let is_chosen = chosen == upstream.name;
            view! { <option value=upstream.name.clone() selected=is_chosen>{upstream.name.clone()}</option> }
        })
        .collect();
    let upstream_error = errors.iter().find(|error| error.field == "upstream").map(|error| error.message.clone());
    let has_upstream = !options.is_empty();
    let report = answered::<TestUnsavedModel>();
    view! {
        <form class="sheet admin-form" method="post" action={here::<SaveModel>()} data-stay>
            <Refusal errors=errors.clone() fields=FIELDS/>
            <input type="hidden" name="model" value=slug/>
            <Field name="public_name" label="Public name" value=public_name
                errors=errors.clone() is_required=true hint="What members choose and callers write. Renaming takes the history along."/>
            <div class="columns">
                <div class="field">
                    <label for="upstream">"Upstream"</label>
                    <select id="upstream" name="upstream" aria-describedby="upstream-error">{options}</select>
                    <p class="hint" hidden=has_upstream>"There is none yet: add one first."</p>
                    <p class="field-error" id="upstream-error" data-error="upstream">{upstream_error}</p>
                </div>
                <Field name="upstream_model" label="Upstream's name" value=upstream_model
                    errors=errors.clone() is_required=true/>
            </div>
            <div class="columns">
                <Field name="slug" label="Slug" value=typed_slug errors=errors.clone()
                    hint="The name in addresses; made from the public name where it is empty."/>
                <Field name="family" label="Family" value=family errors=errors.clone()/>
                <Field name="context_window" label="Context window, tokens" value=context_window
                    errors=errors.clone()/>
            </div>
            <div class="columns">
                <Field name="input_price" rule="input_price_per_million_usd" label="Input, $ for a million tokens"
                    value=input_price errors=errors.clone() hint="Empty where it is unknown; 0 where it is free."/>
                <Field name="output_price" rule="output_price_per_million_usd" label="Output, $ for a million tokens"
                    value=output_price errors=errors/>
            </div>
            <Tick name="is_featured" label="Put forward" is_on=is_featured
                hint="Stands first in the picker."/>
            <Tick name="is_enabled" label="Enabled" is_on=is_enabled/>
            <div class="form-actions">
                <button class="go" type="submit">{if is_new { "Add" } else { "Save" }}</button>
                <button class="quiet" type="submit" formaction={here::<TestUnsavedModel>()} data-leave>"Test these values"</button>
                <a class="quiet" href="/admin/models">"Back"</a>
            </div>
        </form>
        {report.map(|report| view! { <Report report=Some(report)/> })}
        <FormScript/>
    }
    .into_any()
}

/// A price as text for a field.
fn price(price: &Option<Usd>) -> Option<String> {
    price.as_ref().map(|price| price.display().trim_start_matches('$').to_owned())
}
