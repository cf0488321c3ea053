//! The validation rules of a comparison, the same in the browser, in the server functions and in the JSON API.

use crate::{
    error::FieldError,
    playground::{ComparisonRequest, Parameters},
};

/// The bounds of a comparison.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Characters (Unicode scalar values) of a prompt or a system prompt.
    pub prompt_characters: usize,
    /// Models of one comparison.
    pub models: usize,
    /// The limit of max tokens where the model's own is unknown.
    pub max_tokens: u32,
}

/// The bounds in force.
pub const LIMITS: Limits = Limits { prompt_characters: 50_000, models: 4, max_tokens: 1_000_000 };

/// The length of a prompt as the rules count it: in Unicode scalar values.
pub fn prompt_length(text: &str) -> usize {
    text.chars().count()
}

impl ComparisonRequest {
    /// Checks every rule that depends on the request alone. Whether the models exist is checked against the catalogue.
    ///
    /// # Errors
    /// The fields that break a rule, all of them.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut errors = Vec::new();
        check_prompt(&self.prompt, &mut errors);
        if let Some(system_prompt) = &self.system_prompt {
            check_length("system_prompt", "system prompt", system_prompt, &mut errors);
        }
        check_models(&self.models, &mut errors);
        self.parameters.check("parameters", &mut errors);
        if self.card_parameters.len() > self.models.len() {
            let message = "There are parameters for more cards than there are models. Leave them out.";
            errors.push(FieldError::new("card_parameters", "too_many", message));
        }
        for (position, parameters) in self.card_parameters.iter().enumerate() {
            if let Some(parameters) = parameters {
                parameters.check(&["card_parameters[", &position.to_string(), "]"].concat(), &mut errors);
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

impl Parameters {
    fn check(&self, place: &str, errors: &mut Vec<FieldError>) {
        check_range([place, ".temperature"].concat(), "Temperature", self.temperature, 2, errors);
        check_range([place, ".top_p"].concat(), "Top p", self.top_p, 1, errors);
        if let Some(max_tokens) = self.max_tokens
            && !(1..=LIMITS.max_tokens).contains(&max_tokens)
        {
            let message = format!("Max tokens must be between 1 and {}, or not sent.", LIMITS.max_tokens);
            errors.push(FieldError::new([place, ".max_tokens"].concat(), "out_of_range", message));
        }
    }
}

fn check_prompt(prompt: &str, errors: &mut Vec<FieldError>) {
    if prompt.trim().is_empty() {
        errors.push(FieldError::new("prompt", "empty", "Write a prompt first."));
    } else {
        check_length("prompt", "prompt", prompt, errors);
    }
}

fn check_length(field: &str, name: &str, text: &str, errors: &mut Vec<FieldError>) {
    let length = prompt_length(text);
    if length > LIMITS.prompt_characters {
        let message = format!(
            "The {name} has {length} characters; at most {} are allowed. Shorten it by {}.",
            LIMITS.prompt_characters,
            length - LIMITS.prompt_characters,
        );
        errors.push(FieldError::new(field, "too_long", message));
    }
}

fn check_models(models: &[String], errors: &mut Vec<FieldError>) {
    if models.is_empty() {
        errors.push(FieldError::new("models", "empty", "Choose at least one model."));
    } else if models.len() > LIMITS.models {
        let message = format!("Choose at most {} models; there are {}.", LIMITS.models, models.len());
        errors.push(FieldError::new("models", "too_many", message));
    }
}

fn check_range(field: String, name: &str, value: Option<f64>, max: u8, errors: &mut Vec<FieldError>) {
    if let Some(value) = value
        && !(0.0..=f64::from(max)).contains(&value)
    {
        let message = format!("{name} must be between 0 and {max}, or not sent.");
        errors.push(FieldError::new(field, "out_of_range", message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> ComparisonRequest {
        ComparisonRequest { prompt: "Hello".into(), models: vec!["a/b".into()], ..Default::default() }
    }

    fn codes(request: &ComparisonRequest) -> Vec<(String, String)> {
        request.check().err().unwrap_or_default().into_iter().map(|error| (error.field, error.code)).collect()
    }

    fn broken(field: &str, code: &str) -> Vec<(String, String)> {
        vec![(field.into(), code.into())]
    }

    #[test]
    fn a_prompt_is_counted_in_scalar_values_whatever_their_width() {
        for character in ["a", "é", "語", "😀"] {
            let at_limit = ComparisonRequest { prompt: character.repeat(50_000), ..request() };
            assert_eq!(at_limit.check(), Ok(()), "{character}");
            let above = ComparisonRequest { prompt: character.repeat(50_001), ..request() };
            assert_eq!(codes(&above), broken("prompt", "too_long"), "{character}");
        }
    }

    #[test]
    fn an_empty_prompt_and_a_blank_one_are_refused() {
        for prompt in ["", " \n\t "] {
            assert_eq!(codes(&ComparisonRequest { prompt: prompt.into(), ..request() }), broken("prompt", "empty"));
        }
    }

    #[test]
    fn one_to_four_models_are_allowed_and_the_same_one_twice() {
        let with = |n: usize| ComparisonRequest { models: vec!["a/b".into(); n], ..request() };
        assert_eq!(codes(&with(0)), broken("models", "empty"));
        assert_eq!(with(4).check(), Ok(()));
        assert_eq!(codes(&with(5)), broken("models", "too_many"));
    }

    #[test]
    fn parameters_outside_their_range_name_their_field() {
        let with = |parameters| codes(&ComparisonRequest { parameters, ..request() });
        let none = Parameters::default();
        for bad in [-0.1, 2.1, f64::NAN, f64::INFINITY] {
            let temperature = Parameters { temperature: Some(bad), ..none };
            assert_eq!(with(temperature), broken("parameters.temperature", "out_of_range"));
        }
        assert_eq!(with(Parameters { top_p: Some(1.01), ..none }), broken("parameters.top_p", "out_of_range"));
        assert_eq!(with(Parameters { max_tokens: Some(0), ..none }), broken("parameters.max_tokens", "out_of_range"));
        assert_eq!(with(Parameters { temperature: Some(2.0), max_tokens: Some(1), top_p: Some(0.0) }), vec![]);
    }
}
