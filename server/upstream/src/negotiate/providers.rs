//! Refusals as providers word them, and what has to be read in each.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Complaint, Field};

const STREAM_OPTIONS: &[Field] = &[Field::StreamOptions];
const TEMPERATURE: &[Field] = &[Field::Temperature];

fn read(status: u16, body: &Value) -> Vec<Field> {
    read_bytes(status, body.to_string().as_bytes())
}

fn read_bytes(status: u16, body: &[u8]) -> Vec<Field> {
    let complaint = Complaint::of(StatusCode::from_u16(status).expect("a status"), body);
    Field::ALL.into_iter().filter(|field| complaint.names(*field)).collect()
}

/// A refusal in OpenAI's shape, without `param` and `code`.
fn openai(message: &str) -> Value {
    json!({"error": {"message": message, "type": "invalid_request_error", "param": null, "code": null}})
}

#[test]
fn a_refused_stream_options_is_found_in_the_wording_of_each_provider() {
    let extra = json!([{"type": "extra_forbidden", "loc": ["body", "stream_options", "include_usage"],
        "msg": "Extra inputs are not permitted", "input": true}]);
    let as_text = "[{'type': 'extra_forbidden', 'loc': ('body', 'stream_options'), 'msg': 'Extra inputs are not permitted', \
                   'input': {'include_usage': True}}]";
    let first_pydantic = json!({"detail": [{"loc": ["body", "stream_options"], "msg": "extra fields not permitted", "type": "value_error.extra"}]});
    let gemini = r#"Invalid JSON payload received. Unknown name "stream_options": Cannot find field."#;
    let nested = json!({"error": {"message": "Provider returned error", "code": 400,
        "metadata": {"raw": openai("Unrecognized request argument supplied: stream_options").to_string()}}});
    let cases = [
        (
            "Mistral",
            422,
            json!({"object": "error", "message": {"detail": extra}, "type": "invalid_request_error", "code": null}),
        ),
        ("FastAPI", 422, json!({"detail": extra})),
        (
            "vLLM",
            400,
            json!({"object": "error", "message": as_text, "type": "BadRequestError", "param": null, "code": 400}),
        ),
        ("Pydantic 1", 422, first_pydantic),
        ("OpenAI, earlier", 400, openai("Unrecognized request argument supplied: stream_options")),
        (
            "OpenAI",
            400,
            json!({"error": {"message": "Unknown parameter: 'stream_options.include_usage'.",
            "type": "invalid_request_error", "param": "stream_options.include_usage", "code": "unknown_parameter"}}),
        ),
        (
            "Azure",
            400,
            json!({"error": {"message": "Unrecognized request arguments supplied: stream_options, parallel_tool_calls",
            "type": "invalid_request_error", "param": null, "code": null}}),
        ),
        ("Groq", 400, openai("property 'stream_options' is unsupported")),
        (
            "Gemini",
            400,
            json!([{"error": {"code": 400, "message": gemini, "status": "INVALID_ARGUMENT", "details": [
            {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{"description": gemini}]}]}}]),
        ),
        (
            "DeepSeek",
            400,
            openai(
                "Failed to deserialize the JSON body into the target type: unknown field `stream_options`, \
            expected one of `model`, `messages` at line 1 column 90",
            ),
        ),
        (
            "Cohere",
            400,
            json!({"message": "invalid request: unknown field: parameter 'stream_options' is not a valid field"}),
        ),
        (
            "Fireworks",
            400,
            openai("Extra inputs are not permitted, field: 'stream_options', value: {'include_usage': True}"),
        ),
        (
            "Anthropic",
            400,
            json!({"type": "error", "error": {"type": "invalid_request_error",
            "message": "stream_options: Extra inputs are not permitted"}}),
        ),
        (
            "LiteLLM",
            400,
            json!({"error": {"message": "litellm.UnsupportedParamsError: petals does not support parameters: \
            ['stream_options'], for model=acme/m. To drop these, set `litellm.drop_params=True`", "type": null, "param": null,
            "code": "400"}}),
        ),
        ("OpenRouter", 400, nested),
        ("JSON Schema", 400, openai("Additional properties are not allowed ('stream_options' was unexpected)")),
        ("Joi", 400, json!({"message": "\"stream_options\" is not allowed"})),
        (
            "llama.cpp",
            400,
            json!({"error": {"code": 400, "message": "Unsupported param: stream_options",
            "type": "invalid_request_error"}}),
        ),
        ("Python", 400, json!({"detail": "Completions.create() got an unexpected keyword argument 'stream_options'"})),
    ];
    for (provider, status, body) in cases {
        assert_eq!(read(status, &body), STREAM_OPTIONS, "{provider}: {body}");
    }
    assert_eq!(read_bytes(400, b"Unknown parameter: stream_options"), STREAM_OPTIONS, "plain text");
}

#[test]
fn a_refused_limit_of_tokens_is_the_old_name_and_not_the_new_one_that_it_recommends() {
    let message =
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
    let body = json!({"error": {"message": message, "type": "invalid_request_error", "param": "max_tokens",
        "code": "unsupported_parameter"}});
    assert_eq!(read(400, &body), [Field::MaxTokens]);
    assert_eq!(read(400, &openai(message)), [Field::MaxTokens]);
    assert_eq!(read(400, &openai("Unknown parameter: 'max_completion_tokens'.")), [Field::MaxCompletionTokens]);
}

