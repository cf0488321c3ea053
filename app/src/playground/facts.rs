//! A model's facts on one line.

use domain::{catalog::ModelSummary, format};

/// Family, context window and list prices: `Qwen · 33k · $0.50 / $1.50`
pub(super) fn facts(model: &ModelSummary) -> String {
    let mut facts = model.family.clone().map(|family| family + " · ").unwrap_or_default();
    facts.push_str(&format::context_window(model.context_window));
    facts.push_str(" · ");
    let price = |price: &Option<domain::Usd>| price.as_ref().map_or(format::UNKNOWN.into(), |usd| usd.display());
    facts.push_str(&price(&model.input_price_per_million_usd));
    facts.push_str(" / ");
    facts.push_str(&price(&model.output_price_per_million_usd));
    facts
}
