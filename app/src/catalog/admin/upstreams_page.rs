//! `/admin/upstreams`: all upstreams.

use domain::catalog::admin::UpstreamView;
use leptos::prelude::*;
use leptos_meta::Title;

use super::{
    api::{DeleteUpstream, EnableUpstream, upstreams},
    form::{Refusal, parameter},
    upstream_presets::Presets,
};
use crate::ui::{Done, FormScript, Frame, Section, guard_admin, here, loaded, posted_errors};

/// All upstreams.
#[component]
pub fn UpstreamsPage() -> impl IntoView {
    guard_admin(|_| {
        let refused = [posted_errors::<EnableUpstream>(), posted_errors::<DeleteUpstream>()].concat();
        view! {
            <Title text="Upstreams"/>
            <Frame section=Section::Upstreams>
                <div class="page-head">
                    <div>
                        <h1>"Upstreams"</h1>
                        <p class="lede">
                            "OpenAI-compatible servers that models are asked at. Keys are encrypted and never shown again."
                        </p>
                    </div>
                    <a class="go" href="/admin/upstreams/new">"Add an upstream"</a>
                </div>
                <Done/>
                <Refusal errors=refused fields=&[]/>
                {loaded(upstreams(), |all| if all.is_empty() { view! { <NoUpstream/> }.into_any() } else { table(all) })}
                <FormScript/>
            </Frame>
        }
        .into_any()
    })
}

#[component]
fn NoUpstream() -> impl IntoView {
    view! {
        <div class="sheet squared empty">
            <h2>"No upstream yet"</h2>
            <ol>
                <li>"Add one: a provider, LiteLLM, or a server of your own."</li>
                <li>"Import the models that it lists."</li>
                <li>"Test one before anybody relies on it."</li>
            </ol>
            <Presets/>
        </div>
    }
}

fn table(all: Vec<UpstreamView>) -> AnyView {
    view! {
        <div class="sheet scroll" role="region" aria-label="Upstreams" tabindex="0">
            <table class="listing">
                <thead>
                    <tr>
                        <th scope="col">"Name"</th><th scope="col">"Base URL"</th><th scope="col">"Key"</th>
                        <th scope="col" class="number">"Models"</th><th scope="col">"State"</th>
                        <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                    </tr>
                </thead>
                <tbody>{all.into_iter().map(row).collect::<Vec<_>>()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(upstream: UpstreamView) -> impl IntoView {
    let page = format!("/admin/upstreams/{}", upstream.id);
    let dialog = format!("delete-{}", upstream.id);
    let title = format!("title-{}", upstream.id);
    let (state, verb) = if upstream.is_enabled { ("Enabled", "Disable") } else { ("Disabled", "Enable") };
    let models = format!("/admin/models?upstream={}", parameter(&upstream.name));
    let kind = upstream.is_simulated.then_some("Simulated");
    view! {
        <tr data-off=(!upstream.is_enabled).then_some("")>
            <th scope="row"><a href=page.clone()>{upstream.name.clone()}</a></th>
            <td><code>{upstream.base_url}</code></td>
            <td>{if upstream.has_api_key { "stored" } else { "none" }}</td>
            <td class="number"><a href=models>{upstream.models}</a></td>
            <td>{state}{kind.map(|kind| view! { <span class="tag">{kind}</span> })}</td>
            <td class="actions">
                <a class="quiet small" href=format!("{page}/import")>"Import models"</a>
                <form method="post" action={here::<EnableUpstream>()}>
                    <input type="hidden" name="id" value=upstream.id.to_string()/>
                    <input type="hidden" name="is_enabled" value=(!upstream.is_enabled).to_string()/>
                    <button class="quiet small" type="submit">{verb}</button>
                </form>
                <button class="quiet small" type="button" command="show-modal" commandfor=dialog.clone()>"Delete"</button>
                <dialog id=dialog.clone() aria-labelledby=title.clone() closedby="any">
                    <h2 id=title.clone()>"Delete this upstream?"</h2>
                    <p>{upstream.name}" and its key are erased. While models use it, this is refused."</p>
                    <form method="post" action={here::<DeleteUpstream>()} class="dialog-actions">
                        <input type="hidden" name="id" value=upstream.id.to_string()/>
                        <button class="quiet" type="button" command="close" commandfor=dialog.clone()>"Keep it"</button>
                        <button class="danger" type="submit">"Delete"</button>
                    </form>
                </dialog>
            </td>
        </tr>
    }
}
