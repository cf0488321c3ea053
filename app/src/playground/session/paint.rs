//! Rendering what has been received.

use domain::playground::best;
use leptos::{prelude::*, task::spawn_local};

use super::{Card, Session, Shown};
use crate::{
    playground::{
        answer::{append, rewrite},
        stream,
    },
    ui::browser,
};

impl Session {
    pub(super) fn receive(self, position: usize, text: &str) {
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

    /// Appends the pending text to the page, once per animation frame, however many events there were.
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

    pub(super) fn rewrite(self, position: usize) {
        let card = self.cards[position];
        card.clear();
        let text = self.take_text(position);
        card.has_text.set(!text.is_empty());
        if let Some(answer) = card.answer.get_untracked() {
            rewrite(&answer, &text);
        }
    }

    /// Shows a run. When a run ends, the marks for the best values of other runs may change as well.
    pub(super) fn show_run(self, position: usize) {
        let (runs, picked) = self.inner(|inner| (inner.board.runs().to_vec(), inner.board.picked()));
        let marks = best(&runs);
        let ended = runs.get(position).is_none_or(|run| run.is_ended());
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

    /// Fetches the rendered HTML of an answer that has ended.
    pub(super) fn render(self, position: usize) {
        let card = self.cards[position];
        let ended = self.inner(|inner| {
            let is_ended = inner.board.runs().get(position).is_some_and(|run| run.is_ended());
            inner.board.ids(position).filter(|_| is_ended && !inner.board.text(position).is_empty())
        });
        let Some((id, run)) = ended else { return card.clear() };
        if card.rendered.get_untracked().is_some_and(|place| place.has_child_nodes()) {
            return;
        }
        spawn_local(async move {
            // If that fails, the plain text stays; its content is the same.
            let Ok(html) = stream::html(id, run).await else { return };
            let is_still_it = self.inner(|inner| inner.board.ids(position)) == Some((id, run));
            let is_ended = card.shown.with_untracked(|shown| shown.as_ref().is_some_and(|s| s.run.is_ended()));
            if let Some(place) = card.rendered.get_untracked().filter(|_| is_still_it && is_ended) {
                place.set_inner_html(&html);
            }
        });
    }

    /// Shows another comparison.
    pub(super) fn show_all(self) {
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
    /// Shows the plain text again.
    fn clear(self) {
        if let Some(place) = self.rendered.get_untracked() {
            place.set_inner_html("");
        }
    }
}
