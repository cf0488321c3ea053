//! `/playground/{id}/share`: what readers would see, before there is a link. The playground shows the same page in a dialog;
//! by itself it works without script.

use domain::{
    ComparisonId,
    error::{AppError, FieldError, Noun},
    playground::{Comparison, Run},
    position::letter,
    share::{SharePort, ShareRequest, SharedComparison, SharedContent, Warning, warnings},
};
use leptos::{
    either::Either,
    prelude::*,
    server_fn::{ServerFn, error::ServerFnUrlError},
};
use leptos_meta::Title;
use leptos_router::{
    hooks::{use_params_map, use_query_map},
    params::ParamsMap,
};

use super::{ShareComparison, UnshareComparison, view::SharedView};
use crate::{
    host,
    playground::{ComparisonScript, find_comparison},
    ui::{Frame, Refused, Room, guard, loaded, position_class, posted_errors, time},
};

const BOXES: [&str; 4] = ["a", "b", "c", "d"];

/// The boxes as they are ticked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) boxes: [bool; 4],
    pub(super) hides_system_prompt: bool,
    pub(super) new_link: bool,
}

impl Choice {
    /// Everything, until something else is chosen.
    const ALL: Self = Self { boxes: [true; 4], hides_system_prompt: false, new_link: false };

    /// From the address, if a choice was made there.
    fn in_query(query: &ParamsMap) -> Option<Self> {
        query.get_str("chosen")?;
        let is_ticked = |name: &str| query.get_str(name).is_some();
        Some(Self {
            boxes: BOXES.map(is_ticked),
            hides_system_prompt: is_ticked("hide_system_prompt"),
            new_link: is_ticked("new_link"),
        })
    }

    /// What is shared now.
    fn of(shared: &SharedContent) -> Self {
        let boxes = [0, 1, 2, 3].map(|position| shared.runs.iter().any(|run| run.position == position));
        Self { boxes, hides_system_prompt: shared.system_prompt.is_none(), new_link: false }
    }

    /// The page of sharing with this choice made.
    pub(super) fn page(self, id: ComparisonId) -> String {
        let others = [("hide_system_prompt", self.hides_system_prompt), ("new_link", self.new_link)];
        let boxes = BOXES.into_iter().zip(self.boxes).chain(others);
        let ticked = boxes.filter(|(_, is_ticked)| *is_ticked).map(|(name, _)| format!("&{name}=on"));
        format!("/playground/{id}/share?chosen=1{}", ticked.collect::<String>())
    }

    /// The same page with why that was refused, as [`posted_errors`] reads it. The framework by itself would go back to the
    /// address that the form was at, where something else is chosen.
    pub(super) fn refused_page(self, id: ComparisonId, error: AppError) -> String {
        let page = self.page(id);
        let told = ServerFnUrlError::new(ShareComparison::PATH, crate::error::CallError(error))
            .to_url(&format!("http://here{page}"));
        told.map_or(page, |url| format!("{}?{}", url.path(), url.query().unwrap_or_default()))
    }

    pub(super) fn request(self) -> ShareRequest {
        let positions = (0..).zip(self.boxes).filter(|(_, ticked)| *ticked).map(|(position, _)| position).collect();
        ShareRequest {
            positions: Some(positions),
            hide_system_prompt: self.hides_system_prompt,
            new_link: self.new_link,
        }
    }
}

/// Choosing what is shared.
#[component]
pub fn SharePage() -> impl IntoView {
    guard(|_| {
        let id = use_params_map().with_untracked(|params| params.get_str("id").and_then(|id| id.parse().ok()));
        let choice = use_query_map().with_untracked(Choice::in_query);
        let refused = [posted_errors::<ShareComparison>(), posted_errors::<UnshareComparison>()].concat();
        let refused = StoredValue::new(refused);
        view! {
            <Title text="Share a comparison"/>
            <Frame room=Room::Playground>
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
            // Taken away at this very moment, perhaps: then it is not shared.
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
    // What was refused is mended on the form and sent again at once, without a look at the preview.
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

/// What is shared at the moment, and how to end it.
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

#[cfg(test)]
mod tests {
    use super::*;

    const ID: ComparisonId = ComparisonId(uuid::Uuid::nil());

    fn query(page: &str) -> ParamsMap {
        let (path, query) = page.split_once('?').expect("a query");
        assert_eq!(path, format!("/playground/{ID}/share"));
        let mut map = ParamsMap::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            map.insert(name.into_owned(), value.into_owned());
        }
        map
    }

    #[test]
    fn a_choice_survives_the_address_and_no_choice_is_everything() {
        let choice = Choice { boxes: [true, false, false, true], hides_system_prompt: true, new_link: true };
        assert_eq!(Choice::in_query(&query(&choice.page(ID))), Some(choice));
        assert_eq!(choice.request().positions, Some(vec![0, 3]));
        assert_eq!(Choice::in_query(&ParamsMap::new()), None);
    }

    #[test]
    fn what_was_refused_is_still_chosen_where_it_says_why() {
        let nothing = Choice { boxes: [false; 4], hides_system_prompt: true, new_link: false };
        let error = AppError::Conflict("Not now & not “so”.".into());
        let query = query(&nothing.refused_page(ID, error.clone()));
        assert_eq!(Choice::in_query(&query), Some(nothing));
        assert_eq!(query.get_str("__path"), Some(ShareComparison::PATH));
        let told =
            query.get_str("__err").map(ServerFnUrlError::<crate::error::CallError>::decode_err).map(AppError::from);
        assert_eq!(told, Some(error));
    }
}
