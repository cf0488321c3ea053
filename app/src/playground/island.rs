//! The playground's island: the form above, the grid below, the keys everywhere.

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

/// Where a new comparison is written.
const NEW: &str = "/playground";

/// A new comparison, or one that was made before; one that still runs goes on filling.
#[island]
pub fn Playground(
    /// The catalogue and what the page shows at first: see `wire::write_page_data`.
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
    // Until there is a comparison, the address says what is set up.
    Effect::new(move |_| {
        let query = draft.query();
        if browser::path() == NEW {
            browser::show_path(&[NEW, &query].concat());
        }
    });
    // The clock of the running figures.
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

/// Checks what is written and runs it; what is wrong is shown at its field.
pub(super) fn run(draft: Draft, session: Session) {
    if session.phase.get_untracked() != Phase::Idle {
        return;
    }
    let refuse = move |errors| {
        draft.errors.set(errors);
        browser::focus_first(".composer [aria-invalid=true]");
    };
    match draft.request() {
        Err(errors) => refuse(errors),
        Ok(request) => {
            draft.errors.set(Vec::new());
            session.run(request, move |error| match error {
                AppError::Invalid(errors) => refuse(errors),
                other => session.failure.set(Some(other)),
            });
        }
    }
}

/// What went wrong with the whole comparison, and what to do.
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
