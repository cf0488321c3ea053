//! The form for signing in and signing up. Without script it posts to the server function; with script it uses the JSON
//! API, and a refusal keeps what was typed.

use domain::{
    accounts::{Credentials, SignUp as SignUpRequest},
    error::{AppError, FieldError},
};
use leptos::{html, prelude::*, server_fn::ServerFn, task::spawn_local};
use serde::Serialize;
use serde_json::Value;
use web_sys::SubmitEvent;

use super::api::{SignIn, SignUp};
use crate::ui::{browser, http, json};

/// The data that the page passes to the form.
#[derive(Clone, Debug, Serialize)]
pub(super) struct FormData {
    /// Whether this is the form for signing in; otherwise for signing up.
    pub(super) is_sign_in: bool,
    /// Whether signing up requires an invitation.
    pub(super) needs_invite: bool,
    /// The invitation in the page's address.
    pub(super) invite: String,
    /// The path to continue at.
    pub(super) next: String,
    /// The errors of a post without script. An empty field name means the form as a whole.
    pub(super) errors: Vec<FieldError>,
}

impl FormData {
    /// As JSON, the island's only property.
    #[cfg(any(test, feature = "ssr"))]
    pub(super) fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    fn read(text: &str) -> Self {
        let data: Value = serde_json::from_str(text).unwrap_or_default();
        let is = |key: &str| data.get(key).and_then(Value::as_bool).unwrap_or(false);
        Self {
            is_sign_in: is("is_sign_in"),
            needs_invite: is("needs_invite"),
            invite: json::text(&data, "invite").unwrap_or_default(),
            next: json::text(&data, "next").unwrap_or_default(),
            errors: json::list(&data, "errors").iter().filter_map(json::field_error).collect(),
        }
    }
}

/// Fields for the e-mail address, the password and, if required, the invitation.
#[island]
pub fn AccountForm(
    /// See `FormData`.
    data: String,
) -> impl IntoView {
    let FormData { is_sign_in, needs_invite, invite: first_invite, next, errors } = FormData::read(&data);
    let errors = RwSignal::new(errors);
    let is_busy = RwSignal::new(false);
    let email = NodeRef::<html::Input>::new();
    let password = NodeRef::<html::Input>::new();
    let invite = NodeRef::<html::Input>::new();
    let way_on = StoredValue::new(next.clone());

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        let (email, password) = (value(email), value(password));
        let invite = Some(value(invite)).filter(|invite| !invite.is_empty());
        spawn_local(async move {
            let answer = if is_sign_in {
                ask("/api/auth/sign-in", &Credentials { email, password }).await
            } else {
                ask("/api/auth/sign-up", &SignUpRequest { email, password, invite }).await
            };
            match answer {
                Ok(()) => browser::go_to(&way_on.get_value()),
                Err(error) => {
                    errors.set(error.into_fields());
                    is_busy.set(false);
                    browser::focus_first("form [aria-invalid=true]");
                }
            }
        });
    };
    let (action, verb) = if is_sign_in { (SignIn::url(), "Sign in") } else { (SignUp::url(), "Create account") };
    let word = Signal::derive(move || if is_busy.get() { "One moment …" } else { verb });
    let general = message(errors, "");
    let has_none = Signal::derive(move || general.with(Option::is_none));

    view! {
        <form class="account" method="post" action=action on:submit=submit novalidate>
            <input type="hidden" name="next" value=next/>
            <p class="alert" role="alert" hidden=has_none>{general}</p>
            <div class="field">
                <label for="email">"E-mail address"</label>
                <input node_ref=email id="email" name="email" type="email" autocomplete="username" required
                    autocapitalize="none" spellcheck="false"
                    aria-invalid=invalid(errors, "email") aria-describedby="email-error"/>
                <p class="field-error" id="email-error">{message(errors, "email")}</p>
            </div>
            <div class="field">
                <label for="password">"Password"</label>
                <input node_ref=password id="password" name="password" type="password" required
                    autocomplete=if is_sign_in { "current-password" } else { "new-password" }
                    aria-invalid=invalid(errors, "password") aria-describedby="password-hint password-error"/>
                <p class="hint" id="password-hint" hidden=is_sign_in>"At least 10 characters."</p>
                <p class="field-error" id="password-error">{message(errors, "password")}</p>
            </div>
            <div class="field" hidden=!needs_invite>
                <label for="invite">"Invitation code"</label>
                <input node_ref=invite id="invite" name="invite" autocomplete="off" value=first_invite
                    aria-invalid=invalid(errors, "invite") aria-describedby="invite-error"/>
                <p class="field-error" id="invite-error">{message(errors, "invite")}</p>
            </div>
            <button class="go" type="submit" disabled=Signal::derive(move || is_busy.get())>{word}</button>
        </form>
    }
}

async fn ask(url: &str, form: &impl Serialize) -> Result<(), AppError> {
    let json = serde_json::to_string(form).map_err(|_| AppError::Internal)?;
    http::post(url, http::JSON, Some(&json)).await.map(|_| ())
}

fn value(input: NodeRef<html::Input>) -> String {
    input.get_untracked().map(|input| input.value()).unwrap_or_default()
}

fn message(errors: RwSignal<Vec<FieldError>>, field: &'static str) -> Signal<Option<String>> {
    Signal::derive(move || errors.with(|all| all.iter().find(|e| e.field == field).map(|e| e.message.clone())))
}

fn invalid(errors: RwSignal<Vec<FieldError>>, field: &'static str) -> Signal<Option<&'static str>> {
    Signal::derive(move || errors.with(|all| all.iter().any(|e| e.field == field).then_some("true")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_reads_back_what_its_page_gave_it() {
        let errors = AppError::WrongCredentials.into_fields();
        let (invite, next) = ("abc".to_owned(), "/playground?a=b".to_owned());
        let data = FormData { is_sign_in: true, needs_invite: false, invite, next, errors };
        let read = FormData::read(&data.write());
        assert_eq!((read.is_sign_in, read.needs_invite, read.next), (true, false, data.next));
        assert_eq!((read.errors.clone(), read.invite), (data.errors, data.invite));
        assert_eq!(read.errors[0].field, "");
    }
}
