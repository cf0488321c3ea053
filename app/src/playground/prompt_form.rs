//! The form of a comparison: prompt, system prompt, models, parameters and the run button.

use domain::{
    playground::{LIMITS, prompt_length},
    position::letter,
};
use leptos::prelude::*;
use web_sys::SubmitEvent;

use super::{
    draft::Draft,
    parameters_form::{OwnParameters, ParametersForm},
    picker::{AddModel, Picker},
    session::{Phase, Session},
    submit::submit,
    wire::FirstDraft,
};
use crate::ui::{browser, position_class, textarea_text};

/// The character count is shown from this length on.
const COUNT_FROM: usize = LIMITS.prompt_characters / 10 * 9;

/// The form.
#[component]
pub(super) fn PromptForm(
    draft: Draft,
    session: Session,
    is_ready: RwSignal<bool>,
    /// The values that the page was rendered with.
    first: FirstDraft,
) -> impl IntoView {
    let length = RwSignal::new(0_usize);
    let count = move || {
        if let Some(field) = draft.prompt.get_untracked() {
            length.set(prompt_length(&field.value()))
        }
    };
    let is_busy = move || session.phase.get() != Phase::Idle;
    let is_apple = RwSignal::new(false);
    let hint = Signal::derive(move || if is_apple.get() { "⌘ ↵" } else { "Ctrl ↵" });
    Effect::new(move |_| {
        count();
        if browser::is_apple() {
            is_apple.set(true);
        }
    });
    let on_submit = move |event: SubmitEvent| {
        event.prevent_default();
        submit(draft, session);
    };
    let has_system_prompt = !first.system_prompt.is_empty();
    view! {
        <form class="composer" aria-label="Comparison" on:submit=on_submit novalidate>
            <label class="visually-hidden" for="prompt">"Prompt"</label>
            <textarea
                id="prompt"
                node_ref=draft.prompt
                rows="4"
                placeholder="What do you want to ask?"
                aria-invalid=draft.is_invalid("prompt")
                aria-describedby="prompt-error prompt-count"
                on:input=move |_| {
                    count();
                    draft.forgive("prompt");
                }
            >
                {textarea_text(&first.prompt)}
            </textarea>
            <p class="field-error" id="prompt-error">{draft.error("prompt")}</p>
            <p class="hint count" id="prompt-count" hidden=Signal::derive(move || length.get() < COUNT_FROM)>
                {Signal::derive(move || Some(format!("{} of {} characters", length.get(), LIMITS.prompt_characters)))}
            </p>
            <details class="bar system" open=has_system_prompt>
                <summary>"System prompt"</summary>
                <label class="visually-hidden" for="system-prompt">"System prompt"</label>
                <textarea
                    id="system-prompt"
                    node_ref=draft.system_prompt
                    rows="2"
                    placeholder="Not sent while empty"
                    aria-invalid=draft.is_invalid("system_prompt")
                    aria-describedby="system-prompt-error"
                    on:input=move |_| draft.forgive("system_prompt")
                >
                    {textarea_text(&first.system_prompt)}
                </textarea>
                <p class="field-error" id="system-prompt-error">{draft.error("system_prompt")}</p>
            </details>
            <div class="bar models">
                <Chips draft/>
                <AddModel draft/>
                <p class="field-error" id="models-error">{draft.error("models")}</p>
            </div>
            <ParametersForm draft/>
            <OwnParameters draft/>
            <div class="bar actions">
                <span class="hint">
                    "Press "<kbd>"?"</kbd>" for the keys."
                </span>
                <span class="spacer"></span>
                <button class="quiet" type="button" hidden=Signal::derive(move || !is_busy())
                    on:click=move |_| session.stop_all()>
                    "Stop all "<kbd>"Esc"</kbd>
                </button>
                <button class="go" type="submit" disabled=Signal::derive(move || !is_ready.get() || is_busy())>
                    {Signal::derive(move || match session.phase.get() {
                        Phase::Idle => "Run on all",
                        Phase::Running => "Running …",
                        Phase::Reconnecting => "Reconnecting …",
                    })}
                    " "<kbd>{hint}</kbd>
                </button>
            </div>
        </form>
        <Picker draft/>
    }
}

/// The chosen models.
#[component]
fn Chips(draft: Draft) -> impl IntoView {
    let remove = move |key| {
        draft.remove(key);
        browser::focus_first("#add-model");
    };
    let chip = move |(position, (key, model)): (usize, (usize, String))| {
        let name = letter(position);
        view! {
            <li class=["chip ", position_class(position)].concat()>
                <span class="letter">{name}</span>
                <span class="chip-name">{model.clone()}</span>
                <button type="button" class="chip-remove" aria-label=["Remove ", name, " ", &model].concat()
                    aria-invalid=draft.is_invalid(["models[0]", "models[1]", "models[2]", "models[3]"][position])
                    on:click=move |_| remove(key)>"×"</button>
            </li>
        }
    };
    view! {
        <ul class="chips" aria-label="Models">
            {move || draft.models.get().into_iter().enumerate().map(chip).collect_view()}
        </ul>
    }
}
