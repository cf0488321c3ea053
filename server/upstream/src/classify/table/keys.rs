//! Keys, and what they may do.

use crate::classify::{
    fault::Fault::{BadKey, NotAllowed, PlaceRefused, Refused, Unverified},
    row::{Row, kind, says},
};

pub(super) const ROWS: &[Row] = &[
    kind("OpenAI", "unsupported_country_region_territory", PlaceRefused),
    says("OpenAI", "Country, region, or territory not supported", PlaceRefused),
    says("Gemini", "User location is not supported for the API use", PlaceRefused),
    says("OpenAI", "Your organization must be verified to use the model", NotAllowed),
    says("OpenAI", "Your organization must be verified to", Unverified),
    says("OpenAI", "Project {name} does not have access to model", NotAllowed),
    says("OpenRouter", "No endpoints found matching your data policy", NotAllowed),
    says("OpenRouter", "No allowed providers are available for the selected model", NotAllowed),
    // What the request asks for, and no provider of the model has.
    says("OpenRouter", "No endpoints found that support", Refused),
    says("OpenRouter", "No endpoints found that can handle the requested parameters", Refused),
    kind("Azure OpenAI", "PermissionDenied", NotAllowed),
    kind("Gemini", "PERMISSION_DENIED", NotAllowed),
    kind("Anthropic", "permission_error", NotAllowed),
    kind("Bedrock", "AccessDeniedException", NotAllowed),
    kind("LiteLLM", "key_model_access_denied", NotAllowed),
    kind("LiteLLM", "team_model_access_denied", NotAllowed),
    kind("LiteLLM", "PermissionDeniedError", NotAllowed),
    kind("OpenAI", "invalid_api_key", BadKey),
    kind("OpenAI", "account_deactivated", BadKey),
    // xAI says it with 400.
    says("xAI", "Incorrect API key provided", BadKey),
    kind("Gemini", "API_KEY_INVALID", BadKey),
    kind("Gemini", "UNAUTHENTICATED", BadKey),
    says("Gemini", "API key not valid. Please pass a valid API key", BadKey),
    says("Gemini", "API key expired. Please renew the API key", BadKey),
    says("Azure OpenAI", "Access denied due to invalid subscription key", BadKey),
    kind("Anthropic", "authentication_error", BadKey),
    kind("Bedrock", "UnrecognizedClientException", BadKey),
    kind("Bedrock", "ExpiredTokenException", BadKey),
    kind("LiteLLM", "AuthenticationError", BadKey),
    kind("LiteLLM", "token_not_found_in_db", BadKey),
];
