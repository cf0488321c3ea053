//! What the objects of one answer say together.

use std::time::Instant;

use super::{
    item::{Choice, Chunk},
    output::OutputKind,
    usage::TokenCounts,
};

/// Characters of a finish reason that are kept.
const MAX_REASON: usize = 40;

/// An answer as far as it has been read.
#[derive(Debug, Default)]
pub struct Progress {
    /// When the first output arrived.
    pub first_output: Option<Instant>,
    /// Bytes of output, from which tokens are estimated.
    pub output_bytes: usize,
    pub counts: TokenCounts,
    /// Why the first choice ended, in the upstream's word, for example `stop` or `length`. `None` where it has not ended, or its
    /// reason is unknown.
    pub finish_reason: Option<String>,
    /// `[DONE]` has come.
    pub is_done: bool,
    /// An object could not be read, so that a part of the answer is missing.
    pub is_damaged: bool,
    has_text: bool,
    has_thought: bool,
    has_refusal: bool,
    /// The choices that have come, and whether each has ended.
    choices: Vec<(u64, bool)>,
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Complete,
    /// Nothing came, and the provider's content filter is named as the reason.
    Filtered,
    /// Complete, without any output.
    Empty,
    /// An object of it could not be read.
    Damaged,
    CutOff,
}

impl Progress {
    /// Adds one object.
    pub fn add(&mut self, chunk: &Chunk<'_>) {
        self.counts.merge(chunk.counts);
        chunk.choices.iter().for_each(|choice| self.add_choice(choice));
    }

    fn add_choice(&mut self, choice: &Choice<'_>) {
        for output in &choice.outputs {
            self.output_bytes += output.size().max(1);
            match output.kind {
                OutputKind::Thought => self.has_thought = true,
                OutputKind::Refusal => self.has_refusal = true,
                _ => self.has_text = true,
            }
        }
        if !choice.outputs.is_empty() {
            self.first_output.get_or_insert_with(Instant::now);
        }
        let is_finished = choice.finish_reason.is_some();
        match self.choices.iter_mut().find(|(index, _)| *index == choice.index) {
            Some((_, finished)) => *finished |= is_finished,
            None => self.choices.push((choice.index, is_finished)),
        }
        if choice.index == 0
            && let Some(reason) = &choice.finish_reason
        {
            self.finish_reason = Some(identifier(reason));
        }
    }

    /// Whether at least one choice has come, with or without output.
    pub fn has_begun(&self) -> bool {
        !self.choices.is_empty()
    }

    /// Whether there is at least one piece of output.
    pub fn has_output(&self) -> bool {
        self.output_bytes > 0
    }

    /// Whether there is output besides thought.
    pub fn has_answer(&self) -> bool {
        self.has_text || self.has_refusal
    }

    /// Whether there is thought.
    pub fn has_thought(&self) -> bool {
        self.has_thought
    }

    /// Whether every one of `expected` choices has ended, or `[DONE]` has come.
    pub fn is_complete(&self, expected: usize) -> bool {
        let has_ended = self.choices.len() >= expected && self.choices.iter().all(|(_, is_finished)| *is_finished);
        self.is_done || has_ended
    }

    /// How an answer with this many choices ended, once nothing more comes.
    pub fn ending(&self, expected: usize) -> Ending {
        match () {
            () if !self.is_complete(expected) => Ending::CutOff,
            () if self.is_damaged => Ending::Damaged,
            () if self.has_output() => Ending::Complete,
            () if self.finish_reason.as_deref() == Some("content_filter") => Ending::Filtered,
            () => Ending::Empty,
        }
    }
}

/// A finish reason is one short identifier. The filter keeps an upstream from placing other text where it is shown.
fn identifier(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).take(MAX_REASON).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::completion::Item;

    fn read(objects: &[Value]) -> Progress {
        let mut progress = Progress::default();
        for object in objects {
            match Item::read(&object.to_string()) {
                Item::Chunk(chunk) => progress.add(&chunk),
                other => panic!("{other:?}"),
            }
        }
        progress
    }

    fn delta(index: u64, text: &str, finish: Value) -> Value {
        json!({"choices": [{"index": index, "delta": {"content": text}, "finish_reason": finish}]})
    }

    #[test]
    fn an_empty_reason_on_every_chunk_is_no_end() {
        let mut progress = read(&[delta(0, "Par", json!("")), delta(0, "is", json!(""))]);
        assert_eq!(progress.ending(1), Ending::CutOff);
        progress.is_done = true;
        assert_eq!((progress.ending(1), progress.finish_reason), (Ending::Complete, None));
    }

    #[test]
    fn an_answer_of_two_choices_is_complete_once_both_have_ended() {
        let mut progress = read(&[delta(0, "a", json!("stop")), delta(1, "b", json!(null))]);
        assert_eq!(progress.ending(2), Ending::CutOff);
        assert_eq!(read(&[delta(0, "a", json!("stop"))]).ending(2), Ending::CutOff);
        let last = delta(1, "", json!("length")).to_string();
        if let Item::Chunk(chunk) = Item::read(&last) {
            progress.add(&chunk);
        }
        assert_eq!((progress.ending(2), progress.finish_reason.as_deref()), (Ending::Complete, Some("stop")));
    }

    #[test]
    fn the_ending_of_an_answer_without_output_says_why() {
        assert_eq!(read(&[delta(0, "", json!("stop"))]).ending(1), Ending::Empty);
        assert_eq!(read(&[delta(0, "", json!("content_filter"))]).ending(1), Ending::Filtered);
        assert_eq!(read(&[delta(0, "a", json!("content_filter"))]).ending(1), Ending::Complete);
        let damaged = Progress { is_damaged: true, ..read(&[delta(0, "a", json!("stop"))]) };
        assert_eq!(damaged.ending(1), Ending::Damaged);
    }

    #[test]
    fn a_finish_reason_is_one_short_word() {
        let reason = |reason: &str| read(&[delta(0, "a", json!(reason))]).finish_reason;
        assert_eq!(reason("<b>a b</b>").as_deref(), Some("babb"));
        assert_eq!(reason(&"x".repeat(10_000)).map(|reason| reason.len()), Some(MAX_REASON));
    }
}
