//! `/playground` and `/playground/{id}`.

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::{Comparison, ComparisonScript, LIMITS, Playground, find_comparison, wire::write_page_data};
use crate::{
    catalog::{ModelSummary, models},
    domain::ComparisonId,
    error::{AppError, Noun},
    ui::{Frame, Room, Scripts, guard, loaded},
};

/// A new comparison.
#[component]
pub fn PlaygroundPage() -> impl IntoView {
    guard(|viewer| {
        let is_admin = viewer.is_admin();
        view! {
            <Title text="Playground"/>
            <Frame room=Room::Playground>
                {loaded(models(), move |models| room(models, None, is_admin))}
            </Frame>
        }
        .into_any()
    })
}

/// A comparison that was started before; one that still runs goes on filling.
#[component]
pub fn ComparisonPage() -> impl IntoView {
    guard(|viewer| {
        let is_admin = viewer.is_admin();
        let id = use_params_map().with_untracked(|params| params.get_str("id").and_then(|id| id.parse().ok()));
        view! {
            <Title text="Comparison"/>
            <Frame room=Room::Playground>
                {loaded(comparison(id), move |(models, comparison)| room(models, Some(comparison), is_admin))}
            </Frame>
        }
        .into_any()
    })
}

/// Reads everything from the context before it waits for the first answer.
fn comparison(
    id: Option<ComparisonId>,
) -> impl Future<Output = Result<(Vec<ModelSummary>, Comparison), AppError>> + Send + 'static {
    let models = models();
    let found = id.map(find_comparison);
    async move {
        let found = found.ok_or(AppError::NotFound(Noun::Comparison))?.await?;
        Ok((models.await?, found))
    }
}

fn room(models: Vec<ModelSummary>, comparison: Option<Comparison>, is_admin: bool) -> AnyView {
    let is_new = comparison.is_none();
    let has_models = !models.is_empty();
    let share = comparison.as_ref().map(|made| format!("/playground/{}/share", made.id));
    let data = write_page_data(&models, comparison.as_ref());
    view! {
        <div class="page-head">
            <div>
                <h1>{if is_new { "Playground" } else { "Comparison" }}</h1>
                <p class="lede">"One prompt, up to "{LIMITS.models}" models, side by side."</p>
            </div>
            <div class="page-actions">
                // Of the comparison that the page shows, also where it was made on this very page: see comparison.js.
                <a class="quiet of-comparison" href=share.unwrap_or_else(|| "/playground".into())
                    data-of="/playground/{id}/share" data-dialog="">"Save & share"</a>
                {(!is_new).then(|| view! { <a class="quiet" href="/playground">"New comparison"</a> })}
            </div>
        </div>
        {if is_new && !has_models {
            Either::Left(view! { <NoModels is_admin/> })
        } else {
            Either::Right(view! { <Scripts/> <Playground data/> <ShareDialog/> <ComparisonScript/> })
        }}
        <noscript><p class="alert">"Running a comparison needs JavaScript. Reading one does not."</p></noscript>
    }
    .into_any()
}

/// Filled with the page of sharing when it is opened.
#[component]
fn ShareDialog() -> impl IntoView {
    view! {
        <dialog id="share-dialog" class="wide" aria-labelledby="share-title">
            <div class="dialog-head">
                <h2 id="share-title">"Share this comparison"</h2>
                <button class="quiet small" type="button" command="close" commandfor="share-dialog">"Close"</button>
            </div>
            <p class="status" role="status"></p>
            <div id="share-sheet"></div>
        </dialog>
    }
}

/// What to do where no model can be asked.
#[component]
fn NoModels(is_admin: bool) -> impl IntoView {
    let remedy = if is_admin {
        view! {
            <p>
                "Set "<code>"QUADRILLE_UPSTREAM_URL"</code>" (and "<code>"QUADRILLE_UPSTREAM_KEY"</code>
                " where it needs one) to any OpenAI-compatible address, for example "
                <code>"http://127.0.0.1:11434/v1"</code>", and start the server again: it imports the models listed there."
            </p>
        }
        .into_any()
    } else {
        view! { <p>"Ask whoever runs this site to connect an upstream; its models then appear here."</p> }.into_any()
    };
    view! {
        <div class="sheet squared empty">
            <h2>"There is no model to ask yet"</h2>
            {remedy}
            <p><a class="quiet" href="/playground">"Look again"</a></p>
        </div>
    }
}
