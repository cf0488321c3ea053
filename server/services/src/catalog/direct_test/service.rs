//! Testing one model, or values that have not been saved.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use axum::http::HeaderMap;
use domain::{
    Usd,
    accounts::Admin,
    catalog::admin::{Tell, TestReport, TestRequest, TestRow, TestsPort, UnsavedTest, Verdict},
    error::{AppError, FieldError},
};
use foundation::error::Error;
use secrecy::SecretString;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use upstream::{Depth, Probe, Target, Timeouts, check_base_url, diagnose};

use super::request::check_prompt;
use crate::{
    audit::{Actor, Change, record},
    catalog::{
        CatalogService, Prices,
        admin::{find, rules},
        headers::{Headers, merge_headers, read_headers, write_headers},
        repo::{self, FullModelRow},
    },
};

/// Tests that run concurrently; more are refused.
const AT_ONCE: usize = 8;

/// The direct test.
pub struct DirectTestService {
    pub(super) catalog: Arc<CatalogService>,
    permits: Arc<Semaphore>,
}

/// A test that may begin.
pub(super) struct Prepared {
    actor: Actor,
    /// The model, where it is saved.
    pub(super) model: Option<FullModelRow>,
    pub(super) probe: Probe,
    _permit: Option<OwnedSemaphorePermit>,
}

impl DirectTestService {
    /// A service over this catalogue.
    pub fn new(catalog: Arc<CatalogService>) -> Self {
        Self { catalog, permits: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Checks the request and finds the model, enabled or not.
    pub(super) async fn prepare(&self, admin: &Admin, slug: &str, request: TestRequest) -> Result<Prepared, Error> {
        let prompt = check_prompt(request)?;
        let model = find(repo::all_models(&self.catalog.pool).await?, slug)?;
        let (_, target) = self.catalog.stored_target(model.upstream_id).await?;
        let probe = Probe { target, model: Some(model.upstream_model.clone()), depth: Depth::Answer, prompt };
        Ok(Prepared { actor: admin.into(), model: Some(model), probe, _permit: Some(self.permit()?) })
    }

    /// The same for values that have not been saved. Their base URL is checked as when saving.
    pub(super) async fn prepare_values(&self, admin: &Admin, values: UnsavedTest) -> Result<Prepared, Error> {
        let prompt = check_prompt(values.request)?;
        let refuse = |field: &str, code: &str, message: String| {
            Error::from(AppError::Invalid(vec![FieldError::new(field, code, message)]))
        };
        let base_url =
            check_base_url(&values.base_url).map_err(|error| refuse("base_url", error.code(), error.to_string()))?;
        let stored = match values.upstream_id {
            Some(id) => Some(self.catalog.stored_target(id.0).await?.1),
            None => None,
        };
        // Stored secrets are used only for the origin that they were entered for.
        let stored = stored.filter(|stored| stored.base_url.origin() == base_url.origin());
        let key = values.api_key.filter(|key| !key.trim().is_empty());
        let key = key.map(|key| rules::api_key(&key)).transpose().map_err(|error| AppError::Invalid(vec![error]))?;
        let allow_private = stored.as_ref().is_some_and(|stored| stored.allow_private);
        self.catalog.refuse_private(&base_url, allow_private).await?;
        let target = Target {
            base_url,
            headers: headers(values.headers, stored.as_ref())?,
            api_key: key.map(SecretString::from).or_else(|| stored.as_ref()?.api_key.clone()),
            allow_private,
            timeouts: stored.as_ref().map_or_else(Timeouts::default, |stored| stored.timeouts),
        };
        let model = values.upstream_model.map(|model| model.trim().to_owned()).filter(|model| !model.is_empty());
        let probe = Probe { target, model, depth: Depth::Answer, prompt };
        Ok(Prepared { actor: admin.into(), model: None, probe, _permit: Some(self.permit()?) })
    }

    fn permit(&self) -> Result<OwnedSemaphorePermit, Error> {
        self.permits.clone().try_acquire_owned().map_err(|_| {
            AppError::Conflict("Several tests are running already. Wait until one of them has ended.".into()).into()
        })
    }

    /// Runs a test and stores its result and its entry in the audit log. Dropping the future ends the test without either.
    pub(super) async fn run(&self, prepared: Prepared, mut tell: Tell) -> Result<TestReport, Error> {
        let mut report = diagnose(&self.catalog.client, &prepared.probe, &mut *tell).await;
        let subject = match &prepared.model {
            Some(model) => {
                self.note_health(model, &report);
                report.list_cost_usd = list_cost(model, &report);
                model.public_name.clone()
            }
            None => prepared.probe.target.base_url.to_string(),
        };
        let action = if prepared.model.is_some() { "model.test" } else { "upstream.test" };
        let detail = match report.failed_stage {
            Some(stage) => json!({"verdict": report.verdict, "failed_stage": stage}),
            None => json!({"verdict": report.verdict}),
        };
        self.keep(&prepared.actor, prepared.model.as_ref(), &report, Change::new(action, subject, detail)).await?;
        Ok(report)
    }

    /// A test tells of the model what any other call does.
    pub(super) fn note_health(&self, model: &FullModelRow, report: &TestReport) {
        if report.health.is_some() || report.verdict == Verdict::Works {
            self.catalog.health.note(model.upstream_id, &model.upstream_model, report.health);
        }
    }

    async fn keep(
        &self,
        actor: &Actor,
        model: Option<&FullModelRow>,
        report: &TestReport,
        change: Change,
    ) -> Result<(), Error> {
        let (pool, now, actor) = (self.catalog.pool.clone(), self.catalog.clock.now(), actor.clone());
        let (model, report) = (model.map(|model| model.id), report.clone());
        let work = async move {
            let mut tx = pool.begin().await?;
            if let Some(model) = model {
                repo::write_test_result(&mut *tx, model, &report, now).await?;
            }
            record(&mut tx, &actor, &change, now).await?;
            tx.commit().await?;
            Ok::<_, Error>(())
        };
        self.catalog.tasks.detached(work).await
    }
}

#[async_trait]
impl TestsPort for DirectTestService {
    async fn test(&self, admin: &Admin, slug: &str, request: TestRequest) -> Result<TestReport, AppError> {
        let prepared = self.prepare(admin, slug, request).await?;
        Ok(self.run(prepared, Box::new(|_| {})).await?)
    }

    async fn test_values(&self, admin: &Admin, values: UnsavedTest) -> Result<TestReport, AppError> {
        let prepared = self.prepare_values(admin, values).await?;
        Ok(self.run(prepared, Box::new(|_| {})).await?)
    }

    async fn test_all(&self, admin: &Admin) -> Result<Vec<TestRow>, AppError> {
        Ok(self.all(admin).await?)
    }
}

fn list_cost(model: &FullModelRow, report: &TestReport) -> Option<Usd> {
    let prices = Prices { input: model.input_price_per_million_usd, output: model.output_price_per_million_usd };
    prices.cost(report.tokens_in, report.tokens_out).map(|cost| Usd(cost.to_string()))
}

/// The headers of a form; those without a value are the stored ones.
fn headers(given: BTreeMap<String, Option<String>>, stored: Option<&Target>) -> Result<HeaderMap, Error> {
    let stored: Headers =
        stored.into_iter().flat_map(|stored| &stored.headers).fold(Headers::new(), |mut all, (name, value)| {
            all.insert(name.to_string(), value.to_str().unwrap_or_default().to_owned());
            all
        });
    let merged = merge_headers(given, &stored).map_err(AppError::Invalid)?;
    read_headers(&write_headers(&merged))
}
