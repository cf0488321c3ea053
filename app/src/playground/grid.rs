//! The grid of two by two: four squares to fill, then up to four answers.

use domain::{playground::LIMITS, position::letter};
use leptos::{either::Either, prelude::*};

use super::{
    card::AnswerCard,
    draft::Draft,
    picker::open_picker,
    session::{Phase, Session},
};
use crate::ui::position_class;

/// The cards; before the first run, the squares that they will fill.
#[component]
pub(super) fn Grid(draft: Draft, session: Session) -> impl IntoView {
    let count = session.count;
    let is_busy = Signal::derive(move || if session.phase.get() == Phase::Idle { "false" } else { "true" });
    let cards = Signal::derive(move || match count.get() {
        0 => LIMITS.models,
        count => count,
    });
    let positions: Vec<_> = (0..LIMITS.models)
        .map(|position| {
            let stage = Memo::new(move |_| Stage::of(position, count.get()));
            move || match stage.get() {
                Stage::Free => Some(Either::Left(view! { <Square draft position/> })),
                Stage::Card => Some(Either::Right(view! { <AnswerCard draft session position/> })),
                Stage::Unused => None,
            }
        })
        .collect();
    view! { <section class="grid" aria-label="Answers" aria-busy=is_busy data-cards=cards>{positions}</section> }
}

/// What is shown at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// A square to fill, before the first run.
    Free,
    Card,
    Unused,
}

impl Stage {
    fn of(position: usize, cards: usize) -> Self {
        match cards {
            0 => Stage::Free,
            _ if position < cards => Stage::Card,
            _ => Stage::Unused,
        }
    }
}

/// A square without an answer, with the model that will fill it.
#[component]
fn Square(draft: Draft, position: usize) -> impl IntoView {
    let model =
        Signal::derive(move || draft.models.with(|models| models.get(position).map(|(_, model)| model.clone())));
    let facts = Signal::derive(move || draft.facts(model.get().as_deref()));
    let hint = Signal::derive(move || match (model.with(Option::is_some), position) {
        (true, _) => "Its answer appears here.",
        (false, 0) => "Start with a first model",
        (false, _) => "Free",
    });
    let is_chosen = Signal::derive(move || model.with(Option::is_some));
    view! {
        <div class=square_class(position)>
            <span class="letter">{letter(position)}</span>
            <p class="square-model">{model}</p>
            <p class="hint">{facts}</p>
            <p class="hint">{hint}</p>
            <button class="quiet" type="button" hidden=is_chosen on:click=move |_| open_picker()>
                "Choose model "{letter(position)}
            </button>
        </div>
    }
}

fn square_class(position: usize) -> String {
    ["square ", position_class(position)].concat()
}
