//! A row of the list.

use domain::{Usd, catalog::ModelSummary, format, routing::Measured};
use leptos::prelude::*;

/// The data of a row.
#[derive(Clone)]
pub(super) struct RowData {
    pub(super) name: String,
    pub(super) position: usize,
    pub(super) is_last: bool,
    /// `None` if the model is no longer available.
    pub(super) facts: Option<ModelSummary>,
    pub(super) measured: Option<Measured>,
}

/// A model with its metrics and the buttons that move it.
#[component]
pub(super) fn Row(row: RowData) -> impl IntoView {
    let RowData { name, position, is_last, facts, measured } = row;
    let is_gone = facts.is_none();
    let family = facts.as_ref().and_then(|model| model.family.clone());
    let (input, output) =
        facts.map(|model| (model.input_price_per_million_usd, model.output_price_per_million_usd)).unwrap_or_default();
    let price = |price: Option<Usd>| price.map_or(format::UNKNOWN.to_owned(), |price| price.display());
    let p95 = format::duration(measured.as_ref().and_then(|measured| measured.p95_latency_ms));
    let success = format::percent(measured.as_ref().and_then(|measured| measured.success_rate));
    view! {
        <li class="route-row" data-model=name.clone()>
            <input type="hidden" name="models" value=name.clone()/>
            <span class="route-rank" aria-hidden="true">{position + 1}</span>
            <div class="route-model">
                <b class="model-mono">{name.clone()}</b>
                <span class="hint">{family}</span>
                {is_gone.then(|| view! { <span class="tag">"not available now: it is passed over"</span> })}
            </div>
            <dl class="route-facts">
                <div><dt>"p95"</dt><dd>{p95}</dd></div>
                <div><dt>"Success"</dt><dd>{success}</dd></div>
                <div><dt>"In / M"</dt><dd>{price(input)}</dd></div>
                <div><dt>"Out / M"</dt><dd>{price(output)}</dd></div>
            </dl>
            <div class="route-moves">
                <Move verb="up" sign="↑" position name=name.clone() is_off=position == 0/>
                <Move verb="down" sign="↓" position name=name.clone() is_off=is_last/>
                <Move verb="remove" sign="×" position name=name.clone() is_off=false/>
            </div>
        </li>
    }
}

/// A button that changes the list. Without script it requests the page with the list in the query.
#[component]
fn Move(verb: &'static str, sign: &'static str, position: usize, name: String, is_off: bool) -> impl IntoView {
    let label = match verb {
        "remove" => format!("Remove {name}"),
        _ => format!("Move {name} {verb}"),
    };
    view! {
        <button class="quiet small" type="submit" formmethod="get" formaction="/routing" name="move"
            value=format!("{verb}.{position}") aria-label=label disabled=is_off>{sign}</button>
    }
}
