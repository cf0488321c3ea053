//! How a request is sent differently because of what the upstream does not take.

use super::Field;

/// One difference between the request as it is meant and as it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Adjustment {
    /// Sent without the field.
    Omitted(Field),
    /// `max_tokens` is sent as `max_completion_tokens`.
    RenamedMaxTokens,
    /// The answer is requested in one piece.
    NotStreamed,
}

impl Adjustment {
    /// The field that it is about.
    pub fn field(self) -> Field {
        match self {
            Self::Omitted(field) => field,
            Self::RenamedMaxTokens => Field::MaxTokens,
            Self::NotStreamed => Field::Stream,
        }
    }

    /// What is done with the field, in a word: `omitted`, `renamed` or `not_streamed`.
    pub fn change(self) -> &'static str {
        match self {
            Self::Omitted(_) => "omitted",
            Self::RenamedMaxTokens => "renamed",
            Self::NotStreamed => "not_streamed",
        }
    }

    /// The adjustment with this field and this change; `None` where there is none.
    pub fn parse(field: &str, change: &str) -> Option<Self> {
        let omitted = [Field::StreamOptions, Field::MaxTokens, Field::Temperature, Field::TopP].map(Self::Omitted);
        let all = omitted.into_iter().chain([Self::RenamedMaxTokens, Self::NotStreamed]);
        all.into_iter().find(|known| known.field().as_str() == field && known.change() == change)
    }
}

/// The adjustments of one request, at most one for each field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adjustments(Vec<Adjustment>);

impl Adjustments {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is one of them.
    pub fn has(&self, adjustment: Adjustment) -> bool {
        self.0.contains(&adjustment)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Adjustment> + '_ {
        self.0.iter().copied()
    }

    /// That of a field.
    pub(super) fn of(&self, field: Field) -> Option<Adjustment> {
        self.iter().find(|adjustment| adjustment.field() == field)
    }

    /// Replaces that of a field.
    pub(super) fn set(&mut self, field: Field, adjustment: Option<Adjustment>) {
        self.0.retain(|other| other.field() != field);
        self.0.extend(adjustment);
    }
}

impl FromIterator<Adjustment> for Adjustments {
    fn from_iter<I: IntoIterator<Item = Adjustment>>(all: I) -> Self {
        let mut adjustments = Self::default();
        all.into_iter().for_each(|adjustment| adjustments.set(adjustment.field(), Some(adjustment)));
        adjustments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_adjustment_is_read_from_the_words_that_it_is_stored_as() {
        let all = [
            Adjustment::Omitted(Field::StreamOptions),
            Adjustment::Omitted(Field::Temperature),
            Adjustment::Omitted(Field::TopP),
            Adjustment::Omitted(Field::MaxTokens),
            Adjustment::RenamedMaxTokens,
            Adjustment::NotStreamed,
        ];
        for adjustment in all {
            assert_eq!(Adjustment::parse(adjustment.field().as_str(), adjustment.change()), Some(adjustment));
        }
        for (field, change) in [("messages", "omitted"), ("temperature", "renamed"), ("stream", "omitted"), ("", "")] {
            assert_eq!(Adjustment::parse(field, change), None, "{field} {change}");
        }
    }

    #[test]
    fn a_field_has_one_adjustment() {
        let both = [Adjustment::RenamedMaxTokens, Adjustment::Omitted(Field::MaxTokens)];
        assert_eq!(Adjustments::from_iter(both).iter().collect::<Vec<_>>(), [Adjustment::Omitted(Field::MaxTokens)]);
    }
}
