//! The phrases by which providers say that they do not take a field. Each needs the field's name beside it, so that the words of
//! a prompt which a refusal quotes do not count.

use super::Field;

/// Most bytes of a text that are read.
const MAX_TEXT: usize = 8 * 1024;

/// The field follows.
const BEFORE: [&str; 20] = [
    "unrecognized request argument supplied:",  // OpenAI, Azure
    "unrecognized request arguments supplied:", // OpenAI, Azure
    "unknown parameter:",                       // OpenAI
    "unknown parameters:",
    "unsupported parameter:", // OpenAI
    "unsupported parameters:",
    "unsupported value:",                    // OpenAI
    "unsupported param:",                    // llama.cpp
    "unknown name",                          // Gemini
    "unknown field",                         // servers written in Rust: DeepSeek, Text Generation Inference
    "unknown field: parameter",              // Cohere
    "type: extra_forbidden loc: body",       // vLLM, as the text of a list
    "extra inputs are not permitted field:", // Fireworks
    "unexpected keyword argument",           // servers written in Python
    "additional properties are not allowed", // validators of JSON Schema
    "argument not supported on this model:", // xAI
    "does not support",
    "doesnt support",
    "do not support",
    "dont support", // LiteLLM
];

/// The field comes before.
const AFTER: [&str; 18] = [
    "is not supported", // OpenAI
    "are not supported",
    "not supported",
    "is unsupported",                      // Groq
    "does not support",                    // OpenAI
    "cannot find field",                   // Gemini
    "extra inputs are not permitted",      // Anthropic, Mistral
    "extra fields not permitted",          // Databricks
    "msg: extra inputs are not permitted", // vLLM, as the text of a list
    "msg: extra fields not permitted",     // vLLM before Pydantic 2
    "is deprecated for this model",        // Anthropic
    "is not allowed for this model",
    "is not allowed with this model",
    "is not a valid field", // Cohere
    "is not a recognized parameter",
    "was unexpected",                   // validators of JSON Schema
    "only 1 is allowed for this model", // Moonshot
    "is not available for this model",
];

/// Words between a phrase of [`BEFORE`] and the field, or between the field and a phrase of [`AFTER`].
const FILLERS: [&str; 15] = [
    "the",
    "a",
    "parameter",
    "parameters",
    "param",
    "params",
    "field",
    "argument",
    "setting",
    "custom",
    "non-default",
    "specifying",
    "changing",
    "using",
    "option",
];

/// Two of the fields cannot be sent together; the second one is left out.
const TOGETHER: [&str; 3] = ["cannot both be specified", "cannot be used together", "cannot be set together"];

/// Phrases about one certain field.
const FIXED: [(&str, Field); 9] = [
    ("must be verified to stream", Field::Stream),      // OpenAI
    ("system role not supported", Field::SystemPrompt), // templates of chats, vLLM
    ("system role is not supported", Field::SystemPrompt),
    ("does not support system messages", Field::SystemPrompt),
    ("system messages are not supported", Field::SystemPrompt),
    ("system prompt is not supported", Field::SystemPrompt),
    ("system instruction is not supported", Field::SystemPrompt),
    ("developer instruction is not enabled", Field::SystemPrompt), // Gemini's API with Gemma
    // Where nobody but the user has spoken, the message that breaks the rule is the system prompt.
    ("conversation roles must alternate user/assistant", Field::SystemPrompt), // templates of chats
];

/// Calls `add` with each field that a text says is not taken.
pub(super) fn complaints(text: &str, mut add: impl FnMut(Field)) {
    let text = normalised(text);
    if TOGETHER.iter().any(|phrase| text.contains(phrase))
        && text.contains(Field::Temperature.as_str())
        && text.contains(Field::TopP.as_str())
    {
        return add(Field::TopP);
    }
    FIXED.iter().filter(|(phrase, _)| text.contains(phrase)).for_each(|(_, field)| add(*field));
    for phrase in BEFORE {
        text.match_indices(phrase).for_each(|(at, _)| following(&text[at + phrase.len()..]).for_each(&mut add));
    }
    for (at, word) in words(&text) {
        if let Some(field) = Field::named(word)
            && is_refused(&text[at + word.len()..])
        {
            add(field);
        }
    }
}

/// Whether a text that stands beside the name of a field says that the field is not taken.
pub(super) fn says_not_taken(text: &str) -> bool {
    let text = normalised(text);
    BEFORE.iter().chain(&AFTER).any(|phrase| text.contains(phrase))
        || text.contains("only the default")
        || text.contains("must be verified to stream")
}

/// In lower case, with one space for brackets, quotes, commas and white space, and without what a stringified list of errors
/// quotes of the request.
fn normalised(text: &str) -> String {
    let end = text.floor_char_boundary(MAX_TEXT);
    let items = text[..end].split("{'type':");
    let items = items.map(|item| item.split_once("'input':").map_or(item, |(before, _)| before));
    let text = items.collect::<Vec<_>>().join("{'type':").replace("n't", "nt").replace("n’t", "nt").to_lowercase();
    let is_separator = |c: char| c.is_whitespace() || "'\"`“”‘’«»()[]{},\\*".contains(c);
    let text = text.split(is_separator).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let text = text.replace(" :", ":").replace(":", ": ").replace("  ", " ");
    [("stream options", "stream_options"), ("max tokens", "max_tokens"), ("top p ", "top_p ")]
        .into_iter()
        .fold(text, |text, (words, name)| text.replace(words, name))
}

/// The fields at the beginning of a text, after fillers.
fn following(text: &str) -> impl Iterator<Item = Field> {
    let words = text.split(' ').filter(|word| !word.is_empty());
    let words = words.skip_while(|word| is_filler(word)).filter(|word| !matches!(*word, "and" | "or"));
    words.map_while(Field::named)
}

/// Whether what follows the name of a field says that it is not taken.
fn is_refused(rest: &str) -> bool {
    let mut rest = rest.trim_start();
    while let Some((word, after)) = rest.split_once(' ').filter(|(word, _)| is_filler(word)) {
        rest = if word.is_empty() { after } else { after.trim_start() };
    }
    AFTER.iter().any(|phrase| rest.starts_with(phrase)) || rest.trim_end_matches('.') == "is not allowed"
}

fn is_filler(word: &str) -> bool {
    FILLERS.contains(&word.trim_end_matches(':'))
}

/// The words of a text with their places.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split(' ').map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}
