//! Metadata for search engines and link previews: titles, descriptions, structured data.

use std::sync::Arc;

use domain::{Usd, format, leaderboard::Entry};
use leptos::prelude::*;
use leptos_meta::{Link, Meta, Title};
use serde_json::{Value, json};

use super::{
    markup::{escape, percent},
    table::time,
};
use crate::site::SiteInfo;

/// The metadata of a page that may be indexed and shared.
#[component]
pub(super) fn Found(
    /// The title without the site's name.
    title: String,
    description: String,
    /// The canonical path, such as `/leaderboard`.
    path: String,
    /// The path of its preview image, 1200 by 630 pixels.
    image: String,
) -> impl IntoView {
    let (url, name) =
        use_context::<Arc<SiteInfo>>().map(|site| (site.public_url.clone(), site.name.clone())).unwrap_or_default();
    let (address, picture) = (format!("{url}{path}"), format!("{url}{image}"));
    // leptos_meta does not escape titles.
    let escaped = escape(&title);
    view! {
        <Title text=escaped/>
        <Meta name="description" content=description.clone()/>
        <Link rel="canonical" href=address.clone()/>
        <Meta property="og:type" content="website"/>
        <Meta property="og:site_name" content=name/>
        <Meta property="og:title" content=title.clone()/>
        <Meta property="og:description" content=description.clone()/>
        <Meta property="og:url" content=address/>
        <Meta property="og:image" content=picture.clone()/>
        <Meta property="og:image:width" content="1200"/>
        <Meta property="og:image:height" content="630"/>
        <Meta property="og:image:alt" content=description.clone()/>
        <Meta name="twitter:card" content="summary_large_image"/>
        <Meta name="twitter:title" content=title/>
        <Meta name="twitter:description" content=description/>
        <Meta name="twitter:image" content=picture/>
    }
}

/// A model's key metrics in a sentence.
pub(super) fn description(entry: &Entry, days: u32) -> String {
    let traffic = if entry.is_simulated { "simulated traffic" } else { "real traffic" };
    let mut facts = vec![format!("{} requests", format::count(Some(entry.requests)))];
    if entry.success_rate.is_some() {
        facts.push(format!("{} success", percent(entry.success_rate)));
    }
    if entry.p95_latency_ms.is_some() {
        facts.push(format!("latency p50 {} and p95 {}", time(entry.p50_latency_ms), time(entry.p95_latency_ms)));
    }
    if entry.tokens_per_second.is_some() {
        facts.push(format::speed(entry.tokens_per_second));
    }
    if let Some(price) = &entry.output_price_per_million_usd {
        facts.push(format!("{} per million output tokens", price.display()));
    }
    format!("{} in {traffic}, {days} days: {}.", entry.model_public_name, facts.join(", "))
}

/// A script element with a schema.org `Product` in it.
#[component]
pub(super) fn ProductData(entry: Entry, description: String) -> impl IntoView {
    let origin = use_context::<Arc<SiteInfo>>().map(|site| site.public_url.clone()).unwrap_or_default();
    let text = product(&entry, &description, &origin).to_string();
    // The JSON must not contain the end of the element.
    let text = text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    view! { <script type="application/ld+json" inner_html=text></script> }
}

fn product(entry: &Entry, description: &str, origin: &str) -> Value {
    let page = format!("{origin}/leaderboard/{}", entry.slug);
    let offer = |kind: &str, price: &Option<Usd>| {
        let price = price.as_ref()?;
        Some(json!({
            "@type": "Offer",
            "name": format!("One million {kind} tokens"),
            "price": price.0,
            "priceCurrency": "USD",
            "availability": "https://schema.org/InStock",
            "url": page,
            "priceSpecification": {
                "@type": "UnitPriceSpecification",
                "price": price.0,
                "priceCurrency": "USD",
                "referenceQuantity": {"@type": "QuantitativeValue", "value": 1_000_000, "unitText": format!("{kind} tokens")},
            },
        }))
    };
    let offers: Vec<Value> =
        [offer("output", &entry.output_price_per_million_usd), offer("input", &entry.input_price_per_million_usd)]
            .into_iter()
            .flatten()
            .collect();
    let stat = |name: &str, value: Option<Value>, unit: &str| {
        value.map(|value| json!({"@type": "PropertyValue", "name": name, "value": value, "unitText": unit}))
    };
    let stats: Vec<Value> = [
        stat("Requests", Some(entry.requests.into()), "requests"),
        stat("Success rate", entry.success_rate.map(Into::into), "share from 0 to 1"),
        stat("Latency p50", entry.p50_latency_ms.map(Into::into), "ms"),
        stat("Latency p95", entry.p95_latency_ms.map(Into::into), "ms"),
        stat("Time to first token p50", entry.p50_ttft_ms.map(Into::into), "ms"),
        stat("Output speed", entry.tokens_per_second.map(Into::into), "tokens per second"),
        stat("Context window", entry.context_window.map(Into::into), "tokens"),
        stat("Ranking score", entry.ranking_score.map(Into::into), "score from 0 to 1"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mut product = json!({
        "@context": "https://schema.org",
        "@type": "Product",
        "name": entry.model_public_name,
        "description": description,
        "category": "Large language model",
        "sku": entry.slug,
        "url": page,
        "image": format!("{origin}/og/leaderboard/{}.png", entry.slug),
        "additionalProperty": stats,
    });
    if let Some(family) = &entry.family {
        product["brand"] = json!({"@type": "Brand", "name": family});
    }
    if !offers.is_empty() {
        product["offers"] = Value::Array(offers);
    }
    product
}
