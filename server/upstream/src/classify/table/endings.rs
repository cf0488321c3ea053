//! What nothing particular was said about: words for failures in general, and the statuses.

use crate::classify::{
    fault::Fault::{
        BadKey, BodyTooLarge, Failed, NotAllowed, OutOfMoney, Overloaded, PlaceRefused, RateLimited, Refused,
        UnknownEndpoint, UnknownModel,
    },
    row::{Row, kind, status},
};

/// Failures that errors inside of an answer report, where there is no status.
pub(super) const KINDS: &[Row] = &[
    kind("OpenAI", "server_error", Failed),
    kind("OpenAI", "internal_server_error", Failed),
    kind("Anthropic", "api_error", Failed),
    kind("Anthropic", "timeout_error", Failed),
    kind("Gemini", "INTERNAL", Failed),
    kind("Gemini", "DEADLINE_EXCEEDED", Failed),
    kind("Bedrock", "ModelStreamErrorException", Failed),
    kind("Bedrock", "ModelTimeoutException", Failed),
    kind("LiteLLM", "InternalServerError", Failed),
    kind("LiteLLM", "APIConnectionError", Failed),
    kind("LiteLLM", "Timeout", Failed),
];

/// Where only the status says anything.
pub(super) const STATUSES: &[Row] = &[
    status("RFC 9110", 401, 401, BadKey),
    status("OpenRouter", 402, 402, OutOfMoney),
    status("RFC 9110", 403, 403, NotAllowed),
    status("RFC 9110", 404, 405, UnknownEndpoint),
    // The address has chat completions for other models.
    status("NVIDIA", 410, 410, UnknownModel),
    status("OpenRouter", 408, 408, Failed),
    status("RFC 9110", 413, 413, BodyTooLarge),
    status("Bedrock", 424, 424, Failed),
    status("RFC 6585", 429, 429, RateLimited),
    status("RFC 7725", 451, 451, PlaceRefused),
    status("Groq", 498, 498, Overloaded),
    status("Gemini", 499, 499, Failed),
    status("RFC 9110", 400, 499, Refused),
    status("Anthropic", 529, 529, Overloaded),
    status("RFC 9110", 500, 599, Failed),
];
