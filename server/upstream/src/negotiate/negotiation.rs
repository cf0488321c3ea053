//! Asking again without what was refused.

use super::{Adjustment, Adjustments, Complaint, Field};

/// The fields that are negotiated. The ways to send each are in [`ways`].
const NEGOTIATED: [Field; 5] = [Field::Stream, Field::StreamOptions, Field::MaxTokens, Field::Temperature, Field::TopP];

/// The course of one request from refusal to refusal. Each way to send a field is tried once, so that it ends.
#[derive(Clone, Debug, Default)]
pub struct Negotiation {
    known: Adjustments,
    now: Adjustments,
    /// The ways that were refused, with the upstream's words; `None` is a field as it is meant.
    refused: Vec<(Field, Option<Adjustment>, Option<String>)>,
}

/// What was learned about a field: how it has to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lesson {
    pub field: Field,
    /// `None`: it is taken again, and an adjustment that was known for it is outdated.
    pub adjustment: Option<Adjustment>,
    /// The upstream's own words, redacted.
    pub words: Option<String>,
}

impl Negotiation {
    /// A negotiation that begins with what is known of the model.
    pub fn new(known: Adjustments) -> Self {
        Self { now: known.clone(), known, refused: Vec::new() }
    }

    /// How the request has to be sent next.
    pub fn adjustments(&self) -> &Adjustments {
        &self.now
    }

    /// Takes a refusal in, with its words. `is_meant` says which fields the request has. `true`: the request can be sent again,
    /// as [`Self::adjustments`] now says.
    pub fn refused(&mut self, complaint: Complaint, words: Option<&str>, is_meant: impl Fn(Field) -> bool) -> bool {
        let is_streamed = self.now.of(Field::Stream).is_none();
        let is_named = |field| match field {
            Field::MaxTokens => complaint.names(Field::MaxTokens) || complaint.names(Field::MaxCompletionTokens),
            Field::StreamOptions => is_streamed && complaint.names(field),
            field => complaint.names(field),
        };
        let mut has_changed = false;
        for field in NEGOTIATED.into_iter().filter(|field| is_named(*field) && is_meant(*field)) {
            self.refused.push((field, self.now.of(field), words.map(str::to_owned)));
            let is_left =
                |way: &Option<Adjustment>| !self.refused.iter().any(|(of, tried, _)| of == &field && tried == way);
            if let Some(way) = ways(field).into_iter().find(is_left) {
                self.now.set(field, way);
                has_changed = true;
            }
        }
        has_changed
    }

    /// What was learned, once the request has been taken.
    pub fn lessons(&self) -> Vec<Lesson> {
        let is_new = |field: &Field| self.now.of(*field) != self.known.of(*field);
        let lesson = |field| {
            let refused = self.refused.iter().find(|(of, ..)| *of == field);
            Lesson { field, adjustment: self.now.of(field), words: refused.and_then(|(.., words)| words.clone()) }
        };
        NEGOTIATED.into_iter().filter(is_new).map(lesson).collect()
    }
}

/// The ways to send a field, the best one first.
fn ways(field: Field) -> Vec<Option<Adjustment>> {
    match field {
        Field::Stream => vec![None, Some(Adjustment::NotStreamed)],
        // The new name comes before the old one: a refusal of the old one mostly asks for it.
        Field::MaxTokens => vec![Some(Adjustment::RenamedMaxTokens), None, Some(Adjustment::Omitted(field))],
        field => vec![None, Some(Adjustment::Omitted(field))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPERATURE: Adjustment = Adjustment::Omitted(Field::Temperature);

    fn names(fields: &[Field]) -> Complaint {
        fields.iter().copied().collect()
    }

    fn now(negotiation: &Negotiation) -> Vec<Adjustment> {
        negotiation.adjustments().iter().collect()
    }

    #[test]
    fn complaints_in_turn_are_met_in_turn_and_the_same_one_again_ends_it() {
        let mut negotiation = Negotiation::default();
        assert!(negotiation.refused(names(&[Field::MaxTokens]), Some("use the new one"), |_| true));
        assert_eq!(now(&negotiation), [Adjustment::RenamedMaxTokens]);
        assert!(negotiation.refused(names(&[Field::Temperature]), Some("only 1"), |_| true));
        assert_eq!(now(&negotiation), [Adjustment::RenamedMaxTokens, TEMPERATURE]);
        assert!(!negotiation.refused(names(&[Field::Temperature]), None, |_| true));
        let lesson = |adjustment: Adjustment, words: &str| Lesson {
            field: adjustment.field(),
            adjustment: Some(adjustment),
            words: Some(words.into()),
        };
        let lessons = [lesson(Adjustment::RenamedMaxTokens, "use the new one"), lesson(TEMPERATURE, "only 1")];
        assert_eq!(negotiation.lessons(), lessons);
    }

    #[test]
    fn what_was_not_sent_is_not_left_out() {
        let mut negotiation = Negotiation::default();
        let all = names(&[Field::Temperature, Field::TopP, Field::MaxTokens, Field::SystemPrompt]);
        assert!(!negotiation.refused(all, None, |_| false));
        assert!(!negotiation.refused(names(&[]), None, |_| true));
        assert!(negotiation.refused(names(&[Field::Stream]), None, |_| true));
        assert!(
            !negotiation.refused(names(&[Field::StreamOptions]), None, |_| true),
            "a whole answer has no such options"
        );
    }

    #[test]
    fn a_limit_is_tried_under_both_names_before_it_is_left_out() {
        let old = names(&[Field::MaxTokens]);
        let new = names(&[Field::MaxCompletionTokens]);
        let mut negotiation = Negotiation::default();
        assert!(negotiation.refused(old, None, |_| true));
        assert!(negotiation.refused(new, None, |_| true));
        assert_eq!(now(&negotiation), [Adjustment::Omitted(Field::MaxTokens)]);
        assert!(!negotiation.refused(new, None, |_| true));
    }

    #[test]
    fn a_known_adjustment_that_is_outdated_is_dropped() {
        let known = Adjustments::from_iter([Adjustment::RenamedMaxTokens, TEMPERATURE]);
        let mut negotiation = Negotiation::new(known);
        assert_eq!(negotiation.lessons(), []);
        assert!(negotiation.refused(names(&[Field::MaxCompletionTokens]), None, |_| true));
        assert_eq!(now(&negotiation), [TEMPERATURE]);
        let taken_again = Lesson { field: Field::MaxTokens, adjustment: None, words: None };
        assert_eq!(negotiation.lessons(), [taken_again]);
    }
}
