//! `/playground/{id}/share`: choosing what to share, with a preview. The playground shows this page in a dialog; it also
//! works by itself, without script.

use domain::{
    ComparisonId,
    error::{AppError, FieldError, Noun},
    playground::{Comparison, Run},
    position::letter,
    share::{SharePort, SharedComparison, SharedContent, Warning, warnings},
};
use leptos::{either::Either, prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    ShareComparison, UnshareComparison,
    choice::{BOXES, Choice},
    view::SharedView,
};
use crate::{
    host,
    playground::{ComparisonScript, find_comparison},
    ui::{Frame, Refused, Section, guard, loaded, position_class, posted_errors, time},
};

/// The page on which a member chooses what is shared.
#[component]
pub fn SharePage() -> impl IntoView {
    guard(|_| {
        let id = use_params_map().with_untracked(|params| params.get_str("id").and_then(|id| id.parse().ok()));
        let choice = use_query_map().with_untracked(Choice::in_query);
        let refused = [posted_errors::<ShareComparison>(), posted_errors::<UnshareComparison>()].concat();
        let refused = StoredValue::new(refused);
        view! {
            <Title text="Share a comparison"/>
            <Frame section=Section::Playground>
                {loaded(found(id), move |(comparison, shared)| {
                    view! { <Sheet comparison shared choice refused=refused.get_value()/> }.into_any()
                })}
            </Frame>
        }
        .into_any()
    })
}

type Found = (Comparison, Option<SharedComparison>);

/// The comparison, and what of it is shared now.
fn found(id: Option<ComparisonId>) -> impl Future<Output = Result<Found, AppError>> + Send + 'static {
    let shares = host::service::<dyn SharePort>();
    let comparison = id.map(find_comparison);
    async move {
        let comparison = comparison.ok_or(AppError::NotFound(Noun::Comparison))?.await?;
        let shared = match (&comparison.share_slug, comparison.is_shared) {
            // The share can be withdrawn between the two queries; then there is none.
            (Some(slug), true) => shares?.shared(slug).await.ok(),
            _ => None,
        };
        Ok((comparison, shared))
    }
}

#[component]
fn Sheet(
    comparison: Comparison,
    shared: Option<SharedComparison>,
    choice: Option<Choice>,
    refused: Vec<FieldError>,
) -> impl IntoView {
    let choice = choice.or_else(|| shared.as_ref().map(|shared| Choice::of(&shared.content))).unwrap_or(Choice::ALL);
    let id = comparison.id.to_string();
    let preview = SharedContent::of(&comparison, &choice.request());
    let found = preview.as_ref().map(warnings).unwrap_or_default();
    // After a refusal the button stays enabled, so that the form can be corrected and sent without a new preview.
    let is_off = preview.is_err() && refused.is_empty();
    let is_shared = shared.is_some();
    let had_link = comparison.share_slug.is_some();
    let action = format!("/playground/{id}/share");
    let words = if is_shared { "Update what is shared" } else { "Create the link" };
    view! {
        <div class="page-head">
            <h1>"Share a comparison"</h1>
            <a class="quiet" href=format!("/playground/{id}")>"Back to the comparison"</a>
        </div>
        <Refused errors=refused/>
        <div id="share-sheet">
            {shared.map(|shared| view! { <Now shared id=id.clone()/> })}
            <form class="share-form sheet" method="post" action=ShareComparison::url() data-preview=action.clone()>
                <input type="hidden" name="id" value=id/>
                <input type="hidden" name="chosen" value="1"/>
                <fieldset class="share-cards">
                    <legend>"Cards to show"</legend>
                    {comparison.runs.iter().map(|run| card_box(run, choice)).collect::<Vec<_>>()}
                </fieldset>
                {comparison.system_prompt.is_some().then(|| view! {
                    <label class="check">
                        <input type="checkbox" name="hide_system_prompt" checked=choice.hides_system_prompt/>
                        "Hide the system prompt"
                    </label>
                })}
                {had_link.then(|| view! {
                    <label class="check">
                        <input type="checkbox" name="new_link" checked=choice.new_link/>
                        "New link: the one before is dead for good"
                    </label>
                })}
                <Warnings found/>
                <div class="share-actions">
                    <button class="quiet" type="submit" formmethod="get" formaction=action.clone() data-refresh="">"Show the preview"</button>
                    <button class="go" type="submit" disabled=is_off>{words}</button>
                </div>
            </form>
            <section class="share-preview" aria-label="Preview">
                <h2>"What everybody with the link sees"</h2>
                {match preview {
                    Ok(content) => Either::Left(view! { <SharedView content/> }),
                    Err(error) => Either::Right(view! { <p class="alert">{error.to_string()}</p> }),
                }}
            </section>
        </div>
        <ComparisonScript/>
    }
}

/// The current link, and the button that withdraws it.
#[component]
fn Now(shared: SharedComparison, id: String) -> impl IntoView {
    view! {
        <div class="share-now sheet">
            <label for="share-url">"Shared since "{time::date_time(shared.shared_at)}", for everybody with this link"</label>
            <div class="share-link">
                <input id="share-url" readonly value=shared.public_url.clone() data-share-url=""/>
                <button class="quiet" type="button" data-copy="#share-url">"Copy"</button>
                <a class="quiet" href=shared.public_url>"Open"</a>
                <form method="post" action=UnshareComparison::url()>
                    <input type="hidden" name="id" value=id/>
                    <button class="quiet" type="submit">"Stop sharing"</button>
                </form>
            </div>
        </div>
    }
}

fn card_box(run: &Run, choice: Choice) -> impl IntoView + use<> {
    let position = usize::from(run.position);
    let (name, ticked) = (BOXES.get(position).copied().unwrap_or("a"), choice.boxes.get(position).is_none_or(|t| *t));
    let model = run.model.clone();
    view! {
        <label class=format!("check {}", position_class(position))>
            <input type="checkbox" name=name checked=ticked/>
            <span class="letter">{letter(position)}</span>
            <code>{model}</code>
        </label>
    }
}

#[component]
fn Warnings(found: Vec<Warning>) -> impl IntoView {
    (!found.is_empty()).then(|| {
        let items: Vec<_> = found
            .into_iter()
            .map(|warning| {
                view! { <li>{warning.kind.name()}" in "{warning.place}": "<code>{warning.text}</code></li> }
            })
            .collect();
        view! {
            <div class="share-warnings" role="note" aria-label="Look at these before you share">
                <p><b>"Look at these before you share. "</b>"They look private; only you can tell."</p>
                <ul>{items}</ul>
            </div>
        }
    })
}
