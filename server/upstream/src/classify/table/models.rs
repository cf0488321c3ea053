//! Models that are being loaded, and models that are unknown or gone.

use crate::classify::{
    fault::Fault::{self, Loading, UnknownDeployment, UnknownModel},
    row::{Row, kind, says},
};

/// Names are quoted or one word, so that these phrases cannot be made of a prompt's words.
const fn unknown(source: &'static str, phrase: &'static str) -> Row {
    says(source, phrase, Fault::UnknownModel)
}

pub(super) const ROWS: &[Row] = &[
    kind("Hugging Face", "estimated_time", Loading),
    says("Hugging Face", "Model {name} is currently loading", Loading),
    says("llama.cpp", "Loading model", Loading).with(503, 503),
    says("Ollama", "llm server loading model", Loading),
    kind("Bedrock", "ModelNotReadyException", Loading),
    kind("Baseten", "model_not_ready", Loading),
    kind("OpenAI", "model_not_found", UnknownModel),
    unknown("OpenAI", "The model {name} does not exist"),
    unknown("OpenAI", "The model {name} has been deprecated"),
    kind("Azure OpenAI", "DeploymentNotFound", UnknownDeployment),
    says("Azure OpenAI", "The API deployment for this resource does not exist", UnknownDeployment),
    unknown("Anthropic", "model: {name}").with(404, 404),
    unknown("Gemini", "{name} is not found for API version"),
    unknown("Vertex AI", "Publisher Model {name} was not found"),
    unknown("OpenRouter", "No endpoints found for {name}"),
    unknown("OpenRouter", "{name} is not a valid model ID"),
    unknown("Mistral", "Invalid model: {name}"),
    kind("Mistral", "invalid_model", UnknownModel),
    kind("Groq", "model_decommissioned", UnknownModel),
    unknown("Groq", "The model {name} has been decommissioned"),
    unknown("DeepSeek", "Model Not Exist"),
    kind("Together", "model_not_available", UnknownModel),
    unknown("Together", "Unable to access model {name}"),
    unknown("Together", "Unable to access non-serverless model {name}"),
    unknown("Fireworks", "Model not found"),
    unknown("Cohere", "model {name} was removed on"),
    unknown("Ollama", "model {name} not found"),
    unknown("LM Studio", "No models loaded"),
    unknown("LM Studio", "Invalid model identifier {name}"),
    unknown("llama-swap", "could not find real modelID for {name}"),
    unknown("LiteLLM", "Invalid model name passed in model={name}"),
    unknown("LiteLLM", "{name}: Invalid model name passed in model={name}"),
    kind("Alibaba", "ModelNotFound", UnknownModel),
    kind("Hugging Face", "model_not_supported", UnknownModel),
    unknown("Hugging Face", "The requested model {name} is not supported by any provider"),
    unknown("Hugging Face", "The requested model is deprecated and no longer supported"),
    unknown("NVIDIA", "The model {name} has reached its end of life"),
    unknown("Bedrock", "The provided model identifier is invalid"),
    unknown("Cloudflare Workers AI", "No such model {name}"),
    kind("GitHub Models", "unknown_model", UnknownModel),
    unknown("GitHub Models", "Unknown model: {name}"),
    unknown("Perplexity", "Invalid model {name}. Permitted models can be found"),
    unknown("Moonshot", "Not found the model {name}"),
    kind("Zhipu", "1211", UnknownModel),
];
