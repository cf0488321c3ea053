//! Keyboard shortcuts, and the dialog that lists them.

use leptos::{ev, html, prelude::*};
use web_sys::KeyboardEvent;

use super::{
    draft::Draft,
    session::{Phase, Session},
    submit::submit,
};
use crate::ui::browser;

/// What a shortcut does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    Run,
    StopAll,
    GoTo(usize),
    List,
}

/// The parts of a key press that decide the command.
#[derive(Clone, Copy, Debug, Default)]
struct Press<'a> {
    key: &'a str,
    has_modifier: bool,
    is_typing: bool,
    has_overlay: bool,
}

fn command(press: Press<'_>) -> Option<Command> {
    match press.key {
        "Enter" if press.has_modifier => Some(Command::Run),
        "Escape" if !press.has_overlay => Some(Command::StopAll),
        _ if press.has_modifier || press.is_typing || press.has_overlay => None,
        "1" | "2" | "3" | "4" => press.key.parse::<usize>().ok().map(|digit| Command::GoTo(digit - 1)),
        "?" => Some(Command::List),
        _ => None,
    }
}

/// Handles key presses until the island is disposed.
pub(super) fn listen(draft: Draft, session: Session) {
    let handle = window_event_listener(ev::keydown, move |event: KeyboardEvent| {
        let key = event.key();
        let press = Press {
            key: &key,
            has_modifier: event.ctrl_key() || event.meta_key(),
            is_typing: browser::is_typing(&event),
            has_overlay: browser::has_overlay(),
        };
        match command(press) {
            Some(Command::Run) => {
                event.prevent_default();
                submit(draft, session);
            }
            Some(Command::StopAll) if session.phase.get_untracked() != Phase::Idle => session.stop_all(),
            Some(Command::GoTo(position)) => go_to(position),
            Some(Command::List) => open_list(),
            Some(Command::StopAll) | None => {}
        }
    });
    on_cleanup(move || handle.remove());
}

fn go_to(position: usize) {
    if let Some(card) = browser::find(["#card-a", "#card-b", "#card-c", "#card-d"][position]) {
        card.scroll_into_view();
        _ = card.focus();
    }
}

fn open_list() {
    if let Some(list) = browser::find("#keys") {
        use wasm_bindgen::JsCast;
        if let Ok(dialog) = list.dyn_into::<web_sys::HtmlDialogElement>() {
            _ = dialog.show_modal();
        }
    }
}

/// The dialog that lists the shortcuts, opened with `?`.
#[component]
pub(super) fn KeyList() -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let close = move |_| {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let keys = [
        ("Ctrl Enter, ⌘ Enter", "Run on all"),
        ("Esc", "Stop all"),
        ("1 2 3 4", "Go to card A, B, C, D"),
        ("?", "This list"),
    ];
    view! {
        <dialog id="keys" node_ref=dialog closedby="any" aria-labelledby="keys-title">
            <h2 id="keys-title">"Keys"</h2>
            <dl class="keys">
                {keys
                    .map(|(key, meaning)| view! { <div><dt><kbd>{key}</kbd></dt><dd>{meaning}</dd></div> })
                    .into_iter()
                    .collect::<Vec<_>>()}
            </dl>
            <div class="dialog-actions">
                <button class="quiet" type="button" on:click=close>"Close"</button>
            </div>
        </dialog>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(key: &str) -> Press<'_> {
        Press { key, ..Press::default() }
    }

    #[test]
    fn enter_runs_with_the_modifier_only_also_while_typing() {
        assert_eq!(command(press("Enter")), None);
        assert_eq!(command(Press { has_modifier: true, is_typing: true, ..press("Enter") }), Some(Command::Run));
    }

    #[test]
    fn digits_and_the_question_mark_belong_to_the_text_while_typing() {
        assert_eq!(command(press("3")), Some(Command::GoTo(2)));
        assert_eq!(command(press("?")), Some(Command::List));
        for key in ["3", "?"] {
            assert_eq!(command(Press { is_typing: true, ..press(key) }), None);
            assert_eq!(command(Press { has_modifier: true, ..press(key) }), None, "the browser's own shortcut");
        }
        assert_eq!(command(press("5")), None);
    }

    #[test]
    fn escape_closes_what_is_open_before_it_stops_anything() {
        assert_eq!(command(Press { has_overlay: true, ..press("Escape") }), None);
        assert_eq!(command(Press { is_typing: true, ..press("Escape") }), Some(Command::StopAll));
    }
}
