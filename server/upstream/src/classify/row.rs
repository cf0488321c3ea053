//! The rows of the table of refusals.

use super::{
    fault::Fault,
    phrase::{self, Numbers},
    said::Said,
};

/// One way in which a provider says why it does not answer.
#[derive(Debug)]
pub(super) struct Row {
    /// Who says it so.
    pub source: &'static str,
    /// The lowest and the highest status it is said with. Errors inside of an answer have no status and fit any.
    pub statuses: (u16, u16),
    pub sign: Sign,
    pub fault: Fault,
}

/// By what a refusal is recognised.
#[derive(Debug)]
pub(super) enum Sign {
    /// A code, type or status in words, whole.
    Kind(&'static str),
    /// A fixed phrase at the beginning of the message; see [`phrase`].
    Phrase(&'static str),
    /// The status alone.
    Status,
}

/// Any status.
pub(super) const ANY: (u16, u16) = (0, 999);

pub(super) const fn kind(source: &'static str, word: &'static str, fault: Fault) -> Row {
    Row { source, statuses: ANY, sign: Sign::Kind(word), fault }
}

pub(super) const fn says(source: &'static str, phrase: &'static str, fault: Fault) -> Row {
    Row { source, statuses: ANY, sign: Sign::Phrase(phrase), fault }
}

pub(super) const fn status(source: &'static str, lowest: u16, highest: u16, fault: Fault) -> Row {
    Row { source, statuses: (lowest, highest), sign: Sign::Status, fault }
}

impl Row {
    /// The same row for these statuses alone.
    pub(super) const fn with(self, lowest: u16, highest: u16) -> Self {
        Self { statuses: (lowest, highest), ..self }
    }

    /// The numbers of a refusal that this row recognises; `None` where it is another one.
    pub(super) fn fits(&self, said: &Said) -> Option<Numbers> {
        let (lowest, highest) = self.statuses;
        let is_status = said.status.map(|status| (lowest..=highest).contains(&status));
        if is_status == Some(false) {
            return None;
        }
        match self.sign {
            Sign::Kind(word) => said.kinds.iter().any(|kind| kind.eq_ignore_ascii_case(word)).then(Numbers::default),
            Sign::Phrase(phrase) => said.texts.iter().find_map(|text| phrase::find(phrase, text)),
            Sign::Status => is_status.map(|_| Numbers::default()),
        }
    }
}
