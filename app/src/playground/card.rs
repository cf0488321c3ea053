//! A card: one model's answer and its metrics.

use domain::{
    playground::{Note, RunStatus, Stat, note, remarks, stats},
    position::letter,
};
use leptos::prelude::*;

use super::{
    draft::Draft,
    parameters::own_words,
    session::{Card, Session, Shown},
    text::blocks,
};
use crate::ui::position_class;

/// The card at a position.
#[component]
pub(super) fn AnswerCard(draft: Draft, session: Session, position: usize) -> impl IntoView {
    let card = session.cards[position];
    let text = session.take_text(position);
    let model = card.of(|shown| Some(shown.run.model.clone()));
    let facts = Signal::derive(move || draft.facts(model.get().as_deref()));
    let own = card.of(|shown| shown.run.result.parameters.as_ref().map(own_words));
    let name = letter(position);
    let id = ["card-a", "card-b", "card-c", "card-d"][position];
    let title = ["title-a", "title-b", "title-c", "title-d"][position];

    view! {
        <article
            id=id
            class=["card ", position_class(position)].concat()
            tabindex="-1"
            aria-labelledby=title
            data-status=card.word(|shown| shown.run.result.status.as_str())
        >
            <header class="card-head">
                <span class="letter">{name}</span>
                <h2 id=title><span class="visually-hidden">{name}", "</span>{model}</h2>
                <span class="facts-line" title="Context window · list price of a million tokens, in / out">{facts}</span>
                <span class="tag picked" hidden=card.is_not(|shown| shown.is_picked)>"picked"</span>
                <span class="facts-line own-line">{own}</span>
                <span class="card-status">{card.word(|shown| shown.run.result.status.label())}</span>
                <StopButton session card/>
            </header>
            <div class="card-body">
                // Rendered once; the session appends to it afterwards: see `Session::take_text`.
                <div class="answer" node_ref=card.answer tabindex="0" role="group" aria-label=["Answer ", name].concat()
                    hidden=Signal::derive(move || !card.has_text.get())>
                    {blocks(&text).into_iter().map(|block| view! { <div>{block.to_owned()}</div> }).collect_view()}
                </div>
                // The rendered Markdown, once the answer has ended: see `Session::render`.
                <div class="md" node_ref=card.rendered tabindex="0" role="group" aria-label=["Answer ", name].concat()
                    dir="auto" inner_html=rendered(card, &text)></div>
                <RunNote card/>
                <p class="remarks" hidden=card.is_not(|shown| !shown.run.result.notes.is_empty())>{card.of(|shown| remarks(&shown.run.result.notes))}</p>
            </div>
            <Tools session card/>
            <UsageStats session card/>
        </article>
    }
}

/// The HTML of an answer that had ended when the page was rendered. The browser never renders Markdown.
#[cfg(feature = "ssr")]
fn rendered(card: Card, text: &str) -> String {
    let run = card.shown.with_untracked(|shown| {
        let mut run = shown.as_ref()?.run.clone();
        run.result.response_content = (!text.is_empty()).then(|| text.to_owned());
        Some(run)
    });
    run.and_then(|run| run.ended_answer().and_then(|(answer, reasoning)| markdown::answer_html(answer, reasoning)))
        .unwrap_or_default()
}

#[cfg(not(feature = "ssr"))]
fn rendered(_: Card, _: &str) -> String {
    String::new()
}

impl Card {
    /// A text of the card; `None` while there is no run.
    fn of(self, pick: fn(&Shown) -> Option<String>) -> Signal<Option<String>> {
        Signal::derive(move || self.shown.with(|shown| shown.as_ref().and_then(pick)))
    }

