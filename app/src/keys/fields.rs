//! The form of a key.

use domain::{catalog::ModelSummary, error::FieldError, keys::KEY_LIMITS};
use leptos::prelude::*;

use super::KeyForm;

/// The form's values and errors.
#[derive(Clone)]
pub(super) struct FormState {
    pub(super) form: KeyForm,
    /// An empty field name means the form as a whole.
    pub(super) errors: Vec<FieldError>,
}

impl FormState {
    /// The error of a field; errors of a list's items count for the list.
    fn message(&self, field: &str) -> Option<String> {
        let is_of = |error: &&FieldError| error.field.split('[').next() == Some(field);
        self.errors.iter().find(is_of).map(|error| error.message.clone())
    }
}

/// The form for a new key, or for changing one.
#[component]
pub(super) fn KeyFields(state: FormState, models: Vec<ModelSummary>) -> impl IntoView {
    let (general, name, limit, allowed) =
        (state.message(""), state.message("name"), state.message("requests_per_minute"), state.message("models"));
    let form = state.form;
    let (title, verb) = if form.is_change { ("Change this key", "Save") } else { ("New key", "Make the key") };
    let ticked = form.models.len();
    let summary = match ticked {
        0 => "Every model".to_owned(),
        1 => "1 model".to_owned(),
        _ => format!("{ticked} models"),
    };
    view! {
        <section class="sheet key-form" id="form" aria-labelledby="form-title">
            <h2 id="form-title">{title}</h2>
            <form method="post" action="/keys">
                <input type="hidden" name="id" value=form.id.map(|id| id.to_string())/>
                {form.is_change.then(|| view! { <input type="hidden" name="change" value="1"/> })}
                {general.map(|text| view! { <p class="alert" role="alert">{text}</p> })}
                <div class="field">
                    <label for="name">"Name"</label>
                    <input id="name" name="name" value=form.name required maxlength=(2 * KEY_LIMITS.name).to_string()
                        autocomplete="off" placeholder="The program it is for"
                        aria-invalid=name.is_some().then_some("true") aria-describedby="name-error"/>
                    <p class="field-error" id="name-error">{name}</p>
                </div>
                <div class="field">
                    <label for="limit">"Requests per minute"</label>
                    <input id="limit" name="requests_per_minute" value=form.requests_per_minute inputmode="numeric"
                        autocomplete="off" placeholder="No limit"
                        aria-invalid=limit.is_some().then_some("true") aria-describedby="limit-hint limit-error"/>
                    <p class="hint" id="limit-hint">"Counted from full minute to full minute, on all servers together."</p>
                    <p class="field-error" id="limit-error">{limit}</p>
                </div>
                <details class="fold" open=ticked != 0 || allowed.is_some()>
                    <summary>"Models it may ask: "<b>{summary}</b></summary>
                    <fieldset>
                        <legend class="hint">"With none ticked it may ask every model, also those that are added later."</legend>
                        <p class="field-error">{allowed.clone()}</p>
                        <Ticks models ticked=form.models/>
                    </fieldset>
                </details>
                <div class="key-form-actions">
                    {form.is_change.then(|| view! { <a class="quiet" href="/keys">"Cancel"</a> })}
                    <button class="go" type="submit">{verb}</button>
                </div>
            </form>
        </section>
    }
}

/// One checkbox per model, including ticked models that are no longer in the catalogue.
#[component]
fn Ticks(models: Vec<ModelSummary>, ticked: Vec<String>) -> impl IntoView {
    let listed: Vec<String> = models.into_iter().map(|model| model.public_name).collect();
    let gone: Vec<String> = ticked.iter().filter(|name| !listed.contains(name)).cloned().collect();
    let tick = move |name: String, is_gone: bool| {
        let is_ticked = ticked.contains(&name);
        view! {
            <li>
                <label>
                    <input type="checkbox" name="model" value=name.clone() checked=is_ticked/>
                    <span class="model-mono">{name}</span>
                    {is_gone.then(|| view! { <span class="tag">"not available"</span> })}
                </label>
            </li>
        }
    };
    let boxes = listed.into_iter().map(|name| (name, false)).chain(gone.into_iter().map(|name| (name, true)));
    view! { <ul class="key-ticks">{boxes.map(|(name, is_gone)| tick(name, is_gone)).collect::<Vec<_>>()}</ul> }
}
