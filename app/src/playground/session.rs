//! The page's session: the cards' signals and the state of the comparison.

use domain::{
    error::AppError,
    playground::{Best, LIMITS, LiveStats, Run, best},
};
use leptos::{html, prelude::*};

use super::{live::Live, state::Board, wire::Snapshot};
use crate::ui::browser;

mod follow;
mod paint;

/// The state of the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing runs.
    Idle,
    /// Running, and events arrive.
    Running,
    /// Running, but the connection is lost.
    Reconnecting,
}

/// The four cards and their state.
#[derive(Clone, Copy)]
pub(super) struct Session {
    /// The number of cards.
    pub(super) count: RwSignal<usize>,
    pub(super) phase: RwSignal<Phase>,
    /// The status line.
    pub(super) said: RwSignal<Option<String>>,
    /// The error of the comparison as a whole.
    pub(super) failure: RwSignal<Option<AppError>>,
    pub(super) cards: [Card; LIMITS.models],
    /// Changes with every tick while something runs, for the live metrics.
    pub(super) tick: RwSignal<usize>,
    inner: StoredValue<Inner>,
}

/// One of the four positions.
#[derive(Clone, Copy)]
pub(super) struct Card {
    pub(super) position: usize,
    pub(super) shown: RwSignal<Option<Shown>>,
    pub(super) is_stopping: RwSignal<bool>,
    /// The element of the answer's text.
    pub(super) answer: NodeRef<html::Div>,
    /// The element of the answer's HTML; empty while the answer is shown as text.
    pub(super) rendered: NodeRef<html::Div>,
    /// Whether any text of the answer has arrived.
    pub(super) has_text: RwSignal<bool>,
}

/// What a card shows apart from the answer.
#[derive(Clone)]
pub(super) struct Shown {
    pub(super) run: Run,
    pub(super) best: Best,
    pub(super) is_picked: bool,
}

/// State that nothing is rendered from directly.
#[derive(Default)]
struct Inner {
    board: Board,
    live: [Live; LIMITS.models],
    /// Received text that is not on the page yet, by position.
    pending: [String; LIMITS.models],
    is_flush_due: bool,
    /// Whether to stop all runs as soon as their ids are known.
    stops_when_open: bool,
    now: f64,
}

impl Session {
    /// The session of a new page, or of an existing comparison.
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

    /// Reads or changes the inner state. Everything goes through one non-generic function, because the browser would have
    /// to load each instance of a generic one.
    fn inner<R: Default>(self, f: impl FnOnce(&mut Inner) -> R) -> R {
        let mut f = Some(f);
        let mut result = None;
        self.with_inner(&mut |inner| result = f.take().map(|f| f(inner)));
        result.unwrap_or_default()
    }

    fn with_inner(self, f: &mut dyn FnMut(&mut Inner)) {
        self.inner.try_update_value(f);
    }

    /// The answer at a position, for a card that is being rendered. Clears the pending text, which the answer contains.
    pub(super) fn take_text(self, position: usize) -> String {
        self.inner(|inner| {
            inner.pending[position].clear();
            inner.board.text(position).to_owned()
        })
    }

    /// The live metrics at a position as of the last tick.
    pub(super) fn live(self, position: usize) -> LiveStats {
        self.inner(|inner| inner.live[position].stats(inner.now))
    }

    /// Advances the clock of the live metrics.
    pub(super) fn tick(self) {
        self.inner(|inner| inner.now = browser::now_ms());
        self.tick.set(self.tick.get_untracked().wrapping_add(1));
    }
}
