//! The three parameters. An empty field is not sent.

use leptos::{html, prelude::*};

use super::{draft::Draft, parameters::ParameterTexts};

/// What a field is about.
#[derive(Clone, Copy)]
struct Field {
    /// As errors name it.
    name: &'static str,
    id: &'static str,
    label: &'static str,
    hint: &'static str,
    mode: &'static str,
    text: fn(&mut ParameterTexts) -> &mut String,
}

const FIELDS: [Field; 3] = [
    Field {
        name: "parameters.temperature",
        id: "temperature",
        label: "Temperature",
        hint: "0 to 2",
        mode: "decimal",
        text: |texts| &mut texts.temperature,
    },
    Field {
        name: "parameters.max_tokens",
        id: "max-tokens",
        label: "Max tokens",
        hint: "1 to the model's limit",
        mode: "numeric",
        text: |texts| &mut texts.max_tokens,
    },
    Field {
        name: "parameters.top_p",
        id: "top-p",
        label: "Top p",
        hint: "0 to 1",
        mode: "decimal",
        text: |texts| &mut texts.top_p,
    },
];

/// The three fields.
#[component]
pub(super) fn ParametersForm(draft: Draft) -> impl IntoView {
    view! {
        <fieldset class="bar parameters">
            <legend class="visually-hidden">"Parameters"</legend>
            {FIELDS.map(|field| view! { <ParameterField draft field/> }).into_iter().collect_view()}
        </fieldset>
    }
}

#[component]
fn ParameterField(draft: Draft, field: Field) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let is_set =
        Signal::derive(move || draft.parameters.with(|texts| !(field.text)(&mut texts.clone()).trim().is_empty()));
    let first = draft.parameters.with_untracked(|texts| (field.text)(&mut texts.clone()).clone());
    let set = move |text: String| {
        draft.parameters.update(|texts| *(field.text)(texts) = text);
        draft.forgive(field.name);
    };
    // What was typed before the page was ready counts.
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            set(input.value());
        }
    });
    let unset = move |_| {
        set(String::new());
        if let Some(input) = input.get_untracked() {
            input.set_value("");
            _ = input.focus();
        }
    };
    let error_id = [field.id, "-error"].concat();
    view! {
        <div class="parameter" class:is-set=is_set>
            <label for=field.id>{field.label}</label>
            <span class="parameter-input">
                <input
                    node_ref=input
                    id=field.id
                    inputmode=field.mode
                    autocomplete="off"
                    placeholder="not sent"
                    title=field.hint
                    value=first
                    aria-invalid=draft.is_invalid(field.name)
                    aria-describedby=error_id.clone()
                    on:input:target=move |event| set(event.target().value())
                />
                <button type="button" class="parameter-unset" aria-label=["Do not send ", field.label].concat()
                    hidden=Signal::derive(move || !is_set.get()) on:click=unset>"×"</button>
            </span>
            <p class="field-error" id=error_id>{draft.error(field.name)}</p>
        </div>
    }
}
