//! `/admin/models`: all models, and changes to several at once.

use domain::{
    Usd,
    catalog::admin::{LastTest, ModelView},
    format::{self, UNKNOWN},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};

use super::{
    api::{ChangeModels, DeleteModels, MoveModel, TestAllModels, all_models},
    form::Refusal,
    health::HealthChip,
};
use crate::{
    error::CallError,
    ui::{Done, FormScript, Frame, Section, Typed, guard_admin, here, loaded, posted_errors, time},
};

/// Models per page.
const SHOWN: usize = 500;
/// Up to this many models there is no filter.
const FEW: usize = 20;

/// The actions of the bulk form, by their word.
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

/// All models.
#[component]
pub fn ModelsPage() -> impl IntoView {
    guard_admin(|_| {
        let asked = |key: &str| use_query_map().with_untracked(|query| query.get_str(key).map(str::to_owned));
        let (upstream, filter) = (asked("upstream"), asked("filter").unwrap_or_default());
        let models = all_models();
        let found = async move { Ok::<_, CallError>(Listed::of(models.await?, upstream.as_deref(), filter)) };
        view! {
            <Title text="Models"/>
            <Frame section=Section::Models>
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
                {loaded(found, |listed| match listed.total {
                    0 => view! { <NoModel/> }.into_any(),
                    _ => list(listed),
                })}
                <FormScript/>
            </Frame>
        }
        .into_any()
    })
}

/// The models of this page, each with whether it is the first and the last of all.
#[derive(Clone, Serialize, Deserialize)]
struct Listed {
    rows: Vec<(ModelView, bool, bool)>,
    filter: String,
    matching: usize,
    total: usize,
}

impl Listed {
    fn of(all: Vec<ModelView>, upstream: Option<&str>, filter: String) -> Self {
        let (total, wanted) = (all.len(), filter.trim().to_lowercase());
        let fits = |model: &ModelView| {
            let names = [Some(&model.public_name), Some(&model.upstream_model), model.family.as_ref()];
            upstream.is_none_or(|upstream| model.upstream == upstream)
                && names.into_iter().flatten().any(|name| name.to_lowercase().contains(&wanted))
        };
        let placed = all.into_iter().enumerate().map(|(place, model)| (model, place == 0, place + 1 == total));
        let mut rows: Vec<_> = placed.filter(|(model, ..)| fits(model)).collect();
        let matching = rows.len();
        rows.truncate(SHOWN);
        Self { rows, filter, matching, total }
    }
}

fn list(listed: Listed) -> AnyView {
    let Listed { rows, filter, matching, total } = listed;
    let (is_long, is_cut) = (total > FEW || !filter.is_empty(), matching > rows.len());
    let summary = match (is_cut, matching == total) {
        (true, _) => {
            format!("{matching} of {total} fit; the first {SHOWN} are shown. Narrow the filter to see others.")
        }
        (false, true) => format!("{total} models."),
        (false, false) => format!("{matching} of {total} fit."),
    };
    let search = is_long.then(|| {
        view! {
            <form class="filter" method="get" action="/admin/models">
                <label for="filter">"Filter"</label>
                <input id="filter" name="filter" type="search" value=filter/>
                <button class="quiet" type="submit">"Show"</button>
                <span class="hint">{summary}</span>
            </form>
        }
    });
    view! { {search} {bulk(rows)} }.into_any()
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
            <form method="post" action={here::<TestAllModels>()} class="dialog-actions" data-stay>
                <button class="quiet" type="button" command="close" commandfor="test-all">"Not now"</button>
                <button class="go" type="submit">"Test all"</button>
            </form>
        </dialog>
    }
}

fn bulk(rows: Vec<(ModelView, bool, bool)>) -> AnyView {
    let refused = [posted_errors::<ChangeModels>(), posted_errors::<DeleteModels>(), posted_errors::<MoveModel>()];
    let refused = refused.concat();
    let typed = Typed::of::<ChangeModels>().or_of::<DeleteModels>();
    let rows: Vec<_> =
        rows.into_iter().map(|(model, is_first, is_last)| row(model, is_first, is_last, &typed)).collect();
    let (chosen, value) = (typed.text("what", ""), typed.text("value", ""));
    let option = |(word, title)| {
        let is_chosen = chosen == word;
        view! { <option value=word selected=is_chosen>{title}</option> }
    };
    let options: Vec<_> = CHANGES.into_iter().map(option).collect();
    view! {
        <form id="bulk" method="post" action={here::<ChangeModels>()} data-stay>
            <Refusal errors=refused fields=&[]/>
            <div class="bulk">
                <label for="what">"With the ticked models"</label>
                <select id="what" name="what">{options}</select>
                <label class="visually-hidden" for="value">"Value"</label>
                <input id="value" name="value" value=value placeholder="value, where one is set" autocomplete="off"/>
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
                    <button class="danger" type="submit" formaction={here::<DeleteModels>()}>"Delete"</button>
                </div>
            </dialog>
        </form>
    }
    .into_any()
}

fn row(model: ModelView, is_first: bool, is_last: bool, typed: &Typed) -> impl IntoView + use<> {
    let ModelView { public_name, slug, upstream, upstream_model, .. } = model;
    let page = format!("/admin/models/{slug}");
    let is_on = model.is_enabled && model.is_upstream_enabled;
    let state = match (model.is_enabled, model.is_upstream_enabled) {
        (false, _) => Some("disabled"),
        (true, false) => Some("upstream disabled"),
        (true, true) => None,
    };
    let known: Vec<_> =
        model.adjustments.iter().map(|one| view! { <span class="tag">{one.in_words()}</span> }).collect();
    let price = |price: Option<Usd>| price.map_or(UNKNOWN.into(), |price| price.display());
    let tick = format!("Tick {public_name}");
    let is_ticked = typed.holds("slugs[]", &slug);
    let moving = |to: &str, sign: &'static str, is_off: bool| {
        let label = format!("Move {public_name} {to}");
        view! {
            <button class="quiet small" type="submit" formaction={here::<MoveModel>()} name="place" value=format!("{slug}:{to}")
                aria-label=label disabled=is_off>{sign}</button>
        }
    };
    let (up, down) = (moving("up", "↑", is_first), moving("down", "↓", is_last));
    view! {
        <tr data-off=(!is_on).then_some("")>
            <td><input type="checkbox" name="slugs[]" value=slug.clone() checked=is_ticked aria-label=tick/></td>
            <th scope="row">
                <a href=page.clone()>{public_name.clone()}</a>
                {model.is_featured.then(|| view! { <span class="tag">"put forward"</span> })}
                {state.map(|state| view! { <span class="tag">{state}</span> })}
                {known}
                {model.health.map(|health| view! { <HealthChip health/> })}
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

/// The last test on one line.
pub(super) fn last_test(test: LastTest) -> AnyView {
    let words = match test.verdict.as_str() {
        "works" => "works".to_owned(),
        "not_listed" => "not listed".to_owned(),
        "loading" => "loading".to_owned(),
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
