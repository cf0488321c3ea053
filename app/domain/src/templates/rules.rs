//! The validation rules of a template.

use crate::{
    error::FieldError,
    playground::{ComparisonRequest, prompt_length},
    templates::TemplateDraft,
};

/// The most characters of a name.
pub const NAME_CHARACTERS: usize = 100;

impl TemplateDraft {
    /// Checks the rules of a comparison and those of a name.
    ///
    /// # Errors
    /// The fields that break a rule, all of them.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut errors = Vec::new();
        match prompt_length(self.name.trim()) {
            0 => errors.push(FieldError::new("name", "empty", "Give the template a name.")),
            length if length > NAME_CHARACTERS => {
                let message = format!("The name has {length} characters; at most {NAME_CHARACTERS} are allowed.");
                errors.push(FieldError::new("name", "too_long", message));
            }
            _ => {}
        }
        let as_request = ComparisonRequest {
            prompt: self.prompt.clone(),
            models: vec![String::new()],
            system_prompt: Some(self.system_prompt.clone()),
            parameters: self.parameters,
            ..ComparisonRequest::default()
        };
        errors.extend(as_request.check().err().unwrap_or_default());
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_needs_a_name_and_a_prompt_and_keeps_the_bounds_of_a_comparison() {
        let fine = TemplateDraft { name: "Mine".into(), prompt: "Explain {{this".into(), ..TemplateDraft::default() };
        assert_eq!(fine.check(), Ok(()));
        let fields = |draft: TemplateDraft| {
            draft.check().err().unwrap_or_default().into_iter().map(|error| error.field).collect::<Vec<_>>()
        };
        assert_eq!(
            fields(TemplateDraft { name: " ".into(), prompt: String::new(), ..fine.clone() }),
            ["name", "prompt"]
        );
        assert_eq!(fields(TemplateDraft { name: "x".repeat(101), ..fine.clone() }), ["name"]);
        assert_eq!(fields(TemplateDraft { system_prompt: "x".repeat(50_001), ..fine }), ["system_prompt"]);
    }
}
