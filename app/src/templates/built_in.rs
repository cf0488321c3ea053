//! The four built-in templates.

use domain::{playground::Parameters, templates::TemplateDraft};

/// Summarize, code review, JSON extraction, translate.
pub(super) fn built_in() -> Vec<TemplateDraft> {
    let template = |name: &str, system_prompt: &str, prompt: &str, temperature: f64, max_tokens: u32| TemplateDraft {
        name: name.into(),
        prompt: prompt.into(),
        system_prompt: system_prompt.into(),
        parameters: Parameters { temperature: Some(temperature), max_tokens: Some(max_tokens), top_p: None },
    };
    vec![
        template(
            "Summarize",
            "You summarize texts. Keep to what the text says; add nothing of your own.",
            "Summarize this text in {{number}} sentences for {{readers}}:\n\n{{text}}",
            0.3,
            512,
        ),
        template(
            "Code review",
            "You review code as a careful colleague would: first what is wrong, then what is risky, then what could be simpler. \
             Name the line. Say so when you find nothing.",
            "Review this {{language}} code:\n\n```\n{{code}}\n```",
            0.2,
            1_024,
        ),
        template(
            "JSON extraction",
            "You extract data. Answer with one JSON object and nothing else: no words around it, no code fence. Use null for what \
             the text does not say.",
            "Extract {{fields}} from this text as JSON:\n\n{{text}}",
            0.0,
            512,
        ),
        template(
            "Translate",
            "You are a professional translator. Keep tone, names and formatting. Answer with the translation alone.",
            "Translate into {{language}}:\n\n{{text}}",
            0.3,
            1_024,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::built_in;

    #[test]
    fn every_one_may_be_run_and_has_something_to_fill_in() {
        assert_eq!(built_in().len(), 4);
        for template in built_in() {
            assert_eq!(template.check(), Ok(()), "{}", template.name);
            assert!(template.prompt.contains("{{") && template.prompt.contains("}}"));
        }
    }
}
