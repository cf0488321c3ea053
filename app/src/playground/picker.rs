//! The model picker: a list that is searched by typing and navigated with the arrow keys.

use domain::playground::LIMITS;
use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlElement, KeyboardEvent, ScrollIntoViewOptions, ScrollLogicalPosition};

use super::{
    draft::Draft,
    facts::facts,
    search::{LISTED, search, step},
};
use crate::ui::browser;

/// The button that opens the list.
#[component]
pub(super) fn AddModel(draft: Draft) -> impl IntoView {
    let left = Signal::derive(move || match LIMITS.models - draft.models.with(Vec::len).min(LIMITS.models) {
        0 => Some(" all four chosen".to_owned()),
        left => Some(format!(" {left} left")),
    });
    view! {
        <button
            id="add-model"
            class="quiet add"
            type="button"
            popovertarget="picker"
            disabled=Signal::derive(move || draft.is_full())
            aria-invalid=draft.is_invalid("models")
            aria-describedby="models-error"
        >
            "Add model"
            <span class="hint">{left}</span>
        </button>
    }
}

/// Opens the list from elsewhere on the page.
pub(super) fn open_picker() {
    if let Some(button) = browser::find("#add-model") {
        button.scroll_into_view_with_scroll_into_view_options(&nearest());
        button.click();
    }
}

/// The list.
#[component]
pub(super) fn Picker(draft: Draft) -> impl IntoView {
    let active = RwSignal::new(0_usize);
    let field = NodeRef::<html::Input>::new();
    let found = RwSignal::new(Vec::<usize>::new());
    let find = move |query: &str| {
        found.set(draft.catalogue.with_value(|models| search(models, query)));
        active.set(0);
    };
    let toggled = move |event: Event| {
        let is_shown = target(&event).is_some_and(|picker| picker.matches(":popover-open").unwrap_or(false));
        if !is_shown {
            found.set(Vec::new());
        } else if let Some(field) = field.get_untracked() {
            find("");
            field.set_value("");
            // The search field takes the focus when the list opens.
            _ = field.focus();
        }
    };
    let keydown = move |event: KeyboardEvent| {
        let found = found.get_untracked();
        let key = event.key();
        if key == "Enter" && !event.ctrl_key() && !event.meta_key() {
            event.prevent_default();
            if let Some(index) = found.get(active.get_untracked()) {
                choose(draft, *index);
            }
        } else if let Some(next) = step(&key, active.get_untracked(), found.len().min(LISTED)) {
            event.prevent_default();
            active.set(next);
            show_active();
        }
    };
    view! {
        <div id="picker" class="picker" popover="auto" role="dialog" aria-label="Add a model" on:toggle=toggled>
            <input
                node_ref=field
                class="picker-search"
                role="combobox"
                aria-label="Search models"
                aria-controls="picker-list"
                aria-expanded="true"
                aria-autocomplete="list"
                aria-activedescendant=Signal::derive(move || {
                    (!found.with(Vec::is_empty)).then(|| format!("option-{}", active.get()))
                })
                autocomplete="off"
                spellcheck="false"
                placeholder="Name or family"
                on:input:target=move |event| find(&event.target().value())
                on:keydown=keydown
            />
            <ul id="picker-list" class="picker-list" role="listbox" aria-label="Models">
                {move || {
                    let found = found.get();
                    let option = |(row, index)| view! { <Option draft row index active/> };
                    found.into_iter().take(LISTED).enumerate().map(option).collect_view()
                }}
            </ul>
            <p class="hint picker-note">{Signal::derive(move || Some(note(found.with(Vec::len), draft.models.with(Vec::len))))}</p>
            <button class="quiet picker-done" type="button" on:click=move |_| close()>"Done"</button>
        </div>
    }
}

fn choose(draft: Draft, index: usize) {
    let name = draft.catalogue.with_value(|models| models.get(index).map(|model| model.public_name.clone()));
    if let Some(name) = name {
        draft.add(name);
    }
    if draft.models.with_untracked(Vec::len) >= LIMITS.models {
        close();
    }
}

/// A model of the list.
#[component]
fn Option(draft: Draft, row: usize, index: usize, active: RwSignal<usize>) -> impl IntoView {
    let model = draft.catalogue.with_value(|models| models.get(index).cloned());
    model.map(|model| {
        let facts = facts(&model);
        view! {
            <li
                id=format!("option-{row}")
                role="option"
                aria-selected=Signal::derive(move || if active.get() == row { "true" } else { "false" })
                on:click=move |_| choose(draft, index)
                on:mousemove=move |_| if active.get_untracked() != row { active.set(row) }
            >
                <span class="option-name">{model.public_name}</span>
                {model.is_featured.then(|| view! { <span class="tag">"featured"</span> })}
                <span class="hint" title="Family · context window · list price of a million tokens, in / out">{facts}</span>
            </li>
        }
    })
}

/// The note below the list.
fn note(found: usize, chosen: usize) -> String {
    match found {
        0 => "No model of that name. Try fewer letters.".into(),
        _ if found > LISTED => format!("{} more: type to narrow the list.", found - LISTED),
        _ => format!("{chosen} of {} chosen. The same model may be added twice.", LIMITS.models),
    }
}

fn close() {
    if let Some(picker) = browser::find("#picker:popover-open") {
        _ = picker.hide_popover();
        browser::focus_first("#add-model:enabled, #prompt");
    }
}

fn show_active() {
    request_animation_frame(|| {
        if let Some(option) = browser::find("#picker-list [aria-selected=true]") {
            option.scroll_into_view_with_scroll_into_view_options(&nearest());
        }
    });
}

fn nearest() -> ScrollIntoViewOptions {
    let options = ScrollIntoViewOptions::new();
    options.set_block(ScrollLogicalPosition::Nearest);
    options
}

fn target(event: &Event) -> std::option::Option<HtmlElement> {
    event.target()?.dyn_into().ok()
}
