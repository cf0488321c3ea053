//! The draft of a comparison: prompt, models and parameters.

use domain::{
    catalog::ModelSummary,
    error::FieldError,
    playground::{ComparisonRequest, LIMITS},
};
use leptos::{html, prelude::*};

use super::{
    facts::facts,
    parameters::{ParameterTexts, read_request, texts_of},
    wire::{FirstDraft, Snapshot},
};
use crate::ui::browser;

/// The form's state. Prompt and system prompt live in their fields, so that text typed before hydration is kept.
#[derive(Clone, Copy)]
pub(super) struct Draft {
    pub(super) catalogue: StoredValue<Vec<ModelSummary>>,
    pub(super) prompt: NodeRef<html::Textarea>,
    pub(super) system_prompt: NodeRef<html::Textarea>,
    /// The models by position. Each has a key, since the same model may occur twice.
    pub(super) models: RwSignal<Vec<(usize, String)>>,
    pub(super) parameters: RwSignal<ParameterTexts>,
    /// The parameters of single cards, by the key of their model.
    pub(super) own: RwSignal<Vec<(usize, ParameterTexts)>>,
    pub(super) errors: RwSignal<Vec<FieldError>>,
}

impl Draft {
    /// An empty draft, or the one that a comparison was started from.
    pub(super) fn new(catalogue: Vec<ModelSummary>, comparison: Option<&Snapshot>, first: &FirstDraft) -> Self {
        let runs = comparison.map(|made| made.runs.as_slice()).unwrap_or_default();
        let models = match comparison {
            Some(_) => runs.iter().map(|run| run.model.clone()).collect(),
            None => first.models.clone(),
        };
        Self {
            catalogue: StoredValue::new(catalogue),
            prompt: NodeRef::new(),
            system_prompt: NodeRef::new(),
            models: RwSignal::new(models.into_iter().enumerate().collect()),
            parameters: RwSignal::new(ParameterTexts {
                temperature: first.temperature.clone(),
                max_tokens: first.max_tokens.clone(),
                top_p: first.top_p.clone(),
            }),
            own: RwSignal::new(
                runs.iter()
                    .map(|run| run.result.parameters.as_ref().map(texts_of).unwrap_or_default())
                    .enumerate()
                    .collect(),
            ),
            errors: RwSignal::new(Vec::new()),
        }
    }

    /// Adds a model at the next free position; does nothing if there is none.
    pub(super) fn add(self, model: String) {
        if !self.is_full() {
            self.models.update(|models| {
                let key = models.iter().map(|(key, _)| key + 1).max().unwrap_or(0);
                models.push((key, model));
            });
            self.forgive("models");
        }
    }

    /// Removes a model; those after it move up.
    pub(super) fn remove(self, key: usize) {
        self.models.update(|models| models.retain(|(other, _)| *other != key));
        self.forgive("models");
    }

    /// The texts of a card's own parameter fields.
    pub(super) fn own_texts(self, key: usize) -> ParameterTexts {
        self.own.with_untracked(|own| {
            own.iter().find(|(other, _)| *other == key).map(|(_, texts)| texts.clone()).unwrap_or_default()
        })
    }

    /// Changes the texts of a card's own parameter fields.
    pub(super) fn set_own(self, key: usize, texts: ParameterTexts) {
        self.own.update(|own| {
            own.retain(|(other, _)| *other != key);
            own.push((key, texts));
        });
        self.forgive("card_parameters");
    }

    pub(super) fn is_full(self) -> bool {
        self.models.with(|models| models.len() >= LIMITS.models)
    }

    /// A model's facts from the catalogue, on one line.
    pub(super) fn facts(self, name: Option<&str>) -> Option<String> {
        let name = name?;
        self.catalogue.with_value(|models| models.iter().find(|model| model.public_name == name).map(facts))
    }

    /// Clears the errors of a field, because it is being edited.
    pub(super) fn forgive(self, field: &str) {
        if self.errors.with_untracked(|errors| errors.iter().any(|error| error.field.starts_with(field))) {
            self.errors.update(|errors| errors.retain(|error| !error.field.starts_with(field)));
        }
    }

    /// The error of a field, or of a part of it such as `models[1]`.
    pub(super) fn error(self, field: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            self.errors
                .with(|errors| errors.iter().find(|error| error.field.starts_with(field)).map(|e| e.message.clone()))
        })
    }

    /// The same for `aria-invalid`.
    pub(super) fn is_invalid(self, field: &'static str) -> Signal<Option<&'static str>> {
        Signal::derive(move || {
            self.errors.with(|errors| errors.iter().any(|error| error.field.starts_with(field)).then_some("true"))
        })
    }

    /// The request.
    ///
    /// # Errors
    ///
    /// The field errors of an invalid draft.
    pub(super) fn request(self) -> Result<ComparisonRequest, Vec<FieldError>> {
        let text =
            |field: NodeRef<html::Textarea>| field.get_untracked().map(|field| field.value()).unwrap_or_default();
        let chosen = self.models.get_untracked();
        let own: Vec<_> = chosen.iter().map(|(key, _)| self.own_texts(*key)).collect();
        let models = chosen.into_iter().map(|(_, model)| model).collect();
        self.parameters
            .with_untracked(|texts| read_request(text(self.prompt), text(self.system_prompt), models, texts, &own))
    }

    /// The models and the shared parameters as the query of this page's address, so that a set-up can be bookmarked.
    pub(super) fn query(self) -> String {
        let mut query = String::new();
        let mut add = |name: &str, value: &str| {
            if !value.is_empty() {
                query.push(if query.is_empty() { '?' } else { '&' });
                query.push_str(name);
                query.push('=');
                query.push_str(&browser::encoded(value));
            }
        };
        self.models.with(|models| models.iter().for_each(|(_, model)| add("model", model)));
        self.parameters.with(|texts| {
            add("temperature", texts.temperature.trim());
            add("max_tokens", texts.max_tokens.trim());
            add("top_p", texts.top_p.trim());
        });
        query
    }
}
