//! What happens on the page: it owns the cards' signals and what is known of the comparison.

use domain::{
    error::AppError,
    playground::{Best, LIMITS, LiveStats, Run, best},
};
use leptos::{html, prelude::*};

use super::{live::Live, state::Board, wire::Snapshot};
use crate::ui::browser;

mod follow;
mod paint;

/// Whether something runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing runs.
    Idle,
    /// Something runs, and its events arrive.
    Running,
    /// Something runs, and the page has lost sight of it.
    Reconnecting,
}

/// The four cards and what drives them.
#[derive(Clone, Copy)]
pub(super) struct Session {
    /// How many cards there are.
    pub(super) count: RwSignal<usize>,
    pub(super) phase: RwSignal<Phase>,
    /// The status line.
    pub(super) said: RwSignal<Option<String>>,
    /// What went wrong with the whole comparison.
    pub(super) failure: RwSignal<Option<AppError>>,
    pub(super) cards: [Card; LIMITS.models],
    /// Moves while something runs, for the running figures.
    pub(super) tick: RwSignal<usize>,
    inner: StoredValue<Inner>,
}

/// One of the four positions.
#[derive(Clone, Copy)]
pub(super) struct Card {
    pub(super) position: usize,
    pub(super) shown: RwSignal<Option<Shown>>,
    pub(super) is_stopping: RwSignal<bool>,
    /// Where the answer stands.
    pub(super) answer: NodeRef<html::Div>,
    /// Where its HTML stands; empty while it is shown as text.
    pub(super) rendered: NodeRef<html::Div>,
    /// Whether anything of the answer is there.
    pub(super) has_text: RwSignal<bool>,
}

/// What a card shows beside its answer.
#[derive(Clone)]
pub(super) struct Shown {
    pub(super) run: Run,
    pub(super) best: Best,
    pub(super) is_picked: bool,
}

/// What is not shown by itself.
#[derive(Default)]
struct Inner {
    board: Board,
    live: [Live; LIMITS.models],
    /// Text that has arrived and is not on the page yet, by position.
    pending: [String; LIMITS.models],
    is_flush_due: bool,
    /// Whether everything is to be stopped as soon as it has ids.
    stops_when_open: bool,
    now: f64,
}

impl Session {
    /// Of a new page, or of a comparison that was made before.
    pub(super) fn new(comparison: Option<Snapshot>) -> Self {
        let board = comparison.map(Board::of).unwrap_or_default();
        let marks = best(board.runs());
        let shown = |position: usize| {
            let run = board.runs().get(position)?.clone();
            let best = marks.get(position).copied().unwrap_or_default();
            Some(Shown { is_picked: board.picked() == Some(run.id), run, best })
        };
        Self {
            count: RwSignal::new(board.runs().len()),
            phase: RwSignal::new(if board.is_finished() { Phase::Idle } else { Phase::Running }),
            said: RwSignal::new(None),
            failure: RwSignal::new(None),
            cards: std::array::from_fn(|position| Card {
                position,
                shown: RwSignal::new(shown(position)),
                is_stopping: RwSignal::new(false),
                answer: NodeRef::new(),
                rendered: NodeRef::new(),
                has_text: RwSignal::new(!board.text(position).is_empty()),
            }),
            tick: RwSignal::new(0),
            inner: StoredValue::new(Inner { board, ..Inner::default() }),
        }
    }

    /// Reads or changes what is inside. All of it goes through one function that is compiled once, since the browser has to
    /// load every copy.
    fn inner<R: Default>(self, f: impl FnOnce(&mut Inner) -> R) -> R {
        let mut f = Some(f);
        let mut result = None;
        self.with_inner(&mut |inner| result = f.take().map(|f| f(inner)));
        result.unwrap_or_default()
    }

    fn with_inner(self, f: &mut dyn FnMut(&mut Inner)) {
        self.inner.try_update_value(f);
    }

    /// The answer at a position, for a card that is being made; nothing of it is pending then.
    pub(super) fn take_text(self, position: usize) -> String {
        self.inner(|inner| {
            inner.pending[position].clear();
            inner.board.text(position).to_owned()
        })
    }

    /// The running figures at a position, as of the last tick.
    pub(super) fn live(self, position: usize) -> LiveStats {
        self.inner(|inner| inner.live[position].stats(inner.now))
    }

    /// Moves the clock of the running figures.
    pub(super) fn tick(self) {
        self.inner(|inner| inner.now = browser::now_ms());
        self.tick.set(self.tick.get_untracked().wrapping_add(1));
    }
}
