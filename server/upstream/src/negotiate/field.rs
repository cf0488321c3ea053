//! The parts of a request that a refusal may name.

/// A part of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    Stream,
    StreamOptions,
    MaxTokens,
    /// The newer name of `max_tokens`.
    MaxCompletionTokens,
    Temperature,
    TopP,
    /// The message with the role `system`.
    SystemPrompt,
}

impl Field {
    /// Every field.
    pub(super) const ALL: [Self; 7] = [
        Self::Stream,
        Self::StreamOptions,
        Self::MaxTokens,
        Self::MaxCompletionTokens,
        Self::Temperature,
        Self::TopP,
        Self::SystemPrompt,
    ];

    /// Its name in a request; of the system prompt the role of its message.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::StreamOptions => "stream_options",
            Self::MaxTokens => "max_tokens",
            Self::MaxCompletionTokens => "max_completion_tokens",
            Self::Temperature => "temperature",
            Self::TopP => "top_p",
            Self::SystemPrompt => "system",
        }
    }

    /// The field that a path (`stream_options.include_usage`), an assignment (`temperature=0.5`) or a word of a sentence names.
    /// Some servers write names in camel case.
    pub(super) fn named(word: &str) -> Option<Self> {
        let name = word.split(['.', '=', ':', ';', '!', '?']).next()?;
        let name: String = name.chars().filter(|c| !matches!(c, '_' | '-')).map(|c| c.to_ascii_lowercase()).collect();
        match name.as_str() {
            "streaming" => Some(Self::Stream),
            name => Self::ALL.into_iter().find(|field| field.as_str().replace('_', "") == name),
        }
    }
}
