//! Submitting the draft, from the button and from the keyboard.

use domain::error::AppError;
use leptos::prelude::*;

use super::{
    draft::Draft,
    session::{Phase, Session},
};
use crate::ui::browser;

/// Validates the draft and runs it; errors are shown at their fields. Does nothing while a comparison runs.
pub(super) fn submit(draft: Draft, session: Session) {
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
