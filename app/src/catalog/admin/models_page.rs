//! `/admin/models`: every model, and what can be done to several at once.

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{
    LastTest, ModelView,
    api::{ChangeModels, DeleteModels, MoveModel, TestAllModels, all_models},
    form::Refusal,
};
use crate::{
    domain::{
        Usd,
        format::{self, UNKNOWN},
    },
    ui::{Done, FormScript, Frame, Room, guard_admin, loaded, posted_errors, time},
};

/// What the bulk form can do, by its word.
const CHANGES: [(&str, &str); 8] = [
    ("enable", "Enable"),
    ("disable", "Disable"),
    ("feature", "Put forward"),
    ("unfeature", "No longer put forward"),
    ("family", "Set the family to …"),
    ("context_window", "Set the context window to …"),
    ("input_price", "Set the input price to …"),
    ("output_price", "Set the output price to …"),
];

/// Every model.
#[component]
pub fn ModelsPage() -> impl IntoView {
    guard_admin(|_| {
        let upstream = use_query_map().with_untracked(|query| query.get_str("upstream").map(str::to_owned));
        let models = all_models();
        let found = async move {
            let all = models.await?;
            Ok(match &upstream {
                Some(name) => all.into_iter().filter(|model| model.upstream == *name).collect(),
                None => all,
            })
        };
        view! {
            <Title text="Models"/>
            <Frame room=Room::Models>
                <div class="page-head">
                    <div>
                        <h1>"Models"</h1>
                        <p class="lede">"In the order of the picker. What is changed here holds for the next call everywhere."</p>
                    </div>
                    <div class="head-actions">
                        <a class="go" href="/admin/add-model">"Add a model"</a>
                        <a class="quiet" href="/admin/catalog">"Catalogue as a file, prices"</a>
                        <TestAll/>
                    </div>
                </div>
                <Done/>
                <Refusal errors={posted_errors::<TestAllModels>()} fields=&[]/>
                {loaded(found, |all| if all.is_empty() { view! { <NoModel/> }.into_any() } else { bulk(all) })}
                <FormScript/>
            </Frame>
        }
        .into_any()
    })
}

#[component]
fn NoModel() -> impl IntoView {
    view! {
        <div class="sheet squared empty">
            <h2>"No model here yet"</h2>
            <p>"Import what an upstream lists, or add a model by hand."</p>
            <p class="form-actions"><a class="go" href="/admin/upstreams">"To the upstreams"</a></p>
        </div>
    }
}

#[component]
fn TestAll() -> impl IntoView {
    view! {
        <button class="quiet" type="button" command="show-modal" commandfor="test-all">"Test all"</button>
        <dialog id="test-all" aria-labelledby="test-all-title" closedby="any">
            <h2 id="test-all-title">"Ask every enabled model for one token?"</h2>
            <p>
                "Four at a time, straight from here to the upstreams, for three minutes at most. The providers bill these calls; no \
                 usage event is written."
            </p>
            <form method="post" action=TestAllModels::url() class="dialog-actions" data-stay>
                <button class="quiet" type="button" command="close" commandfor="test-all">"Not now"</button>
                <button class="go" type="submit">"Test all"</button>
            </form>
        </dialog>
    }
}

