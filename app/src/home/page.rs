//! `/`: what this is, with a drawing of a comparison.

use std::sync::Arc;

use domain::position::letter;
use leptos::prelude::*;
use leptos_meta::{Link, Meta, Title};

use crate::{
    host,
    site::SiteInfo,
    ui::{Frame, Section, position_class},
};

/// The start page.
#[component]
pub fn HomePage() -> impl IntoView {
    let is_member = host::viewer().is_ok();
    let public_url = use_context::<Arc<SiteInfo>>().map(|site| site.public_url.clone()).unwrap_or_default();
    let actions = if is_member {
        view! { <a class="go" href="/playground">"Open the playground"</a> }.into_any()
    } else {
        view! {
            <a class="go" href="/sign-up?next=/playground">"Create an account"</a>
            <a class="quiet" href="/sign-in?next=/playground">"Sign in"</a>
        }
        .into_any()
    };
    view! {
        <Title text=""/>
        <Meta name="description" content="Ask up to four hosted models the same thing and read their answers side by side, \
            with time to first token, speed, tokens and list price. Self-hosted; prompts are stored encrypted."/>
        <Link rel="canonical" href=format!("{public_url}/")/>
        <Frame section=Section::Home>
            <div class="home">
                <div>
                    <h1>"One prompt, up to four models, side by side"</h1>
                    <p class="lede">
                        "Write a prompt once, send it to up to four models of your OpenAI-compatible upstreams, and read the \
                        answers as they arrive, each with the figures that decide: time to first token, total time, speed, \
                        tokens, list price."
                    </p>
                    <p class="actions">{actions}</p>
                </div>
                <Still/>
                <dl class="facts">
                    <div>
                        <dt>"Measured, not guessed"</dt>
                        <dd>"Every call is timed on the server. Token counts are the upstream's own; what is unknown is shown as —."</dd>
                    </div>
                    <div>
                        <dt>"Yours alone"</dt>
                        <dd>"Prompts and answers are encrypted at rest, under a key of each member's own. Deleting deletes."</dd>
                    </div>
                    <div>
                        <dt>"It goes on without you"</dt>
                        <dd>"Runs belong to the server. Close the page or lose the network: the comparison is there when you return."</dd>
                    </div>
                    <div>
                        <dt>"Also for programs"</dt>
                        <dd>"Everything here is a JSON API, described at "<a href="/api/openapi.json">"/api/openapi.json"</a>"."</dd>
                    </div>
                </dl>
            </div>
        </Frame>
    }
}

/// A drawing of a finished comparison.
#[component]
fn Still() -> impl IntoView {
    let cards = [
        ("acme/pro", ["0.42 s", "1.31 s", "46 tok/s", "$0.000109"], [false; 4], [92, 78, 85, 40]),
        ("acme/fast", ["0.11 s", "0.38 s", "159 tok/s", "$0.000022"], [true, true, true, false], [88, 70, 0, 0]),
        ("acme/large", ["0.88 s", "3.02 s", "31 tok/s", "$0.000412"], [false; 4], [95, 90, 82, 61]),
        ("acme/small", ["0.19 s", "0.71 s", "98 tok/s", "$0.000008"], [false, false, false, true], [74, 86, 33, 0]),
    ];
    let cards: Vec<_> = cards
        .into_iter()
        .enumerate()
        .map(|(position, (model, stats, best, lines))| {
            let names = ["TTFT", "Total", "Speed", "List price"];
            let stats: Vec<_> = names
                .into_iter()
                .zip(stats)
                .zip(best)
                .map(|((name, stat), best)| {
                    view! {
                        <div class:best=best>
                            <dt>{name}" "<span class="best-word">{best.then_some("best")}</span></dt>
                            <dd>{stat}</dd>
                        </div>
                    }
                })
                .collect();
            let lines: Vec<_> = lines
                .into_iter()
                .enumerate()
                .filter(|(_, width)| *width > 0)
                .map(|(i, width)| view! { <rect y=(i * 14).to_string() width=width.to_string() height="6" rx="1"/> })
                .collect();
            view! {
                <div class=format!("card {}", position_class(position))>
                    <div class="card-head"><span class="letter">{letter(position)}</span><b>{model}</b></div>
                    <svg class="lines" viewBox="0 0 100 52" preserveAspectRatio="none" aria-hidden="true">{lines}</svg>
                    <dl class="figures">{stats}</dl>
                </div>
            }
        })
        .collect();
    view! {
        <figure class="still">
            <div class="grid" data-cards="4">{cards}</div>
            <figcaption>"How a comparison looks when it is done. The best of each row is marked."</figcaption>
        </figure>
    }
}
