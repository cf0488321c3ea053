//! `/playground/shared/{slug}`: a shared comparison, for everybody who has the link. Works without script; search engines
//! are asked not to index it.

use std::sync::Arc;

use domain::{
    error::FieldError,
    format,
    share::{SharePort, SharedComparison, SharedRun},
};
use leptos::{either::Either, prelude::*, server_fn::ServerFn};
use leptos_meta::{Link, Meta, Title};
use leptos_router::hooks::use_params_map;
use markdown::escaped;

use super::{CopyShared, view::SharedView};
use crate::{
    accounts::sign_in_path,
    host::{self, Host},
    playground::ComparisonScript,
    site::SiteInfo,
    ui::{Frame, Refused, loaded, posted_errors, time},
};

/// The page behind a link. A link that was withdrawn looks like one that never existed.
#[component]
pub fn SharedPage() -> impl IntoView {
    if let Ok(host) = host::host() {
        Host::forbid_indexing(&*host);
    }
    let is_member = host::viewer().is_ok();
    let slug = use_params_map().with_untracked(|params| params.get("slug").unwrap_or_default());
    let shares = host::service::<dyn SharePort>();
    let site = use_context::<Arc<SiteInfo>>().map_or("Quadrille".into(), |site| site.name.clone());
    let found = async move { shares?.shared(&slug).await };
    let site = StoredValue::new(site);
    let refused = StoredValue::new(posted_errors::<CopyShared>());
    view! {
        <Meta name="robots" content="noindex, nofollow"/>
        <Frame>
            {loaded(found, move |shared: SharedComparison| {
                view! { <Shared shared is_member site=site.get_value() refused=refused.get_value()/> }.into_any()
            })}
        </Frame>
    }
}

#[component]
fn Shared(shared: SharedComparison, is_member: bool, site: String, refused: Vec<FieldError>) -> impl IntoView {
    let title = format!("{}, side by side", shared.content.models());
    let description = stats(&shared.content.runs);
    let path = format!("/playground/shared/{}", shared.share_slug);
    let image = format!("{}/image.png", shared.public_url);
    let open = if is_member {
        Either::Left(view! {
            <form method="post" action=CopyShared::url()>
                <input type="hidden" name="slug" value=shared.share_slug.clone()/>
                <button class="go" type="submit">"Open in my playground"</button>
            </form>
        })
    } else {
        Either::Right(view! { <a class="go" href=sign_in_path(&path)>"Sign in to open in my playground"</a> })
    };
    view! {
        // Names come from upstreams, and leptos_meta does not escape a title.
        <Title text=escaped(&title)/>
        <Meta name="description" content=description.clone()/>
        <Meta property="og:type" content="article"/>
        <Meta property="og:site_name" content=site/>
        <Meta property="og:title" content=title.clone()/>
        <Meta property="og:description" content=description.clone()/>
        <Meta property="og:url" content=shared.public_url.clone()/>
        <Meta property="og:image" content=image.clone()/>
        <Meta property="og:image:width" content="1200"/>
        <Meta property="og:image:height" content="630"/>
        <Meta property="og:image:alt" content=description.clone()/>
        <Meta name="twitter:card" content="summary_large_image"/>
        <Meta name="twitter:title" content=title.clone()/>
        <Meta name="twitter:description" content=description/>
        <Meta name="twitter:image" content=image/>
        <Link rel="canonical" href=shared.public_url/>
        <div class="page-head">
            <div>
                <h1 class="shared-title">{title}</h1>
                <p class="lede">
                    "Made "<time datetime=time::machine(shared.content.created_at)>{time::date_time(shared.content.created_at)}</time>
                    ", shared "<time datetime=time::machine(shared.shared_at)>{time::date_time(shared.shared_at)}</time>
                    ". A snapshot: it stays as it was."
                </p>
            </div>
            {open}
        </div>
        <Refused errors=refused/>
        <SharedView content=shared.content/>
        <ComparisonScript/>
    }
}

/// `acme/pro: 812 ms, 13.4 tok/s, list $0.000029`: metrics only, no content.
pub(super) fn stats(runs: &[SharedRun]) -> String {
    let of = |run: &SharedRun| {
        let mut parts = vec![format::duration(run.result.latency_ms), format::speed(run.result.tokens_per_second)];
        if let Some(cost) = &run.result.list_cost_usd {
            parts.push(format!("list {}", cost.display()));
        }
        parts.retain(|part| part != format::UNKNOWN);
        match parts.is_empty() {
            true => run.model.clone(),
            false => format!("{}: {}", run.model, parts.join(", ")),
        }
    };
    runs.iter().map(of).collect::<Vec<_>>().join(" · ")
}
