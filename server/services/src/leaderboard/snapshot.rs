//! The statistics of one window in memory, and the responses made from them.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use chrono::{DateTime, Utc};
use domain::{
    leaderboard::{Board, BoardStats, Entry, HourPoint, ModelPage, SortBy, Unranked, Window, order_entries},
    routing::Measured,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::Answer;

/// The statistics of a window as loaded. Responses are rendered on first use.
#[derive(Debug)]
pub(super) struct Snapshot {
    stats: Arc<BoardStats>,
    pub(super) loaded_at: DateTime<Utc>,
    /// By name.
    unranked: Vec<Entry>,
    /// By public name.
    models: BTreeMap<String, Model>,
    answers: [OnceLock<Arc<Answer>>; SortBy::ALL.len()],
}

/// The data of a model beyond its entry.
#[derive(Debug)]
pub(super) struct Model {
    errors: Vec<(String, u64)>,
    hourly: Vec<HourPoint>,
    updated_at: DateTime<Utc>,
    answer: OnceLock<Arc<Answer>>,
}

/// A model in the sitemap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub public_name: String,
    pub slug: String,
    /// The last roll-up of its statistics, or the last change of its catalogue entry if that is later.
    pub updated_at: DateTime<Utc>,
}

/// `GET /api/leaderboard`
#[derive(Serialize, ToSchema)]
pub(super) struct BoardDocument {
    /// 7 or 30.
    window_days: u32,
    /// How many models are ranked.
    total_entries: usize,
    /// When the figures were rolled up last.
    generated_at: DateTime<Utc>,
    entries: Vec<Entry>,
    /// Names of models with fewer than 100 requests in the window.
    insufficient_data_models: Vec<String>,
}

/// `GET /api/leaderboard/{model_public_name}`: the fields of its entry, and more.
#[derive(Serialize, ToSchema)]
pub(super) struct ModelDocument {
    window_days: u32,
    generated_at: DateTime<Utc>,
    #[serde(flatten)]
    entry: Entry,
    /// Errors in the window by class.
    errors_by_class: BTreeMap<String, u64>,
    /// The last 168 hours, oldest first; an hour without a request has no figures.
    hourly: Vec<HourPoint>,
}

impl Model {
    pub(super) fn new(errors: Vec<(String, u64)>, hourly: Vec<HourPoint>, updated_at: DateTime<Utc>) -> Self {
        Self { errors, hourly, updated_at, answer: OnceLock::new() }
    }
}

impl Snapshot {
    pub(super) fn new(
        window: Window,
        (since, until): (DateTime<Utc>, DateTime<Utc>),
        (rolled_up_at, loaded_at): (Option<DateTime<Utc>>, DateTime<Utc>),
        ranked: Vec<Entry>,
        unranked: Vec<Entry>,
        models: BTreeMap<String, Model>,
    ) -> Self {
        let mut entries = ranked;
        order_entries(&mut entries, SortBy::RankingScore);
        let shown = unranked.iter().map(|entry| Unranked {
            public_name: entry.model_public_name.clone(),
            slug: entry.slug.clone(),
            requests: entry.requests,
        });
        let unranked_shown = shown.collect();
        let stats = BoardStats {
            window,
            generated_at: rolled_up_at.unwrap_or(until),
            is_rolled_up: rolled_up_at.is_some(),
            since,
            until,
            entries,
            unranked: unranked_shown,
            rendered: Default::default(),
        };
        Self { stats: Arc::new(stats), loaded_at, unranked, models, answers: Default::default() }
    }

    /// The statistics of every model with requests in the window, ranked or not.
    pub(super) fn measured(&self) -> Vec<Measured> {
        let all = self.stats.entries.iter().chain(&self.unranked).filter(|entry| entry.requests > 0);
        let measured = all.map(|entry| Measured {
            model: entry.model_public_name.clone(),
            requests: entry.requests,
            success_rate: entry.success_rate,
            p95_latency_ms: entry.p95_latency_ms,
        });
        measured.collect()
    }

    /// The JSON of the board in this order.
    pub(super) fn board_answer(&self, sort_by: SortBy) -> Arc<Answer> {
        let place = SortBy::ALL.iter().position(|one| *one == sort_by).unwrap_or_default();
        let answer = self.answers[place].get_or_init(|| {
            let mut entries = self.stats.entries.clone();
            order_entries(&mut entries, sort_by);
            Arc::new(json(&BoardDocument {
                window_days: self.stats.window.days(),
                total_entries: entries.len(),
                generated_at: self.stats.generated_at,
                entries,
                insufficient_data_models: self.unranked.iter().map(|entry| entry.model_public_name.clone()).collect(),
            }))
        });
        answer.clone()
    }

    /// The board as its page shows it.
    pub(super) fn board(&self, age_s: Option<u64>) -> Board {
        Board { stats: self.stats.clone(), age_s }
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.stats.entries.iter().chain(&self.unranked)
    }

    /// Every model by name, and the last change of the board; `None` where it has no statistics yet.
    pub(super) fn listed(&self) -> (Vec<Listed>, Option<DateTime<Utc>>) {
        let slugs: BTreeMap<&str, &str> =
            self.entries().map(|entry| (entry.model_public_name.as_str(), entry.slug.as_str())).collect();
        let listed = self.models.iter().filter_map(|(name, model)| {
            let slug = (*slugs.get(name.as_str())?).to_owned();
            Some(Listed { public_name: name.clone(), slug, updated_at: model.updated_at })
        });
        let listed: Vec<Listed> = listed.collect();
        let updated_at = listed.iter().map(|model| model.updated_at).max().filter(|_| self.stats.is_rolled_up);
        (listed, updated_at)
    }

    /// The JSON of one model by its public name.
    pub(super) fn model_answer(&self, public_name: &str) -> Option<Arc<Answer>> {
        let model = self.models.get(public_name)?;
        let answer = model.answer.get_or_init(|| {
            let Some(entry) = self.entries().find(|entry| entry.model_public_name == public_name) else {
                return Arc::new(json(&()));
            };
            Arc::new(json(&ModelDocument {
                window_days: self.stats.window.days(),
                generated_at: self.stats.generated_at,
                entry: entry.clone(),
                errors_by_class: model.errors.iter().cloned().collect(),
                hourly: model.hourly.clone(),
            }))
        });
        Some(answer.clone())
    }

    /// One model by its slug, as its page shows it.
    pub(super) fn page(&self, slug: &str, age_s: Option<u64>) -> Option<ModelPage> {
        let entry = self.entries().find(|entry| entry.slug == slug)?;
        let model = self.models.get(&entry.model_public_name)?;
        Some(ModelPage {
            window: self.stats.window,
            generated_at: self.stats.generated_at,
            since: self.stats.since,
            until: self.stats.until,
            entry: entry.clone(),
            ranked: u32::try_from(self.stats.entries.len()).unwrap_or(u32::MAX),
            errors: model.errors.clone(),
            hourly: model.hourly.clone(),
            age_s,
        })
    }
}

fn json(document: &impl Serialize) -> Answer {
    Answer::new("application/json", serde_json::to_vec(document).unwrap_or_default())
}
