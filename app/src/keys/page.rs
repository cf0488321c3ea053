//! `/keys`: making, changing and revoking keys.

use domain::{
    KeyId,
    catalog::ModelSummary,
    error::AppError,
    keys::{ApiKey, KeysPort, NewKey},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{
    KeyForm, PostedKey,
    example::Example,
    fields::{FormState, KeyFields},
    keys,
    list::{KeyList, RevokedKeys},
};
use crate::{
    catalog::models,
    host,
    ui::{CopyButton, CopyScript, Frame, Room, guard, loaded, set_status},
};

/// The keys of a member. The page is also the answer to its own form, with the secret of a new key in it.
#[component]
pub fn KeysPage() -> impl IntoView {
    guard(|_| {
        let posted = use_context::<PostedKey>();
        if let Some(PostedKey { outcome: Err(error), .. }) = &posted {
            set_status(error.status());
        }
        let made = posted.as_ref().and_then(|posted| posted.outcome.clone().ok());
        let (to_change, saved) = use_query_map().with_untracked(|query| {
            let id = |name: &str| query.get_str(name).and_then(|id| id.parse::<KeyId>().ok());
            (id("change"), id("saved"))
        });
        let new_id = host::service::<dyn KeysPort>().map(|port| port.new_id()).ok();
        let state = StoredValue::new(FormState::new(posted, new_id));
        let made = StoredValue::new(made);
        view! {
            <Title text="API keys"/>
            <Frame room=Room::Keys>
                {loaded(keys_and_models(), move |(keys, models)| {
                    let state = state.get_value().or_change(to_change.and_then(|id| find(&keys, id)));
                    room(keys, &models, state, made.get_value(), saved)
                })}
            </Frame>
        }
        .into_any()
    })
}

/// Reads everything from the context before it waits for the first answer.
fn keys_and_models() -> impl Future<Output = Result<(Vec<ApiKey>, Vec<ModelSummary>), AppError>> + Send + 'static {
    let (keys, models) = (keys(), models());
    async move { Ok((keys.await?, models.await?)) }
}

fn find(keys: &[ApiKey], id: KeyId) -> Option<&ApiKey> {
    keys.iter().find(|key| key.id == id && key.revoked_at.is_none())
}

fn room(
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

/// The one time that a secret is seen.
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
    /// The form as it was posted, or a new one.
    fn new(posted: Option<PostedKey>, new_id: Option<KeyId>) -> Self {
        let (form, errors) = match posted {
            Some(PostedKey { form, outcome: Err(AppError::Invalid(errors)) }) => (form, errors),
            // Another attempt with the same id would not be another key.
            Some(PostedKey { form, outcome: Err(error) }) => {
                let error = domain::error::FieldError::new("", error.code(), error.to_string());
                let id = if form.is_change { form.id } else { new_id };
                (KeyForm { id, ..form }, vec![error])
            }
            Some(PostedKey { outcome: Ok(_), .. }) | None => (KeyForm { id: new_id, ..KeyForm::default() }, Vec::new()),
        };
        Self { form, errors }
    }

    /// The form for changing a key, unless it was filled in already.
    fn or_change(self, key: Option<&ApiKey>) -> Self {
        match key {
            Some(key) if self.errors.is_empty() => Self { form: KeyForm::of(key), errors: Vec::new() },
            _ => self,
        }
    }
}
