//! The list of keys.

use domain::{format, keys::ApiKey};
use leptos::{prelude::*, server_fn::ServerFn};

use super::RevokeKey;
use crate::ui::time;

/// The active keys.
#[component]
pub(super) fn KeyList(keys: Vec<ApiKey>) -> impl IntoView {
    view! {
        <ul class="sheet key-list" aria-label="Keys">
            {keys.into_iter().map(|key| view! { <Key key/> }).collect::<Vec<_>>()}
        </ul>
    }
}

/// The revoked keys, listed for their analytics.
#[component]
pub(super) fn RevokedKeys(keys: Vec<ApiKey>) -> impl IntoView {
    view! {
        <details class="sheet fold">
            <summary>"Revoked keys: "<b>{keys.len()}</b></summary>
            <ul class="key-list" aria-label="Revoked keys">
                {keys.into_iter().map(|key| view! { <Key key/> }).collect::<Vec<_>>()}
            </ul>
        </details>
    }
}

#[component]
fn Key(key: ApiKey) -> impl IntoView {
    let title = format!("key-{}", key.id);
    let allowed = match &key.models {
        None => "Every model".to_owned(),
        Some(models) => models.join(", "),
    };
    let limit = match key.requests_per_minute {
        None => "No limit".to_owned(),
        Some(limit) => format!("{} / min", format::count(Some(limit.into()))),
    };
    let used = match key.last_used_at {
        None => view! { "Never" }.into_any(),
        Some(at) => view! { <time datetime=time::machine(at)>{time::date_time(at)}</time> }.into_any(),
    };
    let (word, since) = match key.revoked_at {
        None => ("Made", key.created_at),
        Some(at) => ("Revoked", at),
    };
    view! {
        <li aria-labelledby=title.clone()>
            <div class="key-head">
                <h2 id=title.clone()>{key.name.clone()}</h2>
                <code>{key.prefix.clone()}"…"</code>
            </div>
            <dl class="key-facts">
                <div><dt>"Last used"</dt><dd>{used}</dd></div>
                <div><dt>"Limit"</dt><dd>{limit}</dd></div>
                <div><dt>"May ask"</dt><dd class="key-models">{allowed}</dd></div>
                <div><dt>{word}</dt><dd><time datetime=time::machine(since)>{time::date_time(since)}</time></dd></div>
            </dl>
            <div class="key-actions">
                <a class="quiet small" href=format!("/keys/{}/analytics", key.id)>
                    "Analytics"<span class="visually-hidden">" of "{key.name.clone()}</span>
                </a>
                {key.revoked_at.is_none().then(|| view! { <Changes key/> })}
            </div>
        </li>
    }
}

/// The actions on an active key.
#[component]
fn Changes(key: ApiKey) -> impl IntoView {
    let dialog = format!("revoke-{}", key.id);
    let title = format!("revoke-title-{}", key.id);
    view! {
        <a class="quiet small" href=format!("/keys?change={}#form", key.id)>
            "Change"<span class="visually-hidden">" "{key.name.clone()}</span>
        </a>
        <button class="quiet small" type="button" command="show-modal" commandfor=dialog.clone()>
            "Revoke"<span class="visually-hidden">" "{key.name.clone()}</span>
        </button>
        <dialog id=dialog.clone() aria-labelledby=title.clone() closedby="any">
            <h2 id=title.clone()>"Revoke “"{key.name}"”?"</h2>
            <p>
                "Programs that use "<code>{key.prefix}"…"</code>
                " are refused from then on, on every server, within a second. This cannot be undone."
            </p>
            <form method="post" action=RevokeKey::url() class="dialog-actions">
                <input type="hidden" name="id" value=key.id.to_string()/>
                <button class="quiet" type="button" command="close" commandfor=dialog.clone()>"Keep it"</button>
                <button class="danger" type="submit">"Revoke for good"</button>
            </form>
        </dialog>
    }
}
