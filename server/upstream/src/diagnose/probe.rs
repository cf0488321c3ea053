//! What is tested, and how far.

use crate::Target;

/// How far a test goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// To one token of a reply.
    Reply,
    /// To a whole streamed answer and its token counts.
    Answer,
}

/// What is tested. No `Debug`: it holds content.
#[derive(Clone)]
pub struct Probe {
    pub target: Target,
    /// The upstream's own name; without one the test ends with the list of models.
    pub model: Option<String>,
    pub depth: Depth,
    /// Sent only with [`Depth::Answer`].
    pub prompt: TestPrompt,
}

/// The prompt of the streamed answer. No `Debug`: it holds content.
#[derive(Clone)]
pub struct TestPrompt {
    pub system: Option<String>,
    pub message: String,
    pub temperature: Option<f64>,
    pub max_tokens: Option<u32>,
    /// A `data:` URL that [`super::check_image`] has returned.
    pub image: Option<String>,
}

impl Default for TestPrompt {
    fn default() -> Self {
        Self {
            system: None,
            message: "Say hello in one short sentence.".into(),
            temperature: None,
            max_tokens: None,
            image: None,
        }
    }
}
