//! Starting, following, stopping and retrying runs: the requests to the server and their events.

use std::time::Duration;

use domain::{ComparisonId, RunId, error::AppError, playground::ComparisonRequest};
use leptos::{prelude::*, task::spawn_local};

use super::{Phase, Session};
use crate::{
    playground::{
        live::Live,
        state::{Board, Change},
        stream::{self, EventStream},
        wire::Update,
    },
    ui::browser,
};

/// Backoff of the reconnect attempts, in seconds.
const ATTEMPTS: [u64; 8] = [0, 1, 2, 4, 8, 15, 30, 30];

impl Session {
    /// Follows a comparison that was running when the page was rendered. Called in the browser only.
    pub(in crate::playground) fn resume(self) {
        if self.phase.get_untracked() != Phase::Idle {
            spawn_local(self.follow(None));
        }
    }

    /// Starts a comparison that has been validated.
    pub(in crate::playground) fn run(self, request: ComparisonRequest, refused: impl FnOnce(AppError) + 'static) {
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
                    // Nothing was started, so the previous comparison is restored.
                    self.inner(|inner| inner.board = before);
                    self.show_all();
                    self.phase.set(Phase::Idle);
                    self.said.set(None);
                    refused(error);
                }
            }
        });
    }

    /// Stops all runs.
    pub(in crate::playground) fn stop_all(self) {
        let unfinished = self.inner(|inner| {
            // The ids are not known yet; the runs are stopped as soon as they are.
            inner.stops_when_open = inner.board.id().is_none();
            inner.board.unfinished()
        });
        for (id, position, run) in unfinished {
            self.cancel(id, position, run);
        }
    }

    /// Stops one run. Its card changes when the server reports the end.
    pub(in crate::playground) fn stop(self, position: usize) {
        let unfinished = self.inner(|inner| inner.board.unfinished());
        if let Some((id, position, run)) = unfinished.into_iter().find(|(_, other, _)| *other == position) {
            self.cancel(id, position, run);
        }
    }

    /// Retries a run that has ended; others may be running.
    pub(in crate::playground) fn retry(self, position: usize) {
        let Some((id, run)) = self.inner(|inner| inner.board.ids(position)) else { return };
        spawn_local(async move {
            match stream::retry(id, run).await {
                // While others run, their event stream also carries this run.
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

    /// Reads events until the comparison has ended, reconnecting when the connection is lost.
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
                // The connection was lost before the first event, so it is unknown whether anything was started.
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
        let (count, stops) = self.inner(|inner| (inner.board.runs().len(), std::mem::take(&mut inner.stops_when_open)));
        self.count.set(count);
        if stops {
            self.stop_all();
        }
    }
}

async fn sleep(seconds: u64) {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        set_timeout(move || _ = resolve.call0(&wasm_bindgen::JsValue::NULL), Duration::from_secs(seconds));
    });
    // The promise of a timer is never rejected.
    _ = wasm_bindgen_futures::JsFuture::from(promise).await;
}
