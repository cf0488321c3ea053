//! `/keys`: creating, changing and revoking keys.

use domain::{
    KeyId,
    catalog::ModelSummary,
    error::{AppError, FieldError},
    keys::{ApiKey, KeysPort, NewKey},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{
    KeyForm,
    example::Example,
    fields::{FormState, KeyFields},
    keys,
    list::{KeyList, RevokedKeys},
};
use crate::{
    catalog::models,
    host,
    ui::{CopyButton, CopyScript, Frame, Posted, Section, guard, loaded},
};

/// The keys of a member. The page also answers its own form; a new key's secret is in that answer only.
#[component]
pub fn KeysPage() -> impl IntoView {
    guard(|_| {
        let posted = Posted::to("/keys");
        let made = posted.as_ref().and_then(Posted::value::<NewKey>);
        let (to_change, saved) = use_query_map().with_untracked(|query| {
            let id = |name: &str| query.get_str(name).and_then(|id| id.parse::<KeyId>().ok());
            (id("change"), id("saved"))
        });
        let new_id = host::service::<dyn KeysPort>().map(|port| port.new_id()).ok();
        let state = StoredValue::new(FormState::new(posted.as_ref(), new_id));
        let made = StoredValue::new(made);
        view! {
            <Title text="API keys"/>
            <Frame section=Section::Keys>
                {loaded(keys_and_models(), move |(keys, models)| {
                    let state = state.get_value().or_change(to_change.and_then(|id| find(&keys, id)));
                    content(keys, &models, state, made.get_value(), saved)
                })}
            </Frame>
        }
        .into_any()
    })
}

/// Reads everything from the context before the first `.await`, after which there is no context.
fn keys_and_models() -> impl Future<Output = Result<(Vec<ApiKey>, Vec<ModelSummary>), AppError>> + Send + 'static {
    let (keys, models) = (keys(), models());
    async move { Ok((keys.await?, models.await?)) }
}

fn find(keys: &[ApiKey], id: KeyId) -> Option<&ApiKey> {
    keys.iter().find(|key| key.id == id && key.revoked_at.is_none())
}

fn content(
    keys: Vec<ApiKey>,
    models: &[ModelSummary],
    state: FormState,
    made: Option<NewKey>,
    saved: Option<KeyId>,
) -> AnyView {
    let saved = saved.and_then(|id| find(&keys, id)).map(|key| format!("“{}” is saved.", key.name));
    let (revoked, working): (Vec<_>, Vec<_>) = keys.into_iter().partition(|key| key.revoked_at.is_some());
    let model = models.first().map(|model| model.public_name.clone());
    let is_first = working.is_empty();
    view! {
        <div class="page-head">
            <div>
                <h1>"API keys"</h1>
                <p class="lede">
                    "A key lets a program ask these models through one address, with any library made for OpenAI’s API."
                </p>
            </div>
        </div>
        {saved.map(|text| view! { <p class="told" role="status">{text}</p> })}
        {made.map(|key| view! { <Secret key/> })}
        {if is_first {
            view! {
                <div class="sheet squared empty key-start">
                    <h2>"No key yet"</h2>
                    <p>"Make one below, then ask from a terminal:"</p>
                    <Example model/>
                </div>
            }
            .into_any()
        } else {
            view! {
                <KeyList keys=working/>
                <details class="sheet fold">
                    <summary>"How to use a key"</summary>
                    <Example model/>
                </details>
            }
            .into_any()
        }}
        <KeyFields state models=models.to_vec()/>
        {(!revoked.is_empty()).then(|| view! { <RevokedKeys keys=revoked/> })}
        <CopyScript/>
    }
    .into_any()
}

/// A new key with its secret, which is not stored and cannot be shown again.
#[component]
fn Secret(key: NewKey) -> impl IntoView {
    view! {
        <section class="sheet secret" aria-labelledby="secret-title">
            <h2 id="secret-title">"Your new key: "{key.key.name}</h2>
            <p role="status">"Copy it now and keep it like a password. It is shown this once and cannot be read again."</p>
            <p class="secret-line">
                <code id="secret">{key.secret}</code>
                <CopyButton of="secret" word="Copy"/>
            </p>
        </section>
    }
}

impl FormState {
    /// The form as it was posted if it was refused, an empty one otherwise.
    fn new(posted: Option<&Posted>, new_id: Option<KeyId>) -> Self {
        let Some(Posted { fields, answer: Err(error), .. }) = posted else {
            return Self { form: KeyForm { id: new_id, ..KeyForm::default() }, errors: Vec::new() };
        };
        let form = KeyForm::read(fields);
        if let AppError::Invalid(errors) = error {
            return Self { form, errors: errors.clone() };
        }
        // The id of the refused form may be taken: with it, every further attempt would conflict as well.
        let id = if form.is_change { form.id } else { new_id };
        let error = FieldError::new("", error.code(), error.to_string());
        Self { form: KeyForm { id, ..form }, errors: vec![error] }
    }

    /// The form for changing this key, unless it was filled in already.
    fn or_change(self, key: Option<&ApiKey>) -> Self {
        match key {
            Some(key) if self.errors.is_empty() => Self { form: KeyForm::of(key), errors: Vec::new() },
            _ => self,
        }
    }
}
