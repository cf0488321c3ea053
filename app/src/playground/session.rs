//! What happens on the page: running, following, stopping. It owns the cards' signals and the connection.

use std::time::Duration;

use leptos::{html, prelude::*, task::spawn_local};

use super::{
    ComparisonRequest, LIMITS, Run,
    answer::{append, rewrite},
    best::{Best, best},
    live::{Live, LiveFigures},
    state::{Board, Change},
    stream::{self, EventStream},
    wire::{Snapshot, Update},
};
use crate::{
    domain::{ComparisonId, RunId},
    error::AppError,
    ui::browser,
};

/// Waits before each attempt to get back to a comparison whose connection was lost, in seconds.
const ATTEMPTS: [u64; 8] = [0, 1, 2, 4, 8, 15, 30, 30];

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

    /// Follows a comparison that still ran when the page was made. For the browser.
    pub(super) fn resume(self) {
        if self.phase.get_untracked() != Phase::Idle {
            spawn_local(self.follow(None));
        }
    }

    /// Runs a comparison that has been checked.
    pub(super) fn run(self, request: ComparisonRequest, refused: impl FnOnce(AppError) + 'static) {
        let before = self.inner(|inner| {
            inner.stops_when_open = false;
            std::mem::replace(&mut inner.board, Board::expecting(&request.models))
        });
        self.failure.set(None);
        self.show_all();
        self.phase.set(Phase::Running);
        self.said.set(Some("Sent.".into()));
        spawn_local(async move {
            match stream::start(&request).await {
                Ok(events) => self.follow(Some(events)).await,
                Err(error) => {
                    // Nothing was started: what was there before comes back.
                    self.inner(|inner| inner.board = before);
                    self.show_all();
                    self.phase.set(Phase::Idle);
                    self.said.set(None);
                    refused(error);
                }
            }
        });
    }

    /// Stops whatever runs.
    pub(super) fn stop_all(self) {
        let unfinished = self.inner(|inner| {
            inner.stops_when_open = true;
            inner.board.unfinished()
        });
        for (id, position, run) in unfinished {
            self.cancel(id, position, run);
        }
    }

    /// Stops one run. Its card says how it ended when the server says so.
    pub(super) fn stop(self, position: usize) {
        let unfinished = self.inner(|inner| inner.board.unfinished());
        if let Some((id, position, run)) = unfinished.into_iter().find(|(_, other, _)| *other == position) {
            self.cancel(id, position, run);
        }
    }

    /// Does one ended run anew, while others may go on.
    pub(super) fn retry(self, position: usize) {
        let Some((id, run)) = self.inner(|inner| inner.board.ids(position)) else { return };
        spawn_local(async move {
            match stream::retry(id, run).await {
                // While others run, their stream shows this one too.
                Ok(()) if self.phase.get_untracked() == Phase::Idle => {
                    self.phase.set(Phase::Running);
                    self.follow(None).await;
                }
                Ok(()) => {}
                Err(error) => self.said.set(Some(error.to_string())),
            }
        });
    }

    fn cancel(self, id: ComparisonId, position: usize, run: RunId) {
        let is_stopping = self.cards[position].is_stopping;
        is_stopping.set(true);
        spawn_local(async move {
            if stream::cancel(id, run).await.is_err() {
                is_stopping.set(false);
                self.said.set(Some("Stopping did not reach the server. Try again.".into()));
            }
        });
    }

    /// The answer at a position, for a card that is being made; nothing of it is pending then.
    pub(super) fn take_text(self, position: usize) -> String {
        self.inner(|inner| {
            inner.pending[position].clear();
            inner.board.text(position).to_owned()
        })
    }

    /// The running figures at a position, as of the last tick.
    pub(super) fn live(self, position: usize) -> LiveFigures {
        self.inner(|inner| inner.live[position].figures(inner.now))
    }

    /// Moves the clock of the running figures.
    pub(super) fn tick(self) {
        self.inner(|inner| inner.now = browser::now_ms());
        self.tick.set(self.tick.get_untracked().wrapping_add(1));
    }

    /// Reads events until the comparison has ended, getting back to it when the connection is lost.
    async fn follow(self, mut events: Option<EventStream>) {
        let mut attempt = 0;
        loop {
            if let Some(stream) = &mut events {
                while let Ok(Some(batch)) = stream.next().await {
                    attempt = 0;
                    self.take_in(batch);
                }
            }
            if self.phase.get_untracked() == Phase::Idle {
                return;
            }
            let Some(id) = self.inner(|inner| inner.board.id()) else {
                // The connection went before the first event: whether anything was started is not known.
                return self.give_up(AppError::Transport);
            };
            let Some(wait) = ATTEMPTS.get(attempt) else { return self.give_up(AppError::Transport) };
            if attempt > 0 || events.is_some() {
                self.phase.set(Phase::Reconnecting);
            }
            attempt += 1;
            sleep(*wait).await;
            events = match stream::attach(id).await {
                Ok(stream) => Some(stream),
                Err(AppError::Transport | AppError::Unavailable | AppError::Internal) => None,
                Err(error) => return self.give_up(error),
            };
        }
    }

    fn give_up(self, error: AppError) {
        self.phase.set(Phase::Idle);
        self.failure.set(Some(error));
    }

    fn take_in(self, batch: Vec<Update>) {
        if self.phase.get_untracked() != Phase::Running {
            self.phase.set(Phase::Running);
        }
        let mut said = String::new();
        for update in batch {
            for change in self.inner(|inner| inner.board.apply(update)) {
                match change {
                    Change::Opened(id) => self.opened(id),
                    Change::Run(position) => {
                        self.show_run(position);
                        self.render(position);
                    }
                    Change::Started(position) => {
                        let now = browser::now_ms();
                        self.inner(|inner| inner.live[position] = Live::starting(now));
                    }
                    Change::Text(position, text) => self.receive(position, &text),
                    Change::Rewritten(position) => self.rewrite(position),
                    Change::Said(sentence) => {
                        said.push_str(&sentence);
                        said.push(' ');
                    }
                    Change::Ended => self.phase.set(Phase::Idle),
                }
            }
        }
        if !said.is_empty() {
            self.said.set(Some(said));
        }
    }

    fn opened(self, id: ComparisonId) {
        browser::show_path(&format!("/playground/{id}"));
        let (count, stops) = self.inner(|inner| (inner.board.runs().len(), inner.stops_when_open));
        self.count.set(count);
        if stops {
            self.stop_all();
        }
    }

    fn receive(self, position: usize, text: &str) {
        let now = browser::now_ms();
        let was_due = self.inner(|inner| {
            inner.live[position].piece(now);
            inner.pending[position].push_str(text);
            std::mem::replace(&mut inner.is_flush_due, true)
        });
        if !was_due {
            request_animation_frame(move || self.flush());
        }
    }

    /// Appends what has arrived to the page: once per painted frame, however many events there were.
    fn flush(self) {
        self.inner(|inner| inner.is_flush_due = false);
        for card in self.cards {
            let Some(answer) = card.answer.get_untracked() else { continue };
            let pending = self.inner(|inner| std::mem::take(&mut inner.pending[card.position]));
            if !pending.is_empty() {
                if !card.has_text.get_untracked() {
                    card.has_text.set(true);
                }
                append(&answer, &pending);
            }
        }
    }

    fn rewrite(self, position: usize) {
        let card = self.cards[position];
        card.clear();
        let text = self.take_text(position);
        card.has_text.set(!text.is_empty());
        if let Some(answer) = card.answer.get_untracked() {
            rewrite(&answer, &text);
        }
    }

    /// Shows a run. When one ends, the marks of the others may change too.
    fn show_run(self, position: usize) {
        let (runs, picked) = self.inner(|inner| (inner.board.runs().to_vec(), inner.board.picked()));
        let marks = best(&runs);
        let ended = runs.get(position).is_none_or(|run| run.status.is_ended());
        let mut shown = runs.into_iter().zip(marks);
        for card in self.cards {
            let shown = shown.next().map(|(run, best)| Shown { is_picked: picked == Some(run.id), run, best });
            if ended || card.position == position {
                card.shown.set(shown);
            }
        }
        if ended {
            self.cards[position].is_stopping.set(false);
        }
    }

    /// Fetches an ended answer as it is meant to be read.
    fn render(self, position: usize) {
        let card = self.cards[position];
        let ended = self.inner(|inner| {
            let is_ended = inner.board.runs().get(position).is_some_and(|run| run.status.is_ended());
            inner.board.ids(position).filter(|_| is_ended && !inner.board.text(position).is_empty())
        });
        let Some((id, run)) = ended else { return card.clear() };
        if card.rendered.get_untracked().is_some_and(|place| place.has_child_nodes()) {
            return;
        }
        spawn_local(async move {
            // Without it the text stays, which says the same.
            let Ok(html) = stream::html(id, run).await else { return };
            let is_still_it = self.inner(|inner| inner.board.ids(position)) == Some((id, run));
            let is_ended = card.shown.with_untracked(|shown| shown.as_ref().is_some_and(|s| s.run.status.is_ended()));
            if let Some(place) = card.rendered.get_untracked().filter(|_| is_still_it && is_ended) {
                place.set_inner_html(&html);
            }
        });
    }

    /// Another comparison has taken the board.
    fn show_all(self) {
        let count = self.inner(|inner| {
            inner.live = Default::default();
            inner.board.runs().len()
        });
        self.count.set(count);
        for position in 0..self.cards.len() {
            self.show_run(position);
            self.rewrite(position);
        }
    }
}

impl Card {
    /// Back to plain text.
    fn clear(self) {
        if let Some(place) = self.rendered.get_untracked() {
            place.set_inner_html("");
        }
    }
}

async fn sleep(seconds: u64) {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        set_timeout(move || _ = resolve.call0(&wasm_bindgen::JsValue::NULL), Duration::from_secs(seconds));
    });
    // A timer never fails.
    _ = wasm_bindgen_futures::JsFuture::from(promise).await;
}
