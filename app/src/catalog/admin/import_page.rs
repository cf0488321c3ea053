//! `/admin/upstreams/{id}/import`: choosing which of an upstream's models to import.

use domain::{
    UpstreamId,
    catalog::admin::{Listing, ListingEntry},
    error::{AppError, Noun},
    format,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    api::{ImportModels, listed_models},
    form::Refusal,
};
use crate::ui::{FormScript, Frame, Section, Typed, guard_admin, here, loaded, posted_errors};

/// The models of one upstream.
#[component]
pub fn ImportPage() -> impl IntoView {
    guard_admin(|_| {
        let id =
            use_params_map().with_untracked(|params| params.get_str("id").and_then(|id| id.parse::<UpstreamId>().ok()));
        let filter = use_query_map().with_untracked(|query| query.get_str("filter").unwrap_or_default().to_owned());
        let filter = Typed::of::<ImportModels>().text("filter", filter);
        let listed = id.map(|id| (id, listed_models(id, filter.clone())));
        let listed = async move {
            let (id, listing) = listed.ok_or(AppError::NotFound(Noun::Upstream))?;
            Ok::<_, AppError>((id, filter, refused_as_text(listing.await.map_err(Into::into))?))
        };
        view! {
            <Title text="Import models"/>
            <Frame section=Section::Upstreams>
                <h1>"Import models"</h1>
                {loaded(listed, |(id, filter, listing)| match listing {
                    Ok(listing) => list(id, filter, listing),
                    Err(message) => nothing(id, message),
                })}
                <FormScript/>
            </Frame>
        }
        .into_any()
    })
}

/// An upstream without a model list is a state of the page, with a way to continue; anything else is an error.
fn refused_as_text(listing: Result<Listing, AppError>) -> Result<Result<Listing, String>, AppError> {
    match listing {
        Ok(listing) => Ok(Ok(listing)),
        Err(AppError::Conflict(message)) => Ok(Err(message)),
        Err(error) => Err(error),
    }
}

fn nothing(id: UpstreamId, message: String) -> AnyView {
    view! {
        <p class="alert" role="alert">{message}</p>
        <p class="form-actions">
            <a class="go" href=format!("/admin/upstreams/{id}")>"To the upstream"</a>
            <a class="quiet" href="/admin/add-model">"Add a model by hand"</a>
        </p>
    }
    .into_any()
}

fn list(id: UpstreamId, filter: String, listing: Listing) -> AnyView {
    let Listing { models, matching, patterns, total, left_out, cut } = listing;
    let shown = models.len();
    let importable = matching - patterns.min(matching);
    let left_out = match left_out {
        0 => String::new(),
        1 => "1 entry without a usable name is left out.".to_owned(),
        n => format!("{n} entries without a usable name are left out."),
    };
    let notes: Vec<String> = [cut, Some(left_out)].into_iter().flatten().filter(|note| !note.is_empty()).collect();
    let has_notes = !notes.is_empty();
    let summary = match usize::try_from(matching).is_ok_and(|matching| matching > shown) {
        true => format!(
            "{matching} of {total} fit; the first {shown} are shown. Narrow the filter, or import all that fit."
        ),
        false if matching == total && total == 1 => "1 model is listed.".to_owned(),
        false if matching == total => format!("{total} models are listed."),
        false => format!("{matching} of {total} fit."),
    };
    let is_empty = models.is_empty();
    let typed = Typed::of::<ImportModels>();
    let prefix = typed.text("prefix", "");
    let entries: Vec<_> = models
        .into_iter()
        .enumerate()
        .map(|(place, model)| {
            let is_ticked = typed.holds("models[]", &model.upstream_model);
            entry(place, model, is_ticked)
        })
        .collect();
    view! {
        <p class="lede">{summary}</p>
        <p class="hint" hidden=!has_notes>{notes.join(" ")}</p>
        <form class="filter" method="get" action=format!("/admin/upstreams/{id}/import")>
            <label for="filter">"Filter"</label>
            <input id="filter" name="filter" type="search" value=filter.clone()/>
            <button class="quiet" type="submit">"Show"</button>
        </form>
        <form class="sheet admin-form" method="post" action={here::<ImportModels>()} data-stay>
            <Refusal errors={posted_errors::<ImportModels>()} fields=&[]/>
            <input type="hidden" name="id" value=id.to_string()/>
            <input type="hidden" name="filter" value=filter/>
            <ul class="ticks">{entries}</ul>
            <p hidden=!is_empty>"Nothing fits. Load a model there, or change the filter."</p>
            <div class="field">
                <label for="prefix">"In front of the public names"</label>
                <input id="prefix" name="prefix" value=prefix placeholder="acme/" maxlength="50" autocomplete="off"/>
            </div>
            <div class="form-actions">
                <button class="go" type="submit" disabled=is_empty>"Import the ticked ones"</button>
                <button class="quiet" type="submit" name="all" value="true" disabled={importable == 0}>
                    {format!("Import all {importable} that fit")}
                </button>
                <a class="quiet" href="/admin/upstreams">"Back"</a>
            </div>
        </form>
    }
    .into_any()
}

fn entry(place: usize, entry: ListingEntry, is_ticked: bool) -> impl IntoView {
    let id = format!("model-{place}");
    let is_closed = entry.public_name.is_some() || entry.is_pattern;
    let note = match (entry.public_name, entry.context_window) {
        (Some(name), _) => format!("in the catalogue as {name}"),
        (None, _) if entry.is_pattern => "a pattern: add the models that it stands for by hand".to_owned(),
        (None, Some(tokens)) => format!("{} tokens", format::context_window(Some(tokens))),
        (None, None) => String::new(),
    };
    view! {
        <li class="tick">
            <input id=id.clone() type="checkbox" name="models[]" value=entry.upstream_model.clone() checked=is_ticked disabled=is_closed/>
            <label for=id><code>{entry.upstream_model}</code></label>
            <span class="hint">{note}</span>
        </li>
    }
}
