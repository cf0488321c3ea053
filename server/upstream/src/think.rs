//! Thought that a model writes into its answer, between `<think>` and `</think>`. Servers of open models do not always take it
//! out.

use crate::ChatEvent;

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";
/// Most bytes of white space that are held back because a tag may follow.
const MAX_BLANK: usize = 1024;

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Thought(String),
    Text(String),
}

/// Separates the thought at the beginning of an answer from the text that follows, in an answer that arrives in pieces. A tag
/// counts only before any text: later ones belong to it, for example in a piece of code. A thought that does not end is all
/// thought.
#[derive(Debug, Default)]
pub(crate) struct ThinkSplitter {
    place: Place,
    /// What may be the beginning of a tag, with white space before it.
    held: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Start,
    /// After the opening tag; white space here is not kept.
    Opened,
    Thought,
    /// After the closing tag; white space here is not kept.
    Closed,
    Text,
}

impl ThinkSplitter {
    /// Takes the next piece and returns what is certain by now, no part of it empty.
    pub(crate) fn push(&mut self, piece: &str) -> Vec<Part> {
        if self.place == Place::Text {
            return (!piece.is_empty()).then(|| Part::Text(piece.to_owned())).into_iter().collect();
        }
        self.held.push_str(piece);
        let mut parts = Vec::new();
        while self.step(&mut parts) {}
        parts
    }

    /// The answer is over: returns what was held back.
    pub(crate) fn finish(&mut self) -> Option<Part> {
        let held = std::mem::take(&mut self.held);
        let part = match self.place {
            Place::Start if held.is_empty() => return None,
            Place::Start | Place::Text => {
                self.place = Place::Text;
                Part::Text(held)
            }
            Place::Thought => Part::Thought(held.trim_end().to_owned()),
            Place::Opened | Place::Closed => return None,
        };
        Some(part).filter(|part| !part.text().is_empty())
    }

    /// Goes on to the next place; `false` where that needs more of the answer.
    fn step(&mut self, parts: &mut Vec<Part>) -> bool {
        match self.place {
            Place::Start => {
                let bare = self.held.trim_start();
                if let Some(rest) = bare.strip_prefix(OPEN) {
                    (self.held, self.place) = (rest.to_owned(), Place::Opened);
                } else if OPEN.starts_with(bare) && self.held.len() <= MAX_BLANK {
                    return false;
                } else {
                    self.place = Place::Text;
                }
            }
            Place::Thought => {
                let Some(at) = self.held.find(CLOSE) else {
                    let certain = self.held.len() - uncertain(&self.held);
                    let certain = self.held.drain(..certain).collect::<String>();
                    parts.extend(Some(Part::Thought(certain)).filter(|part| !part.text().is_empty()));
                    return false;
                };
                let thought = self.held[..at].trim_end().to_owned();
                parts.extend(Some(Part::Thought(thought)).filter(|part| !part.text().is_empty()));
                self.held.drain(..at + CLOSE.len());
                self.place = Place::Closed;
            }
            Place::Opened | Place::Closed => {
                self.held = self.held.trim_start().to_owned();
                if self.held.is_empty() {
                    return false;
                }
                self.place = if self.place == Place::Opened { Place::Thought } else { Place::Text };
            }
            Place::Text => {
                let held = std::mem::take(&mut self.held);
                parts.extend((!held.is_empty()).then_some(Part::Text(held)));
                return false;
            }
        }
        true
    }
}

impl From<Part> for ChatEvent {
    fn from(part: Part) -> Self {
        match part {
            Part::Thought(text) => Self::Reasoning(text),
            Part::Text(text) => Self::Delta(text),
        }
    }
}

impl Part {
    fn text(&self) -> &str {
        match self {
            Self::Thought(text) | Self::Text(text) => text,
        }
    }
}

