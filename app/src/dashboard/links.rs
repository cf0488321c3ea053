//! All shared links of a member.

use domain::playground::HistoryEntry;
use leptos::{prelude::*, server_fn::ServerFn};

use crate::share::UnshareComparison;

/// The shared links; renders nothing if there are none.
#[component]
pub(super) fn SharedLinks(entries: Vec<HistoryEntry>) -> impl IntoView {
    (!entries.is_empty()).then(|| {
        let links: Vec<_> = entries.into_iter().map(|entry| view! { <SharedLink entry/> }).collect();
        view! {
            <section aria-labelledby="links-title" class="links">
                <h2 id="links-title">"Shared links"</h2>
                <ul class="sheet link-list">{links}</ul>
            </section>
        }
    })
}

#[component]
fn SharedLink(entry: HistoryEntry) -> impl IntoView {
    let id = entry.id.to_string();
    let url = entry.public_url.unwrap_or_default();
    let field = format!("link-{id}");
    let manage = format!("/playground/{id}/share");
    let about = entry.prompt_preview.clone();
    view! {
        <li>
            <label for=field.clone()>{entry.prompt_preview}</label>
            <div class="share-link">
                <input id=field.clone() readonly value=url.clone()/>
                <button class="quiet" type="button" data-copy=format!("#{field}") aria-label=format!("Copy the link of {about}")>"Copy"</button>
                <a class="quiet" href=url aria-label=format!("Open the page of {about}")>"Open"</a>
                <a class="quiet" href=manage aria-label=format!("Change the link of {about}")>"Change"</a>
                <form method="post" action=UnshareComparison::url()>
                    <input type="hidden" name="id" value=id/>
                    <input type="hidden" name="from" value="dashboard"/>
                    <button class="quiet" type="submit" aria-label=format!("Stop sharing {about}")>"Stop sharing"</button>
                </form>
            </div>
        </li>
    }
}
