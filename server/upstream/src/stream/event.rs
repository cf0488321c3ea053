//! What a reader of a chat completion receives.

use crate::completion::TokenCounts;

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatEvent {
    /// The next piece of the text; never empty.
    Delta(String),
    /// The next piece of the reasoning that precedes the text; never empty.
    Reasoning(String),
    /// The next piece of the model's refusal to answer; never empty.
    Refusal(String),
    /// The address of a picture, mostly a `data:` URL. It comes from the upstream and is checked before anything shows it.
    Image(String),
    /// Why the answer ends, in the upstream's word, for example `stop` or `length`.
    Finish(String),
    /// The upstream's token counts so far; unknown is `None`. Later ones include what earlier ones said.
    Usage(TokenCounts),
    /// The upstream's own secret was in the answer and has been replaced. Comes at most once.
    SecretRedacted,
}
