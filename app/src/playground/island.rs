//! The playground's island: form, grid and keyboard shortcuts.

use domain::error::AppError;
use leptos::prelude::*;

use super::{
    draft::Draft,
    grid::Grid,
    keys::{KeyList, listen},
    prompt_form::PromptForm,
    session::{Phase, Session},
    wire::page_data,
};
use crate::{accounts::sign_in_path, ui::browser};

/// The path of a new comparison.
const NEW: &str = "/playground";

/// A new comparison, or an existing one; one that is still running is followed.
#[island]
pub fn Playground(
    /// The catalogue and the page's initial state: see `wire::write_page_data`.
    data: String,
) -> impl IntoView {
    let (models, comparison, first) = page_data(&data);
    let draft = Draft::new(models, comparison.as_ref(), &first);
    let session = Session::new(comparison);
    let is_ready = RwSignal::new(false);

    Effect::new(move |_| {
        is_ready.set(true);
        session.resume();
        listen(draft, session);
    });
    // Until there is a comparison, the address reflects the draft.
    Effect::new(move |_| {
        let query = draft.query();
        if browser::path() == NEW {
            browser::show_path(&[NEW, &query].concat());
        }
    });
    // The clock of the live metrics.
    Effect::new(move |_| {
        if session.phase.get() != Phase::Idle
            && let Ok(ticking) = set_interval_with_handle(move || session.tick(), std::time::Duration::from_millis(200))
        {
            on_cleanup(move || ticking.clear());
        }
    });

    view! {
        <PromptForm draft session is_ready first/>
        <p class="status" role="status">{Signal::derive(move || session.said.get())}</p>
        <Failure failure=session.failure/>
        <Grid draft session/>
        <KeyList/>
    }
}

/// The error of the comparison as a whole, with a way to recover.
#[component]
fn Failure(failure: RwSignal<Option<AppError>>) -> impl IntoView {
    let message = Signal::derive(move || failure.with(|error| error.as_ref().map(ToString::to_string)));
    let is_none = Signal::derive(move || failure.with(Option::is_none));
    let is_other = |wanted: AppError| {
        Signal::derive(move || failure.with(|error| error.as_ref().is_none_or(|error| *error != wanted)))
    };
    let way_back =
        Signal::derive(move || is_none.get().then(String::new).or_else(|| Some(sign_in_path(&browser::path()))));
    view! {
        <div class="alert" role="alert" hidden=is_none>
            <p>{message}</p>
            <a class="quiet" href=way_back hidden=is_other(AppError::Unauthenticated)>"Sign in again"</a>
            <button class="quiet" type="button" hidden=is_other(AppError::Transport) on:click=|_| browser::reload()>
                "Load the page again"
            </button>
        </div>
    }
}
