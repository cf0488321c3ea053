//! `/sign-in` and `/sign-up`.

use domain::accounts::AccountPort;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{
    FIRST_PAGE, SignIn,
    api::SignUp,
    form::{AccountForm, FormData},
    next_path, sign_in_path,
};
use crate::{
    host,
    ui::{Done, Frame, Scripts, Section, posted_errors},
};

/// `/sign-in?next=…`
#[component]
pub fn SignInPage() -> impl IntoView {
    let next = next();
    if leave(&next) {
        return ().into_any();
    }
    let mode = sign_up_mode();
    let errors = posted_errors::<SignIn>();
    let other = (mode != "closed").then(|| {
        view! {
            <p class="aside">"No account yet? " <a href=sign_up_path(&next)>"Create one"</a> "."</p>
        }
    });
    let data = FormData { is_sign_in: true, needs_invite: false, invite: String::new(), next, errors }.write();
    view! {
        <Title text="Sign in"/>
        <Scripts/>
        <Frame section=Section::SignIn>
            <div class="narrow sheet">
                <h1>"Sign in"</h1>
                <Done/>
                <AccountForm data/>
                {other}
            </div>
        </Frame>
    }
    .into_any()
}

/// `/sign-up?next=…`
#[component]
pub fn SignUpPage() -> impl IntoView {
    let next = next();
    if leave(&next) {
        return ().into_any();
    }
    let mode = sign_up_mode();
    let sign_in = sign_in_path(&next);
    let invite = use_query_map().with_untracked(|query| query.get_str("invite").unwrap_or_default().to_owned());
    let body = if mode == "closed" && invite.is_empty() {
        view! {
            <p>"Sign-up is closed here. Ask whoever runs this site for an account."</p>
            <p class="aside"><a href=sign_in>"Sign in"</a></p>
        }
        .into_any()
    } else {
        let errors = posted_errors::<SignUp>();
        let data =
            FormData { is_sign_in: false, needs_invite: mode == "invite" || !invite.is_empty(), invite, next, errors }
                .write();
        view! {
            <p class="lede">"Your prompts and the answers are stored encrypted, under a key of your own."</p>
            <AccountForm data/>
            <p class="aside">"Already a member? " <a href=sign_in>"Sign in"</a> "."</p>
        }
        .into_any()
    };
    view! {
        <Title text="Create an account"/>
        <Scripts/>
        <Frame section=Section::SignUp>
            <div class="narrow sheet">
                <h1>"Create an account"</h1>
                {body}
            </div>
        </Frame>
    }
    .into_any()
}

/// Redirects users who are already signed in.
fn leave(next: &str) -> bool {
    let Ok(host) = host::host() else { return false };
    let is_member = host.viewer().is_some();
    if is_member {
        host.redirect(next);
    }
    is_member
}

fn next() -> String {
    let next = use_query_map().with_untracked(|query| query.get_str("next").map(str::to_owned));
    next.map_or(FIRST_PAGE.into(), |next| next_path(&next).to_owned())
}

fn sign_up_mode() -> &'static str {
    host::service::<dyn AccountPort>().map_or("closed", |accounts| accounts.sign_up_mode())
}

fn sign_up_path(next: &str) -> String {
    sign_in_path(next).replacen("/sign-in", "/sign-up", 1)
}
