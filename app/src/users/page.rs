//! `/admin/users`: accounts and invitations.

use domain::{
    UserId,
    accounts::Role,
    error::FieldError,
    users::{Invitation, UserList, UserView},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::api::{ChangePerson, DeletePerson, Invite, accounts};
use crate::ui::{
    Done, FormScript, Frame, Refused, Section, Typed, answered, guard_admin, here, loaded, posted_errors, time,
};

/// Every account.
#[component]
pub fn UsersPage() -> impl IntoView {
    guard_admin(|admin| {
        let me = admin.viewer().id;
        let after = use_query_map().with_untracked(|query| query.get_str("after").map(str::to_owned));
        let refused: Vec<FieldError> =
            posted_errors::<ChangePerson>().into_iter().chain(posted_errors::<DeletePerson>()).collect();
        view! {
            <Title text="Users"/>
            <Frame section=Section::Users>
                <div class="page-head">
                    <div>
                        <h1>"Users"</h1>
                        <p class="lede">"Who has an account. Disabling ends sign-ins and API keys at once."</p>
                    </div>
                </div>
                <Done/>
                <Refused errors=refused/>
                {answered::<Invite>().map(invited)}
                <InviteForm/>
                {loaded(accounts(after), move |users| view! { <Table users me/> }.into_any())}
                <FormScript/>
            </Frame>
        }
        .into_any()
    })
}

fn invited(Invitation { url, expires_at }: Invitation) -> impl IntoView {
    view! {
        <div class="sheet invitation" role="status">
            <label for="invitation">"The invitation, shown this once"</label>
            <input id="invitation" readonly value=url/>
            <p class="hint">
                "For one account, until "{time::date_time(expires_at)}". Make another one if it is lost: only its hash is kept."
            </p>
        </div>
    }
}

#[component]
fn InviteForm() -> impl IntoView {
    let errors = posted_errors::<Invite>();
    // A successful form is cleared; a refused one keeps its fields.
    let typed = if errors.is_empty() { Typed::default() } else { Typed::of::<Invite>() };
    let (email, days) = (typed.text("email", ""), typed.text("days", "7"));
    let is_admin = typed.text("role", "member") == "admin";
    let message = |field: &str| errors.iter().find(|error| error.field == field).map(|error| error.message.clone());
    let rest: Vec<_> = errors
        .iter()
        .filter(|error| error.field != "email" && error.field != "days")
        .map(|error| error.message.clone())
        .collect();
    let has_none = rest.is_empty();
    view! {
        <form class="sheet admin-form" method="post" action={here::<Invite>()}>
            <h2>"Invite somebody"</h2>
            <p class="alert" role="alert" data-refusal hidden=has_none>{rest.join(" ")}</p>
            <div class="columns">
                <div class="field">
                    <label for="email">"E-mail address"</label>
                    <input id="email" name="email" type="email" value=email autocomplete="off" aria-describedby="email-hint email-error"
                        aria-invalid=message("email").is_some().then_some("true")/>
                    <p class="hint" id="email-hint">"Empty: whoever has the link."</p>
                    <p class="field-error" id="email-error" data-error="email">{message("email")}</p>
                </div>
                <div class="field">
                    <label for="role">"Role"</label>
                    <select id="role" name="role">
                        <option value="member">"Member"</option>
                        <option value="admin" selected=is_admin>"Admin"</option>
                    </select>
                </div>
                <div class="field">
                    <label for="days">"Days"</label>
                    <input id="days" name="days" inputmode="numeric" value=days aria-describedby="days-error"
                        aria-invalid=message("days").is_some().then_some("true")/>
                    <p class="field-error" id="days-error" data-error="days">{message("days")}</p>
                </div>
            </div>
            <div class="form-actions"><button class="go" type="submit">"Make the link"</button></div>
        </form>
    }
}

#[component]
fn Table(users: UserList, me: UserId) -> impl IntoView {
    let next = users.next.map(|next| {
        let mut address = url_form(&next);
        address.insert_str(0, "/admin/users?after=");
        view! { <p><a class="quiet" href=address>"More"</a></p> }
    });
    view! {
        <div class="sheet scroll" role="region" aria-label="Accounts" tabindex="0">
            <table class="listing">
                <thead>
                    <tr>
                        <th scope="col">"E-mail address"</th><th scope="col">"Role"</th><th scope="col">"Since"</th>
                        <th scope="col">"Last seen"</th><th scope="col" class="number">"Comparisons"</th>
                        <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                    </tr>
                </thead>
                <tbody>{users.users.into_iter().map(|user| row(user, me)).collect::<Vec<_>>()}</tbody>
            </table>
        </div>
        {next}
    }
}

fn url_form(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn row(user: UserView, me: UserId) -> impl IntoView {
    let is_me = user.id == me;
    let is_off = user.disabled_at.is_some();
    let (role, other, other_title) = match user.role {
        Role::Admin => ("Admin", "member", "Make a member"),
        Role::Member => ("Member", "admin", "Make an admin"),
    };
    let (switch, switch_title) = if is_off { ("enable", "Enable") } else { ("disable", "Disable") };
    let (id, dialog, title) = (user.id.to_string(), format!("delete-{}", user.id), format!("title-{}", user.id));
    let change = |what: &'static str, title: &'static str| {
        view! {
            <form method="post" action={here::<ChangePerson>()} data-stay>
                <input type="hidden" name="id" value=id.clone()/>
                <button class="quiet small" type="submit" name="what" value=what>{title}</button>
            </form>
        }
    };
    let actions = (!is_me).then(|| {
        view! {
            {change(other, other_title)}
            {change(switch, switch_title)}
            <button class="quiet small" type="button" command="show-modal" commandfor=dialog.clone()>"Delete"</button>
            <dialog id=dialog.clone() aria-labelledby=title.clone() closedby="any">
                <h2 id=title.clone()>"Delete this account?"</h2>
                <p>{user.email.clone()}" loses every comparison, key and route, for good. Figures of the gateway stay, without a name."</p>
                <form method="post" action={here::<DeletePerson>()} class="dialog-actions" data-stay>
                    <input type="hidden" name="id" value=id.clone()/>
                    <button class="quiet" type="button" command="close" commandfor=dialog.clone()>"Keep it"</button>
                    <button class="danger" type="submit">"Delete for good"</button>
                </form>
            </dialog>
        }
    });
    view! {
        <tr data-off=is_off.then_some("")>
            <th scope="row">{user.email.clone()}{is_me.then(|| view! { <span class="tag">"you"</span> })}
                {is_off.then(|| view! { <span class="tag">"disabled"</span> })}</th>
            <td>{role}</td>
            <td><time datetime=time::machine(user.created_at)>{time::date_time(user.created_at)}</time></td>
            <td>{user.last_seen_at.map_or("—".to_owned(), time::date_time)}</td>
            <td class="number">{user.comparisons}</td>
            <td class="actions">{actions}</td>
        </tr>
    }
}
