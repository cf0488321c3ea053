//! What is being written: prompt, models and parameters, before they become a comparison.

use leptos::{html, prelude::*};

use super::{
    ComparisonRequest, LIMITS,
    grid::facts,
    parameters::{ParameterTexts, read_request},
    wire::{FirstDraft, Snapshot},
};
use crate::{catalog::ModelSummary, error::FieldError};

/// The form's state. The two texts live in their fields, so that typing before the page is ready is not lost.
#[derive(Clone, Copy)]
pub(super) struct Draft {
    pub(super) catalogue: StoredValue<Vec<ModelSummary>>,
    pub(super) prompt: NodeRef<html::Textarea>,
    pub(super) system_prompt: NodeRef<html::Textarea>,
    /// The models by position, each with a key of its own, since the same one may be there twice.
    pub(super) models: RwSignal<Vec<(usize, String)>>,
    pub(super) parameters: RwSignal<ParameterTexts>,
    pub(super) errors: RwSignal<Vec<FieldError>>,
}

impl Draft {
    /// Empty, or what a comparison was made from.
    pub(super) fn new(catalogue: Vec<ModelSummary>, comparison: Option<&Snapshot>, first: &FirstDraft) -> Self {
        let runs = comparison.map(|made| made.runs.as_slice()).unwrap_or_default();
        Self {
            catalogue: StoredValue::new(catalogue),
            prompt: NodeRef::new(),
            system_prompt: NodeRef::new(),
            models: RwSignal::new(runs.iter().map(|run| run.model.clone()).enumerate().collect()),
            parameters: RwSignal::new(ParameterTexts {
                temperature: first.temperature.clone(),
                max_tokens: first.max_tokens.clone(),
                top_p: first.top_p.clone(),
            }),
            errors: RwSignal::new(Vec::new()),
        }
    }

    /// Adds a model at the next position; nothing happens where all are taken.
    pub(super) fn add(self, model: String) {
        if !self.is_full() {
            self.models.update(|models| {
                let key = models.iter().map(|(key, _)| key + 1).max().unwrap_or(0);
                models.push((key, model));
            });
            self.forgive("models");
        }
    }

    /// Takes a model away; those behind it move up.
    pub(super) fn remove(self, key: usize) {
        self.models.update(|models| models.retain(|(other, _)| *other != key));
        self.forgive("models");
    }

    pub(super) fn is_full(self) -> bool {
        self.models.with(|models| models.len() >= LIMITS.models)
    }

    /// What the catalogue knows of a model, on one line.
    pub(super) fn facts(self, name: Option<&str>) -> Option<String> {
        let name = name?;
        self.catalogue.with_value(|models| models.iter().find(|model| model.public_name == name).map(facts))
    }

    /// Drops what was wrong with a field, since it is being changed.
    pub(super) fn forgive(self, field: &str) {
        if self.errors.with_untracked(|errors| errors.iter().any(|error| error.field.starts_with(field))) {
            self.errors.update(|errors| errors.retain(|error| !error.field.starts_with(field)));
        }
    }

    /// What is wrong with a field, or with a part of it such as `models[1]`.
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

    /// The request, if it breaks no rule.
    pub(super) fn request(self) -> Result<ComparisonRequest, Vec<FieldError>> {
        let text =
            |field: NodeRef<html::Textarea>| field.get_untracked().map(|field| field.value()).unwrap_or_default();
        let models = self.models.with_untracked(|models| models.iter().map(|(_, model)| model.clone()).collect());
        self.parameters.with_untracked(|texts| read_request(text(self.prompt), text(self.system_prompt), models, texts))
    }
}
