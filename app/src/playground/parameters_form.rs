//! The three parameters. An empty field is not sent.

use domain::position::letter;
use leptos::{html, prelude::*};

use super::{draft::Draft, parameters::ParameterTexts};
use crate::ui::position_class;

/// Describes a field.
#[derive(Clone, Copy)]
struct Field {
    /// The field's name in errors.
    name: &'static str,
    id: &'static str,
    label: &'static str,
    hint: &'static str,
    mode: &'static str,
    /// Of the slider: minimum, maximum, step.
    range: [&'static str; 3],
    text: fn(&mut ParameterTexts) -> &mut String,
}

const FIELDS: [Field; 3] = [
    Field {
        name: "parameters.temperature",
        id: "temperature",
        label: "Temperature",
        hint: "0 to 2",
        mode: "decimal",
        range: ["0", "2", "0.1"],
        text: |texts| &mut texts.temperature,
    },
    Field {
        name: "parameters.max_tokens",
        id: "max-tokens",
        label: "Max tokens",
        hint: "1 to the model's limit",
        mode: "numeric",
        range: ["16", "8192", "16"],
        text: |texts| &mut texts.max_tokens,
    },
    Field {
        name: "parameters.top_p",
        id: "top-p",
        label: "Top p",
        hint: "0 to 1",
        mode: "decimal",
        range: ["0", "1", "0.05"],
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

/// The same fields for each card, for cards that are to differ, such as one model at four temperatures.
#[component]
pub(super) fn OwnParameters(draft: Draft) -> impl IntoView {
    let row = move |(position, (key, model)): (usize, (usize, String))| {
        let name = letter(position);
        let cell = move |field: Field| {
            let first = (field.text)(&mut draft.own_texts(key)).clone();
            view! {
                <input
                    class="own-field"
                    aria-label=[field.label, " of ", name].concat()
                    inputmode=field.mode
                    autocomplete="off"
                    placeholder=field.label
                    title=field.hint
                    value=first
                    on:input:target=move |event| {
                        let mut texts = draft.own_texts(key);
                        *(field.text)(&mut texts) = event.target().value();
                        draft.set_own(key, texts);
                    }
                />
            }
        };
        view! {
            <div class=["own-row ", position_class(position)].concat()>
                <span class="letter">{name}</span>
                <span class="chip-name">{model}</span>
                {FIELDS.map(cell).into_iter().collect_view()}
            </div>
        }
    };
    view! {
        <details class="bar own" hidden=Signal::derive(move || draft.models.with(Vec::is_empty))>
            <summary>"Parameters of single cards"</summary>
            {move || draft.models.get().into_iter().enumerate().map(row).collect_view()}
            <p class="hint">"Empty: as above."</p>
        </details>
        <p class="field-error">{draft.error("card_parameters")}</p>
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
    // Takes over text typed before hydration.
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
    let slide = move |text: String| {
        if let Some(input) = input.get_untracked() {
            input.set_value(&text);
        }
        set(text);
    };
    let shown =
        Signal::derive(move || draft.parameters.with(|texts| (field.text)(&mut texts.clone()).replace(',', ".")));
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
            <input
                class="slider"
                type="range"
                min=field.range[0]
                max=field.range[1]
                step=field.range[2]
                aria-label=[field.label, " slider"].concat()
                prop:value=shown
                on:input:target=move |event| slide(event.target().value())
            />
            <p class="field-error" id=error_id>{draft.error(field.name)}</p>
        </div>
    }
}
