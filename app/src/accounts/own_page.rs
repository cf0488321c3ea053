//! `/account`: password, sessions, data export, deletion.

use domain::{
    accounts::{OwnAccount, Role, SignInEntry, Viewer},
    error::FieldError,
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;

use super::{ChangePassword, DeleteAccount, SignOutEverywhere, own_api::find_own_account, user_agent};
use crate::ui::{Done, FormScript, Frame, Section, guard, loaded, posted_errors, time};

/// The signed-in user's account.
#[component]
pub fn AccountPage() -> impl IntoView {
    guard(|viewer| {
        let viewer = StoredValue::new(viewer);
        view! {
            <Title text="Account"/>
            <Frame section=Section::Account>
                {loaded(find_own_account(), move |account| view! { <Account account viewer=viewer.get_value()/> }.into_any())}
                <FormScript/>
            </Frame>
        }
        .into_any()
    })
}

#[component]
fn Account(account: OwnAccount, viewer: Viewer) -> impl IntoView {
    let role = if viewer.role == Role::Admin { "an administrator" } else { "a member" };
    view! {
        <div class="page-head">
            <div>
                <h1>"Account"</h1>
                <p class="lede">
                    <b class="own-email">{viewer.email.clone()}</b>", "{role}" since "{time::date(account.created_at)}"."
                </p>
            </div>
        </div>
        <Done/>
        <div class="own-account">
            <Password email=viewer.email/>
            <SignIns sign_ins=account.sign_ins/>
            <Export/>
            <Deletion/>
        </div>
    }
}

#[component]
fn Password(email: String) -> impl IntoView {
    let errors = posted_errors::<ChangePassword>();
    let present = PasswordField {
        id: "present-password",
        name: "password",
        label: "Present password",
        autocomplete: "current-password",
        hint: None,
    };
    let new = PasswordField {
        id: "new-password",
        name: "new_password",
        label: "New password",
        autocomplete: "new-password",
        hint: Some("At least 10 characters."),
    };
    view! {
        <section class="sheet" aria-labelledby="password-title">
            <h2 id="password-title">"Password"</h2>
            <p>"Whoever else is signed in to this account is signed out with it."</p>
            <form class="account" method="post" action=ChangePassword::url() data-stay>
                {refusal(&errors, &["password", "new_password"])}
                // Lets password managers know which account the password belongs to.
                <input type="email" autocomplete="username" value=email hidden readonly/>
                {present.view(&errors)}
                {new.view(&errors)}
                <button class="go" type="submit">"Change the password"</button>
            </form>
        </section>
    }
}

#[component]
fn SignIns(sign_ins: Vec<SignInEntry>) -> impl IntoView {
    let rows: Vec<_> = sign_ins
        .into_iter()
        .map(|entry| {
            view! {
                <li>
                    <span title=entry.user_agent.clone()>{user_agent::name(&entry.user_agent)}</span>
                    {entry.is_this.then(|| view! { <span class="tag">"this one"</span> })}
                    <span class="hint">
                        "seen "<time datetime=time::machine(entry.last_seen_at)>{time::date_time(entry.last_seen_at)}</time>
                    </span>
                </li>
            }
        })
        .collect();
    view! {
        <section class="sheet" aria-labelledby="sign-ins-title">
            <h2 id="sign-ins-title">"Signed in"</h2>
            <ul class="own-sign-ins">{rows}</ul>
            <form class="account" method="post" action=SignOutEverywhere::url() data-stay>
                {refusal(&posted_errors::<SignOutEverywhere>(), &[])}
                <button class="quiet" type="submit">"Sign out everywhere"</button>
            </form>
        </section>
    }
}

#[component]
fn Export() -> impl IntoView {
    view! {
        <section class="sheet" aria-labelledby="export-title">
            <h2 id="export-title">"Your data"</h2>
            <p>
                "One JSON file with everything: comparisons with their answers, picks and what you share of them, templates, \
                the routing list, keys by name (without their secrets), and where you are signed in."
            </p>
            <p class="own-action"><a class="quiet" href="/api/auth/export" download="">"Download all my data"</a></p>
        </section>
    }
}

#[component]
fn Deletion() -> impl IntoView {
    let errors = posted_errors::<DeleteAccount>();
    let last = PasswordField {
        id: "last-password",
        name: "password",
        label: "Your password, to confirm",
        autocomplete: "current-password",
        hint: None,
    };
    view! {
        <section class="sheet own-end" aria-labelledby="deletion-title">
            <h2 id="deletion-title">"Delete the account"</h2>
            <p>
                "The key that your data is encrypted with is erased, and all of it goes: comparisons, templates, shared pages, \
                API keys, the routing list. Shared links lead nowhere and programs with your keys are refused at once. \
                Figures of the gateway stay, without a name. This cannot be undone."
            </p>
            <form class="account" method="post" action=DeleteAccount::url() data-stay>
                {refusal(&errors, &["password"])}
                {last.view(&errors)}
                <button class="danger" type="submit">"Delete my account for good"</button>
            </form>
        </section>
    }
}

/// The error of a form as a whole.
fn refusal(errors: &[FieldError], fields: &[&str]) -> impl IntoView + use<> {
    let rest = errors.iter().filter(|error| !fields.contains(&error.field.as_str()));
    let text = rest.map(|error| error.message.as_str()).collect::<Vec<_>>().join(" ");
    let has_none = text.is_empty();
    view! { <p class="alert" role="alert" data-refusal hidden=has_none>{text}</p> }
}

/// A labelled password field.
struct PasswordField {
    id: &'static str,
    name: &'static str,
    label: &'static str,
    autocomplete: &'static str,
    hint: Option<&'static str>,
}

impl PasswordField {
    fn view(self, errors: &[FieldError]) -> impl IntoView + use<> {
        let Self { id, name, label, autocomplete, hint } = self;
        let message = errors.iter().find(|error| error.field == name).map(|error| error.message.clone());
        let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
        let described = if hint.is_some() { format!("{hint_id} {error_id}") } else { error_id.clone() };
        view! {
            <div class="field">
                <label for=id>{label}</label>
                <input id=id name=name type="password" required autocomplete=autocomplete aria-describedby=described
                    aria-invalid=message.is_some().then_some("true")/>
                {hint.map(|hint| view! { <p class="hint" id=hint_id>{hint}</p> })}
                <p class="field-error" id=error_id data-error=name>{message}</p>
            </div>
        }
    }
}
