//! The filter of the history. It is in the address, so that it can be bookmarked and shared.

use domain::{
    catalog::ModelSummary,
    playground::{HistoryFilter, RunStatus},
};
use leptos::prelude::*;
use leptos_router::params::ParamsMap;

/// The filter in an address.
pub(super) fn in_query(query: &ParamsMap) -> HistoryFilter {
    let text = |name: &str| query.get(name).unwrap_or_default().trim().chars().take(200).collect();
    HistoryFilter { q: text("q"), model: text("model"), status: text("status"), shared: text("shared") }
}

/// The filter's form.
#[component]
pub(super) fn FilterForm(filter: HistoryFilter, models: Vec<ModelSummary>) -> impl IntoView {
    use RunStatus::{Cancelled, Failed, Interrupted, Queued, Running, Succeeded};
    let mut names: Vec<String> = models.into_iter().map(|model| model.public_name).collect();
    // Models that are no longer in the catalogue can still be in the history.
    if !filter.model.is_empty() && !names.contains(&filter.model) {
        names.push(filter.model.clone());
    }
    let names = names.into_iter().map(|name| (name.clone(), name)).collect();
    let statuses = [Succeeded, Failed, Cancelled, Interrupted, Running, Queued]
        .map(|status| (status.as_str().to_owned(), status.label().to_owned()))
        .to_vec();
    let shared = vec![("yes".to_owned(), "Shared".to_owned()), ("no".to_owned(), "Not shared".to_owned())];
    let is_set = !filter.is_empty();
    view! {
        <form class="history-filter" method="get" action="/dashboard" role="search" aria-label="Comparisons">
            <label>"Search"<input type="search" name="q" value=filter.q.clone() placeholder="Words of the prompt"/></label>
            {choice("Model", "model", &filter.model, names)}
            {choice("Status", "status", &filter.status, statuses)}
            {choice("Shared", "shared", &filter.shared, shared)}
            <button class="quiet" type="submit">"Show"</button>
            {is_set.then(|| view! { <a class="quiet" href="/dashboard">"Show all"</a> })}
        </form>
    }
}

fn choice(
    label: &'static str,
    name: &'static str,
    chosen: &str,
    options: Vec<(String, String)>,
) -> impl IntoView + use<> {
    let option = |(value, word): (String, String)| {
        let is_chosen = value == chosen;
        view! { <option value=value selected=is_chosen>{word}</option> }
    };
    let options: Vec<_> = options.into_iter().map(option).collect();
    view! { <label>{label}<select name=name><option value="">"Any"</option>{options}</select></label> }
}