    /// A word of the card; empty while there is no run.
    fn word(self, pick: fn(&Shown) -> &'static str) -> Signal<&'static str> {
        Signal::derive(move || self.shown.with(|shown| shown.as_ref().map_or("", pick)))
    }

    /// For `hidden`: the negation of a condition.
    fn is_not(self, pick: fn(&Shown) -> bool) -> Signal<bool> {
        Signal::derive(move || !self.shown.with(|shown| shown.as_ref().is_some_and(pick)))
    }

    /// The note below the answer.
    fn note(self) -> Note {
        let has_text = self.has_text.get();
        self.shown.with(|shown| shown.as_ref().map(|shown| note(&shown.run, has_text)).unwrap_or_default())
    }

    /// One of the six metrics.
    fn stat(self, session: Session, index: usize) -> Option<Stat> {
        self.shown.with(|shown| {
            let run = &shown.as_ref()?.run;
            let live = (!run.is_ended()).then(|| {
                session.tick.track();
                session.live(self.position)
            });
            stats(run, live).into_iter().nth(index)
        })
    }
}

#[component]
fn StopButton(session: Session, card: Card) -> impl IntoView {
    let is_ended =
        Signal::derive(move || card.shown.with(|shown| shown.as_ref().is_some_and(|shown| shown.run.is_ended())));
    let word = Signal::derive(move || if card.is_stopping.get() { "Stopping …" } else { "Stop" });
    view! {
        <button
            class="quiet small"
            type="button"
            aria-label=["Stop ", letter(card.position)].concat()
            hidden=is_ended
            disabled=Signal::derive(move || card.is_stopping.get())
            on:click=move |_| session.stop(card.position)
        >
            {word}
        </button>
    }
}

/// The target of the pick form: a plain form, so that it works without script. The server function is [`super::PickRun`].
const PICK: &str = "/_server/pick-run";

/// The buttons below an answer. Those without a handler are handled by comparison.js, on every page that shows cards.
#[component]
fn Tools(session: Session, card: Card) -> impl IntoView {
    let name = letter(card.position);
    let run = card.of(|shown| Some(shown.run.id.to_string()));
    view! {
        <div class="card-tools" hidden=card.is_not(|shown| shown.run.is_ended())>
            <form method="post" action=PICK hidden=card.is_not(|shown| shown.run.result.status == RunStatus::Succeeded)>
                <input type="hidden" name="run" value=run/>
                <button class="quiet small" type="submit" aria-label=["Pick this model, ", name].concat()>"Pick this model"</button>
            </form>
            <button class="quiet small" type="button" aria-label=["Retry ", name].concat()
                on:click=move |_| session.retry(card.position)>"Retry"</button>
            <span class="spacer"></span>
            <button class="quiet small" type="button" data-plain="" aria-pressed="false"
                aria-label=["Plain text, ", name].concat()>"Plain text"</button>
            <button class="quiet small" type="button" data-copy-answer="" aria-label=["Copy ", name].concat()>"Copy"</button>
            <button class="quiet small wide-only" type="button" data-expand="" aria-pressed="false"
                aria-label=["Expand ", name, " to full width"].concat()>"Expand"</button>
        </div>
    }
}

/// The note below the answer, or in its place if there is none.
#[component]
fn RunNote(card: Card) -> impl IntoView {
    view! {
        <p
            class=Signal::derive(move || card.note().class)
            hidden=Signal::derive(move || card.note().class.is_empty())
        >
            <b>{Signal::derive(move || card.note().lead)}</b>
            {Signal::derive(move || Some(card.note().text))}
        </p>
    }
}

#[component]
fn UsageStats(session: Session, card: Card) -> impl IntoView {
    let cell = move |index: usize| {
        let of =
            move |pick: fn(Stat) -> Option<String>| Signal::derive(move || card.stat(session, index).and_then(pick));
        let is_best = Signal::derive(move || {
            card.shown.with(|shown| shown.as_ref().is_some_and(|shown| shown.best.marks()[index]))
        });
        let word = Signal::derive(move || if is_best.get() { "best" } else { "" });
        view! {
            <div class:best=is_best>
                <dt>{of(|stat| Some(stat.name.into()))}" "<span class="best-word">{word}</span></dt>
                <dd>{of(|stat| Some(stat.value))}<small>{of(|stat| stat.aside)}</small></dd>
            </div>
        }
    };
    view! { <dl class="figures">{(0..6).map(cell).collect_view()}</dl> }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use leptos::server_fn::ServerFn;

    use super::PICK;
    use crate::playground::PickRun;

    #[test]
    fn a_pick_goes_to_its_server_function() {
        assert_eq!(PICK, PickRun::url());
    }
}
