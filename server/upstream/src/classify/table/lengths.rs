//! Prompts that are too long. Agents shorten theirs by the numbers, so the rows that have them stand first.

use crate::classify::{
    fault::Fault::{self, BodyTooLarge, TextTooLong, TooLong},
    row::{Row, kind, says},
};

const fn long(source: &'static str, phrase: &'static str) -> Row {
    says(source, phrase, Fault::TooLong)
}

pub(super) const ROWS: &[Row] = &[
    long("OpenAI", "This model's maximum context length is {limit} tokens. However… {used} tokens"),
    long("vLLM", "This model's maximum context length is {limit} tokens. However… {used} input tokens"),
    long(
        "vLLM",
        "'max_tokens' or 'max_completion_tokens' is too large: {n}. This model's maximum context length is {limit} tokens and your request has {used} input tokens",
    ),
    long("vLLM", "The decoder prompt (length {used}) is longer than the maximum model length of {limit}"),
    long("vLLM", "This model's maximum context length is {limit} tokens"),
    long(
        "OpenAI",
        "Input tokens exceed the configured limit of {limit} tokens. Your messages resulted in {used} tokens",
    ),
    long("OpenAI", "Your input exceeds the context window of this model"),
    long("SGLang", "The input ({used} tokens) is longer than the model's context length ({limit} tokens)"),
    long(
        "SGLang",
        "Requested token count exceeds the model's maximum context length of {limit} tokens. You requested … {used} tokens",
    ),
    long("SGLang", "Input length ({used}) exceeds model's maximum context length ({limit})"),
    long("Text Generation Inference", "`inputs` must have less than {limit} `tokens`. Given: {used}"),
    long("Together", "`inputs` tokens + `max_new_tokens` must be <= {limit}. Given: {used} `inputs` tokens"),
    long("OpenRouter", "This endpoint's maximum context length is {limit} tokens. However… {used} tokens"),
    long("Anthropic", "prompt is too long: {used} tokens > {limit} maximum"),
    long("Anthropic", "prompt is too long"),
    long("Anthropic", "input length and `max_tokens` exceed context limit: {used} + {n} > {limit}"),
    long("Bedrock", "Input is too long for requested model"),
    long("Gemini", "The input token count ({used}) exceeds the maximum number of tokens allowed ({limit})"),
    long("Gemini", "The input token count exceeds the maximum number of tokens allowed ({limit})"),
    long("Gemini", "The input token count exceeds the maximum number of tokens allowed {limit}"),
    long(
        "Gemini",
        "Unable to submit request because the input token count is {used} but model only supports up to {limit}",
    ),
    long("Mistral", "Prompt contains {used} tokens… too large for model with {limit} maximum context length"),
    long(
        "Cerebras",
        "Please reduce the length of the messages or completion. Current length is {used} while limit is {limit}",
    ),
    long("Groq", "Please reduce the length of the messages or completion"),
    long("Fireworks", "The prompt is too long: {used}, model maximum context length: {limit}"),
    long("Cohere", "too many tokens: total number of tokens in the prompt cannot exceed {limit} - received {used}"),
    long("Cohere", "too many tokens: size limit exceeded by {n} tokens"),
    long("xAI", "This model's maximum prompt length is {limit} but the request contains {used} tokens"),
    long("llama.cpp", "request ({used} tokens) exceeds the available context size ({limit} tokens)"),
    long("llama.cpp", "the request exceeds the available context size"),
    long(
        "LM Studio",
        "Trying to keep the first {used} tokens when context the overflows. However, the model is loaded with context length of only {limit} tokens",
    ),
    long("LM Studio", "The number of tokens to keep from the initial prompt is greater than the context length"),
    long("Ollama", "the input length exceeds the context length"),
    long("Alibaba", "Range of input length should be [{n}, {limit}]"),
    long("Moonshot", "Your request exceeded model token limit: {limit}"),
    long("Moonshot", "Invalid request: Your request exceeded model token limit: {limit}"),
    long("MiniMax", "context window exceeds limit"),
    long("GitHub Models", "Request body too large for {name} model. Max size: {limit} tokens"),
    long("GitHub Copilot", "prompt token count of {used} exceeds the limit of {limit}"),
    kind("OpenAI", "context_length_exceeded", TooLong),
    kind("llama.cpp", "exceed_context_size_error", TooLong),
    kind("LiteLLM", "ContextWindowExceededError", TooLong),
    kind("GitHub Models", "tokens_limit_reached", TooLong),
    kind("GitHub Copilot", "model_max_prompt_tokens_exceeded", TooLong),
    kind("Zhipu", "1261", TooLong),
    kind("OpenAI", "string_above_max_length", TextTooLong),
    kind("OpenAI", "array_above_max_length", TextTooLong),
    kind("Anthropic", "request_too_large", BodyTooLarge),
];