fn bulk(all: Vec<ModelView>) -> AnyView {
    let refused = [posted_errors::<ChangeModels>(), posted_errors::<DeleteModels>()].concat();
    let last = all.len() - 1;
    let rows: Vec<_> =
        all.into_iter().enumerate().map(|(place, model)| row(model, place == 0, place == last)).collect();
    let option = |(word, title)| view! { <option value=word>{title}</option> };
    let options: Vec<_> = CHANGES.into_iter().map(option).collect();
    view! {
        <form id="bulk" method="post" action=ChangeModels::url() data-stay>
            <Refusal errors=refused fields=&[]/>
            <div class="bulk">
                <label for="what">"With the ticked models"</label>
                <select id="what" name="what">{options}</select>
                <label class="visually-hidden" for="value">"Value"</label>
                <input id="value" name="value" placeholder="value, where one is set" autocomplete="off"/>
                <button class="quiet" type="submit">"Apply"</button>
                <button class="quiet" type="button" command="show-modal" commandfor="delete-models">"Delete …"</button>
            </div>
            <div class="sheet scroll" role="region" aria-label="Models" tabindex="0">
                <table class="listing">
                    <thead>
                        <tr>
                            <th scope="col"><span class="visually-hidden">"Ticked"</span></th>
                            <th scope="col">"Model"</th><th scope="col">"Upstream"</th>
                            <th scope="col" class="number">"Context"</th>
                            <th scope="col" class="number">"In, $/M"</th><th scope="col" class="number">"Out, $/M"</th>
                            <th scope="col">"Last test"</th>
                            <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <dialog id="delete-models" aria-labelledby="delete-models-title" closedby="any">
                <h2 id="delete-models-title">"Delete the ticked models?"</h2>
                <p>
                    "They go from the picker and cannot be asked any more. Comparisons and figures stay. Models of an upstream that \
                     the environment names come back with the next start: disable those instead."
                </p>
                <div class="dialog-actions">
                    <button class="quiet" type="button" command="close" commandfor="delete-models">"Keep them"</button>
                    <button class="danger" type="submit" formaction=DeleteModels::url()>"Delete"</button>
                </div>
            </dialog>
        </form>
    }
    .into_any()
}

fn row(model: ModelView, is_first: bool, is_last: bool) -> impl IntoView {
    let ModelView { public_name, slug, upstream, upstream_model, .. } = model;
    let page = format!("/admin/models/{slug}");
    let is_on = model.is_enabled && model.is_upstream_enabled;
    let state = match (model.is_enabled, model.is_upstream_enabled) {
        (false, _) => Some("disabled"),
        (true, false) => Some("upstream disabled"),
        (true, true) => None,
    };
    let price = |price: Option<Usd>| price.map_or(UNKNOWN.into(), |price| price.display());
    let tick = format!("Tick {public_name}");
    let moving = |to: &str, sign: &'static str, is_off: bool| {
        let label = format!("Move {public_name} {to}");
        view! {
            <button class="quiet small" type="submit" formaction=MoveModel::url() name="place" value=format!("{slug}:{to}")
                aria-label=label disabled=is_off>{sign}</button>
        }
    };
    let (up, down) = (moving("up", "↑", is_first), moving("down", "↓", is_last));
    view! {
        <tr data-off=(!is_on).then_some("")>
            <td><input type="checkbox" name="slugs[]" value=slug.clone() aria-label=tick/></td>
            <th scope="row">
                <a href=page.clone()>{public_name.clone()}</a>
                {model.is_featured.then(|| view! { <span class="tag">"put forward"</span> })}
                {state.map(|state| view! { <span class="tag">{state}</span> })}
                <span class="hint">{model.family}</span>
            </th>
            <td>{upstream}<span class="hint"><code>{upstream_model}</code></span></td>
            <td class="number">{format::context_window(model.context_window)}</td>
            <td class="number">{price(model.input_price_per_million_usd)}</td>
            <td class="number">{price(model.output_price_per_million_usd)}</td>
            <td>{model.last_test.map_or_else(|| view! { <span class="hint">"never"</span> }.into_any(), last_test)}</td>
            <td class="actions">
                <a class="quiet small" href=format!("{page}/test")>"Test"</a>
                {up}
                {down}
            </td>
        </tr>
    }
}

/// The last test in one line.
pub(super) fn last_test(test: LastTest) -> AnyView {
    let words = match test.verdict.as_str() {
        "works" => "works".to_owned(),
        "not_listed" => "not listed".to_owned(),
        _ => format!("failed: {}", test.failed_stage.as_deref().unwrap_or("unknown")),
    };
    let latency = test.latency_ms.map(|ms| format!(", {}", format::duration(Some(ms))));
    view! {
        <span class="verdict" data-verdict=test.verdict>{words}</span>
        <span class="hint">
            <time datetime=time::machine(test.tested_at)>{time::date_time(test.tested_at)}</time>
            {latency}
        </span>
    }
    .into_any()
}
