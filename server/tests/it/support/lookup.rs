//! A name server that says what a test wants.

use std::{
    io,
    net::IpAddr,
    sync::{Arc, Mutex},
};

use futures::future::BoxFuture;
use upstream::Lookup;

/// Answers every name alike, and counts how often it is asked.
#[derive(Default)]
pub(crate) struct FakeLookup(Mutex<State>);

#[derive(Default)]
struct State {
    answers: Vec<Vec<IpAddr>>,
    repeats: bool,
    asked: usize,
}

impl FakeLookup {
    /// One answer after the other; the last one stays.
    pub(crate) fn says(answers: &[&[&str]]) -> Arc<Self> {
        let lookup = Arc::new(Self::default());
        lookup.now_says(answers, false);
        lookup
    }

    /// From now on these answers, either once with the last one staying or over and over.
    pub(crate) fn now_says(&self, answers: &[&[&str]], repeats: bool) {
        let parse = |answer: &&[&str]| answer.iter().map(|address| address.parse().expect("an address")).collect();
        *self.0.lock().unwrap() = State { answers: answers.iter().map(parse).collect(), repeats, asked: 0 };
    }

    /// Look-ups since it was told what to say.
    pub(crate) fn asked(&self) -> usize {
        self.0.lock().unwrap().asked
    }
}

impl Lookup for FakeLookup {
    fn addresses<'a>(&'a self, _name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let mut state = self.0.lock().unwrap();
        let (asked, count) = (state.asked, state.answers.len());
        state.asked += 1;
        let place = if state.repeats { asked % count } else { asked.min(count - 1) };
        let answer = state.answers[place].clone();
        Box::pin(async move { Ok(answer) })
    }
}
