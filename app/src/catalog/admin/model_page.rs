//! `/admin/add-model` and `/admin/models/{slug}`: the form of one model.

use domain::{
    Usd,
    catalog::admin::{ModelView, UpstreamView},
    error::{AppError, FieldError, Noun},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    adjustments::adjustments,
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
                        {adjustments(&model.slug, model.adjustments.clone())}
                        {form(Some(model), upstreams)}
                    }
                    .into_any()
                })}
            </Frame>
        }
        .into_any()
    })
}

/// The values that the form shows: what was typed if it has just been posted, what is stored otherwise.
struct Values {
    public_name: String,
    slug: String,
    upstream: String,
    upstream_model: String,
    family: String,
    context_window: String,
    input_price: String,
    output_price: String,
    is_featured: bool,
    is_enabled: bool,
}

impl Values {
    fn read(stored: Option<&ModelView>) -> Self {
        let typed = Typed::of::<SaveModel>().or_of::<TestUnsavedModel>();
        let named = use_query_map().with_untracked(|query| query.get_str("upstream").map(str::to_owned));
        let text = |name: &str, of: fn(&ModelView) -> Option<String>| {
            typed.text(name, stored.and_then(of).unwrap_or_default())
        };
        Self {
            public_name: text("public_name", |model| Some(model.public_name.clone())),
            slug: text("slug", |model| Some(model.slug.clone())),
            upstream: typed.text("upstream", stored.map(|model| model.upstream.clone()).or(named).unwrap_or_default()),
            upstream_model: text("upstream_model", |model| Some(model.upstream_model.clone())),
            family: text("family", |model| model.family.clone()),
            context_window: text("context_window", |model| model.context_window.map(|tokens| tokens.to_string())),
            input_price: text("input_price", |model| price(&model.input_price_per_million_usd)),
            output_price: text("output_price", |model| price(&model.output_price_per_million_usd)),
            is_featured: typed.tick("is_featured", stored.is_some_and(|model| model.is_featured)),
            is_enabled: typed.tick("is_enabled", stored.is_none_or(|model| model.is_enabled)),
        }
    }
}

/// The fields that show their own errors.
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

fn form(model: Option<ModelView>, upstreams: Vec<UpstreamView>) -> AnyView {
    let errors = [posted_errors::<SaveModel>(), posted_errors::<TestUnsavedModel>()].concat();
    let values = Values::read(model.as_ref());
    let verb = if model.is_none() { "Add" } else { "Save" };
    let report = answered::<TestUnsavedModel>();
    view! {
        <form class="sheet admin-form" method="post" action={here::<SaveModel>()} data-stay>
            <Refusal errors=errors.clone() fields=FIELDS/>
            <input type="hidden" name="model" value=model.map(|model| model.slug).unwrap_or_default()/>
            <Field name="public_name" label="Public name" value=values.public_name
                errors=errors.clone() is_required=true hint="What members choose and callers write. Renaming takes the history along."/>
            <div class="columns">
                {upstream_field(values.upstream, upstreams, &errors)}
                <Field name="upstream_model" label="Upstream's name" value=values.upstream_model
                    errors=errors.clone() is_required=true/>
            </div>
            <div class="columns">
                <Field name="slug" label="Slug" value=values.slug errors=errors.clone()
                    hint="The name in addresses; made from the public name where it is empty."/>
                <Field name="family" label="Family" value=values.family errors=errors.clone()/>
                <Field name="context_window" label="Context window, tokens" value=values.context_window
                    errors=errors.clone()/>
            </div>
            <div class="columns">
                <Field name="input_price" rule="input_price_per_million_usd" label="Input, $ for a million tokens"
                    value=values.input_price errors=errors.clone() hint="Empty where it is unknown; 0 where it is free."/>
                <Field name="output_price" rule="output_price_per_million_usd" label="Output, $ for a million tokens"
                    value=values.output_price errors=errors/>
            </div>
            <Tick name="is_featured" label="Put forward" is_on=values.is_featured
                hint="Stands first in the picker."/>
            <Tick name="is_enabled" label="Enabled" is_on=values.is_enabled/>
            <div class="form-actions">
                <button class="go" type="submit">{verb}</button>
                <button class="quiet" type="submit" formaction={here::<TestUnsavedModel>()} data-leave>"Test these values"</button>
                <a class="quiet" href="/admin/models">"Back"</a>
            </div>
        </form>
        {report.map(|report| view! { <Report report=Some(report)/> })}
        <FormScript/>
    }
    .into_any()
}

/// The choice of the upstream that serves the model.
fn upstream_field(chosen: String, upstreams: Vec<UpstreamView>, errors: &[FieldError]) -> AnyView {
    let error = errors.iter().find(|error| error.field == "upstream").map(|error| error.message.clone());
    let has_upstream = !upstreams.is_empty();
    let options: Vec<_> = upstreams
        .into_iter()
        .map(|upstream| {
            let is_chosen = chosen == upstream.name;
            view! { <option value=upstream.name.clone() selected=is_chosen>{upstream.name.clone()}</option> }
        })
        .collect();
    view! {
        <div class="field">
            <label for="upstream">"Upstream"</label>
            <select id="upstream" name="upstream" aria-describedby="upstream-error">{options}</select>
            <p class="hint" hidden=has_upstream>"There is none yet: add one first."</p>
            <p class="field-error" id="upstream-error" data-error="upstream">{error}</p>
        </div>
    }
    .into_any()
}

/// A price as text for a field.
fn price(price: &Option<Usd>) -> Option<String> {
    price.as_ref().map(|price| price.display().trim_start_matches('$').to_owned())
}