/// Bytes at the end of a thought that may be the beginning of its closing tag, with the white space before it.
fn uncertain(thought: &str) -> usize {
    let is_begun = |length: &usize| thought.ends_with(&CLOSE[..*length]);
    let tag = (1..CLOSE.len()).rev().find(is_begun).unwrap_or_default();
    let before = &thought[..thought.len() - tag];
    let blank = before.len() - before.trim_end().len();
    tag + if blank <= MAX_BLANK { blank } else { 0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Thought and text of an answer in these pieces.
    fn split<'a>(pieces: impl IntoIterator<Item = &'a str>) -> (String, String) {
        let (mut splitter, mut parts) = (ThinkSplitter::default(), Vec::new());
        pieces.into_iter().for_each(|piece| parts.extend(splitter.push(piece)));
        parts.extend(splitter.finish());
        let (mut thought, mut text) = (String::new(), String::new());
        for part in parts {
            assert!(!part.text().is_empty());
            match part {
                Part::Thought(piece) => thought.push_str(&piece),
                Part::Text(piece) => text.push_str(&piece),
            }
        }
        (thought, text)
    }

    /// The same for every way to cut the answer in two and in three, and letter by letter.
    fn split_everywhere(answer: &str) -> (String, String) {
        let whole = split([answer]);
        let cuts: Vec<usize> = (0..=answer.len()).filter(|cut| answer.is_char_boundary(*cut)).collect();
        for (index, first) in cuts.iter().enumerate() {
            for second in &cuts[index..] {
                let pieces = [&answer[..*first], &answer[*first..*second], &answer[*second..]];
                assert_eq!(split(pieces), whole, "{pieces:?}");
            }
        }
        let letters: Vec<String> = answer.chars().map(String::from).collect();
        assert_eq!(split(letters.iter().map(String::as_str)), whole);
        whole
    }

    #[test]
    fn the_thought_before_the_answer_is_taken_out_wherever_its_tags_are_cut() {
        for (answer, thought, text) in [
            ("<think>Hm</think>Paris.", "Hm", "Paris."),
            ("\n <think>\nHm,\n é?\n</think>\n\nParis.\n", "Hm,\n é?", "Paris.\n"),
            ("<think>\n\n</think>\n\nParis.", "", "Paris."),
            ("<think>a < b </thin </think>c</think>d", "a < b </thin", "c</think>d"),
        ] {
            assert_eq!(split_everywhere(answer), (thought.to_owned(), text.to_owned()), "{answer:?}");
        }
    }

    #[test]
    fn a_tag_within_the_text_or_in_code_stays() {
        for answer in
            ["", "  ", "Paris.", "a <think>b</think>", "```html\n<think>Hm</think>\n```", "<thinking>", "<thi", "\n<b>"]
        {
            assert_eq!(split_everywhere(answer), (String::new(), answer.to_owned()), "{answer:?}");
        }
        let code = "<think>Hm</think>```\n<think>\n```";
        assert_eq!(split_everywhere(code), ("Hm".into(), "```\n<think>\n```".into()));
    }

    #[test]
    fn a_thought_that_does_not_end_is_all_thought() {
        for answer in ["<think>Hm", "<think>Hm </", "<think>", "<think>Hm</think> \n"] {
            let (_, text) = split_everywhere(answer);
            assert_eq!(text, "", "{answer:?}");
        }
        assert_eq!(split(["<think>Hm </"]), ("Hm </".into(), String::new()));
    }

    #[test]
    fn what_is_held_back_is_bounded() {
        let blank = " ".repeat(2 * MAX_BLANK);
        let mut splitter = ThinkSplitter::default();
        splitter.push(&blank);
        assert!(splitter.held.is_empty());
        let mut splitter = ThinkSplitter::default();
        splitter.push("<think>Hm");
        splitter.push(&blank);
        assert!(splitter.held.is_empty());
    }

    proptest! {
        #[test]
        fn nothing_is_lost_but_tags_and_white_space(answer in "(<think>|</think>|<|[a-zé \n`]){0,12}", cut in any::<prop::sample::Index>()) {
            let cut = cut.index(answer.len() + 1);
            let cut = answer.floor_char_boundary(cut);
            let (thought, text) = split([&answer[..cut], &answer[cut..]]);
            let bare = |text: &str| text.split_whitespace().collect::<String>();
            let kept = bare(&thought) + &bare(&text);
            let all = bare(&answer);
            prop_assert!(all.len() - kept.len() <= OPEN.len() + CLOSE.len());
            prop_assert!(all.ends_with(&bare(&text)));
        }
    }
}
