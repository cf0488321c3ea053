//! `/playground` and `/playground/{id}`.

use domain::{
    ComparisonId,
    catalog::ModelSummary,
    error::{AppError, FieldError, Noun},
    playground::{Comparison, LIMITS},
    templates::Template,
};
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    ComparisonScript, PickRun, Playground, find_comparison,
    wire::{FirstDraft, write_page_data},
};
use crate::{
    catalog::models,
    templates::{TemplateBar, TemplateDialog, own_templates},
    ui::{Frame, Refused, Scripts, Section, guard, loaded, posted_errors},
};

/// A new comparison.
#[component]
pub fn PlaygroundPage() -> impl IntoView {
    guard(|viewer| {
        let is_admin = viewer.is_admin();
        view! {
            <Title text="Playground"/>
            <Frame section=Section::Playground>
                {loaded(new_comparison(), move |(models, asked, own)| {
                    content(models, None, asked, own, Vec::new(), is_admin)
                })}
            </Frame>
        }
        .into_any()
    })
}

/// An existing comparison; one that is still running is followed.
#[component]
pub fn ComparisonPage() -> impl IntoView {
    guard(|viewer| {
        let is_admin = viewer.is_admin();
        let id = use_params_map().with_untracked(|params| params.get_str("id").and_then(|id| id.parse().ok()));
        let refused = StoredValue::new(posted_errors::<PickRun>());
        view! {
            <Title text="Comparison"/>
            <Frame section=Section::Playground>
                {loaded(comparison(id), move |(models, comparison, own)| {
                    content(models, Some(comparison), FirstDraft::default(), own, refused.get_value(), is_admin)
                })}
            </Frame>
        }
        .into_any()
    })
}

type New = (Vec<ModelSummary>, FirstDraft, Vec<Template>);
type Made = (Vec<ModelSummary>, Comparison, Vec<Template>);

/// The set-up in the address: models of the catalogue, and parameters as they were typed.
fn new_comparison() -> impl Future<Output = Result<New, AppError>> + Send + 'static {
    let (models, own) = (models(), own_templates());
    let query = use_query_map().get_untracked();
    let text = |name: &str| query.get(name).map(|value| value.chars().take(20).collect()).unwrap_or_default();
    let asked = FirstDraft {
        temperature: text("temperature"),
        max_tokens: text("max_tokens"),
        top_p: text("top_p"),
        models: query.get_all("model").unwrap_or_default(),
        ..FirstDraft::default()
    };
    async move {
        let models = models.await?;
        let is_known = |name: &String| models.iter().any(|model| model.public_name == *name);
        let wanted = asked.models.iter().filter(|name| is_known(name)).take(LIMITS.models).cloned().collect();
        Ok((models, FirstDraft { models: wanted, ..asked }, own.await?))
    }
}

/// Reads everything from the context before the first `.await`, after which there is no context.
fn comparison(id: Option<ComparisonId>) -> impl Future<Output = Result<Made, AppError>> + Send + 'static {
    let (models, own) = (models(), own_templates());
    let found = id.map(find_comparison);
    async move {
        let found = found.ok_or(AppError::NotFound(Noun::Comparison))?.await?;
        Ok((models.await?, found, own.await?))
    }
}

fn content(
    models: Vec<ModelSummary>,
    comparison: Option<Comparison>,
    asked: FirstDraft,
    own: Vec<Template>,
    refused: Vec<FieldError>,
    is_admin: bool,
) -> AnyView {
    let is_new = comparison.is_none();
    let has_models = !models.is_empty();
    let id = comparison.as_ref().map(|made| made.id.to_string());
    let share = comparison.as_ref().map(|made| format!("/playground/{}/share", made.id));
    let data = write_page_data(&models, comparison.as_ref(), asked);
    view! {
        <div class="page-head">
            <div>
                <h1>{if is_new { "Playground" } else { "Comparison" }}</h1>
                <p class="lede">"One prompt, up to "{LIMITS.models}" models, side by side."</p>
            </div>
            <div class="page-actions">
                // Of the comparison on the page, also if it was started on this page: see comparison.js.
                <a class="quiet of-comparison" href=share.unwrap_or_else(|| "/playground".into())
                    data-of="/playground/{id}/share" data-dialog="">"Save & share"</a>
                <ExportMenu id=id.clone()/>
                {(!is_new).then(|| view! { <a class="quiet" href="/playground">"New comparison"</a> })}
            </div>
        </div>
        <Refused errors=refused/>
        {if is_new && !has_models {
            Either::Left(view! { <NoModels is_admin/> })
        } else {
            Either::Right(view! { <Scripts/> <TemplateBar own/> <Playground data/> <TemplateDialog/> <ShareDialog/> <ComparisonScript/> })
        }}
        <noscript><p class="alert">"Running a comparison needs JavaScript. Reading one does not."</p></noscript>
    }
    .into_any()
}

/// Downloads of the comparison, and programs that repeat it.
#[component]
fn ExportMenu(id: Option<String>) -> impl IntoView {
    let links = [
        ("JSON", "export?format=json"),
        ("CSV", "export?format=csv"),
        ("Markdown", "export?format=markdown"),
        ("The call in curl", "code?language=curl"),
        ("The call in Python", "code?language=python"),
        ("The call in JavaScript", "code?language=javascript"),
    ];
    let link = |(name, path): (&'static str, &'static str)| {
        let href = id.as_ref().map_or("/playground".into(), |id| format!("/api/playground/{id}/{path}"));
        view! { <a href=href data-of=format!("/api/playground/{{id}}/{path}")>{name}</a> }
    };
    let links: Vec<_> = links.into_iter().map(link).collect();
    view! {
        <details class="menu of-comparison">
            <summary class="quiet">"Export"</summary>
            <div class="menu-list">{links}</div>
        </details>
    }
}

/// The share dialog. It is filled with the share page when it is opened.
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

/// Shown if there is no enabled model.
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