#[test]
fn a_refused_temperature_is_found_in_the_wording_of_each_provider() {
    let default_only = "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) value is \
                        supported.";
    let cases = [
        (
            "OpenAI",
            json!({"error": {"message": default_only, "type": "invalid_request_error", "param": "temperature",
            "code": "unsupported_value"}}),
        ),
        ("Azure", openai(default_only)),
        (
            "OpenAI, its code alone",
            json!({"error": {"message": "No.", "param": "temperature", "code": "unsupported_value"}}),
        ),
        (
            "LiteLLM",
            openai(
                "litellm.UnsupportedParamsError: acme-5 models don't support temperature=0.5. Only temperature=1 is \
            supported.",
            ),
        ),
        (
            "LiteLLM, with a value",
            openai(
                "litellm.UnsupportedParamsError: openai does not support parameters: \
            {'temperature': 0.5}, for model=m.",
            ),
        ),
        (
            "Anthropic",
            json!({"type": "error", "error": {"type": "invalid_request_error",
            "message": "`temperature` is deprecated for this model."}}),
        ),
        (
            "xAI",
            json!({"code": "Client specified an invalid argument",
            "error": "Argument not supported on this model: temperature"}),
        ),
        ("Moonshot", openai("invalid temperature: only 1 is allowed for this model")),
        ("in plain words", openai("This model does not support the temperature parameter.")),
        ("in other words", openai("The temperature parameter is not supported by this model.")),
    ];
    for (provider, body) in cases {
        assert_eq!(read(400, &body), TEMPERATURE, "{provider}: {body}");
    }
    assert_eq!(read(400, &openai("Argument not supported on this model: topP")), [Field::TopP]);
}

#[test]
fn of_two_that_cannot_be_sent_together_the_second_is_refused() {
    let message = "`temperature` and `top_p` cannot both be specified for this model. Please use only one.";
    assert_eq!(read(400, &openai(message)), [Field::TopP]);
}

#[test]
fn a_stream_that_needs_a_verified_organization_is_refused_as_a_stream() {
    let message = "Your organization must be verified to stream this model. Please go to the settings and verify it.";
    let body = json!({"error": {"message": message, "type": "invalid_request_error", "param": "stream",
        "code": "unsupported_value"}});
    assert_eq!(read(400, &body), [Field::Stream]);
    assert_eq!(read(400, &openai(message)), [Field::Stream]);
    assert_eq!(read(400, &openai("Streaming is not supported for this model.")), [Field::Stream]);
}

#[test]
fn a_system_prompt_that_is_not_taken_is_found_in_the_wording_of_each_provider() {
    for message in [
        "System role not supported",
        "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
        "Developer instruction is not enabled for models/gem-1",
        "Conversation roles must alternate user/assistant/user/assistant/...",
    ] {
        let body = json!({"object": "error", "message": message, "type": "BadRequestError", "code": 400});
        assert_eq!(read(400, &body), [Field::SystemPrompt], "{message}");
    }
}

#[test]
fn a_value_out_of_range_and_every_other_refusal_are_for_whoever_asked() {
    for body in [
        json!({"error": {"message": "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3 instead.",
            "type": "invalid_request_error", "param": "temperature", "code": "decimal_above_max_value"}}),
        json!({"error": {"message": "max_tokens is too large: 999999. This model supports at most 4096 completion tokens.",
            "type": "invalid_request_error", "param": "max_tokens", "code": null}}),
        json!({"type": "error", "error": {"type": "invalid_request_error", "message": "temperature: range: 0..1"}}),
        json!({"detail": [{"type": "less_than_equal", "loc": ["body", "top_p"], "msg": "Input should be less than or equal to 1"}]}),
        json!({"detail": [{"type": "extra_forbidden", "loc": ["body", "messages", 0, "temperature"], "msg": "Extra inputs are not permitted"}]}),
        openai(
            "This model's maximum context length is 10 tokens. However, you requested 12 (10 in the messages, 2 in the completion, max_tokens).",
        ),
        json!({"detail": "maximum temperature exceeded in context window policy"}),
        json!({"error": {"message": "bad", "param": "temperature", "code": "invalid_value"}}),
        json!({"error": null}),
        json!([]),
        json!("temperature"),
        json!(7),
    ] {
        assert_eq!(read(400, &body), [], "{body}");
    }
    for status in [401, 404, 429, 500] {
        assert_eq!(read(status, &openai("Unknown parameter: 'stream_options'.")), [], "{status}");
    }
}

#[test]
fn what_a_refusal_quotes_of_the_prompt_is_not_read() {
    let prompt = "Why do I get “Unsupported parameter: 'temperature'”? Also: top_p is not supported.";
    let echo = json!({"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"],
        "msg": "Extra inputs are not permitted", "input": {"messages": [{"content": prompt}]}}], "body": {"message": prompt}});
    assert_eq!(read(422, &echo), STREAM_OPTIONS);
    let as_text = format!(
        "[{{'type': 'missing', 'loc': ('body', 'tools'), 'msg': 'Field required', 'input': {{'messages': '{prompt}'}}}}]"
    );
    assert_eq!(read(400, &json!({"object": "error", "message": as_text})), []);
}

#[test]
fn endless_nesting_and_long_words_are_bounded() {
    let mut deep = openai("Unknown parameter: stream_options");
    for _ in 0..60 {
        deep = json!({"error": deep});
    }
    assert_eq!(read(400, &deep), []);
    let long = format!("{} Unknown parameter: stream_options", "é ".repeat(10_000));
    assert_eq!(read(400, &openai(&long)), []);
}
