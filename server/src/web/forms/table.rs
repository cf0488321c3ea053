//! The pages that take forms: who may post, what that runs, and how large a body may be.

use domain::{accounts::Viewer, error::AppError};

/// A hundred model names of the greatest length, every character percent-encoded.
const LIST_LIMIT: usize = 256 * 1024;

/// Several times LiteLLM's public price file, percent-encoded.
pub(super) const FILE_LIMIT: usize = 16 * 1024 * 1024;

/// A page and its forms.
pub(super) struct FormPage {
    /// The page's route, in the syntax of axum.
    pub(super) path: &'static str,
    pub(super) audience: Audience,
    pub(super) action: Action,
    /// Bytes; a larger body is refused with 413.
    pub(super) body_limit: usize,
}

/// Who may post.
#[derive(Clone, Copy)]
pub(super) enum Audience {
    Members,
    Admins,
}

/// What a post runs.
#[derive(Clone, Copy)]
pub(super) enum Action {
    /// The server function that the address names, as in `?do=save-model`.
    ServerFunction,
    /// Creates or changes an API key. Not a server function: that would also answer at a path of its own, and a new key's
    /// secret must be in no answer but the page's.
    SaveKey,
    /// Saves the list of models for `auto`. Its fields are also the page's query while the list is arranged, where a name
    /// is repeated; the form encoding of server functions cannot read that.
    SaveRoute,
}

pub(super) static PAGES: [FormPage; 12] = [
    FormPage { path: "/keys", audience: Audience::Members, action: Action::SaveKey, body_limit: LIST_LIMIT },
    FormPage { path: "/routing", audience: Audience::Members, action: Action::SaveRoute, body_limit: LIST_LIMIT },
    FormPage::of_admins("/admin/add-model"),
    FormPage::of_admins("/admin/catalog"),
    FormPage::of_admins("/admin/models"),
    FormPage::of_admins("/admin/models/{slug}"),
    FormPage::of_admins("/admin/models/{slug}/test"),
    FormPage::of_admins("/admin/upstreams"),
    FormPage::of_admins("/admin/upstreams/new"),
    FormPage::of_admins("/admin/upstreams/{id}"),
    FormPage::of_admins("/admin/upstreams/{id}/import"),
    FormPage::of_admins("/admin/users"),
];

impl FormPage {
    const fn of_admins(path: &'static str) -> Self {
        Self { path, audience: Audience::Admins, action: Action::ServerFunction, body_limit: FILE_LIMIT }
    }
}

impl Audience {
    /// # Errors
    ///
    /// [`AppError::Forbidden`] if this viewer may not post.
    pub(super) fn check(self, viewer: &Viewer) -> Result<(), AppError> {
        match self {
            Audience::Members => Ok(()),
            Audience::Admins => viewer.clone().admin().map(drop),
        }
    }
}
