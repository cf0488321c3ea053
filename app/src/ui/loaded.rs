//! Pages that wait for data, and error pages.

use std::future::Future;

use domain::{
    accounts::{Admin, Viewer},
    error::AppError,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_location;
use serde::{Serialize, de::DeserializeOwned};

use super::Frame;
use crate::{
    accounts::sign_in_path,
    host::{self, Host},
};

/// Renders a member's page. A visitor is redirected to the sign-in page, and comes back from there.
pub fn guard(page: impl FnOnce(Viewer) -> AnyView) -> AnyView {
    match host::viewer() {
        Ok(viewer) => page(viewer),
        Err(_) => {
            if let Ok(host) = host::host() {
                let location = use_location();
                let (path, search) = (location.pathname.get_untracked(), location.search.get_untracked());
                let search = search.trim_start_matches('?');
                let address = if search.is_empty() { path } else { format!("{path}?{search}") };
                host.redirect(&sign_in_path(&address));
            }
            ().into_any()
        }
    }
}

/// Renders a page for admins. A visitor is redirected to the sign-in page; a member gets a 403 before anything is queried.
pub fn guard_admin(page: impl FnOnce(Admin) -> AnyView) -> AnyView {
    guard(|viewer| match viewer.admin() {
        Ok(admin) => page(admin),
        Err(error) => {
            set_status(error.status());
            view! {
                <Title text="For admins"/>
                <Frame>
                    <div class="notice">
                        <h1>"This is for admins"</h1>
                        <p>{error.to_string()}</p>
                        <p><a href="/">"To the start page"</a></p>
                    </div>
                </Frame>
            }
            .into_any()
        }
    })
}

/// Waits for an answer and renders it. An error takes the place of the content, and its HTTP status becomes the page's.
pub fn loaded<T, E>(
    answer: impl Future<Output = Result<T, E>> + Send + 'static,
    view: impl Fn(T) -> AnyView + Copy + Send + Sync + 'static,
) -> impl IntoView
where
    T: Clone + Send + Sync + Serialize + DeserializeOwned + 'static,
    E: Into<AppError> + 'static,
{
    let host = host::host().ok();
    let answer = OnceResource::new(async move { answer.await.map_err(Into::into) });
    view! {
        <Suspense>
            {move || {
                let host = host.clone();
                Suspend::new(async move {
                    match answer.await {
                        Ok(value) => view(value),
                        Err(error) => {
                            if let Some(host) = host {
                                host.set_status(error.status());
                            }
                            view! { <ErrorMessage error/> }.into_any()
                        }
                    }
                })
            }}
        </Suspense>
    }
}

/// An error in place of a page's content.
#[component]
pub fn ErrorMessage(
    /// What went wrong.
    error: AppError,
) -> impl IntoView {
    if let AppError::NotFound(_) = error {
        return view! { <NotFoundMessage/> }.into_any();
    }
    let message = error.to_string();
    view! {
        <Title text="Something went wrong"/>
        <div class="notice">
            <h1>"That did not work"</h1>
            <p>{message}</p>
            <p><a href="">"Try again"</a></p>
        </div>
    }
    .into_any()
}

/// The content of a 404 page. It is the same for what does not exist and for what this user may not see.
#[component]
pub fn NotFoundMessage() -> impl IntoView {
    view! {
        <Title text="Not found"/>
        <div class="notice">
            <h1>"There is nothing here"</h1>
            <p>"The address may be mistyped, what was here may have been deleted, or it may belong to somebody else."</p>
            <p><a href="/">"To the start page"</a></p>
        </div>
    }
}

/// Sets the HTTP status of the page that is being rendered.
pub(crate) fn set_status(status: u16) {
    if let Ok(host) = host::host() {
        Host::set_status(&*host, status);
    }
}
