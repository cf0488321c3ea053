//! Rules for the prompt of a direct test.

use domain::{
    catalog::admin::TestRequest,
    error::{AppError, FieldError},
    playground::LIMITS,
};
use foundation::error::Error;
use upstream::{TestPrompt, check_image};

/// Checks the request and returns it as a prompt. Blank texts count as not given.
pub(super) fn check_prompt(request: TestRequest) -> Result<TestPrompt, Error> {
    let mut errors = Vec::new();
    let most = LIMITS.prompt_characters;
    for (field, text) in [("system", &request.system), ("message", &request.message)] {
        if text.as_ref().is_some_and(|text| text.chars().count() > most) {
            errors.push(FieldError::new(field, "too_long", format!("Use at most {most} characters.")));
        }
    }
    if request.temperature.is_some_and(|temperature| !(0.0..=2.0).contains(&temperature)) {
        errors.push(FieldError::new("temperature", "out_of_range", "The temperature is a number from 0 to 2."));
    }
    if request.max_tokens == Some(0) {
        errors.push(FieldError::new(
            "max_tokens",
            "out_of_range",
            "Max tokens is at least 1; leave it empty otherwise.",
        ));
    }
    let image = match request.image.filter(|image| !image.is_empty()).map(|image| check_image(&image)) {
        Some(Ok(image)) => Some(image),
        Some(Err(error)) => {
            errors.push(FieldError::new("image", "invalid_image", error.to_string()));
            None
        }
        None => None,
    };
    if !errors.is_empty() {
        return Err(AppError::Invalid(errors).into());
    }
    let set = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let default = TestPrompt::default();
    Ok(TestPrompt {
        system: set(request.system),
        message: set(request.message).unwrap_or(default.message),
        temperature: request.temperature,
        max_tokens: request.max_tokens,
        image,
    })
}
