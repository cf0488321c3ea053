//! "Test all": one token of every enabled model.

use std::time::Duration;

use domain::{
    accounts::Admin,
    catalog::admin::{TestRow, Verdict},
};
use foundation::error::Error;
use futures::{FutureExt, StreamExt, stream};
use serde_json::json;
use upstream::{Depth, Probe, TestPrompt, diagnose};

use super::DirectTestService;
use crate::{
    audit::{Actor, Change, record},
    catalog::repo::{self, FullModelRow},
};

/// Models tested concurrently.
const AT_ONCE: usize = 4;
/// Limit of each request of one test.
const EACH: Duration = Duration::from_secs(30);
/// Limit of the whole run; models that are not reached keep their previous result.
const WHOLE: Duration = Duration::from_secs(180);

impl DirectTestService {
    /// Tests every enabled model of every enabled upstream and stores each result as it arrives. The rows are in the order of the
    /// picker.
    pub(super) async fn all(&self, admin: &Admin) -> Result<Vec<TestRow>, Error> {
        let models = repo::all_models(&self.catalog.pool).await?;
        let models: Vec<_> = models.into_iter().filter(|model| model.is_enabled && model.is_upstream_enabled).collect();
        let count = models.len();
        let mut rows = Vec::new();
        let mut tests = stream::iter(models.into_iter().enumerate())
            .map(|(place, model)| async move { (place, self.one_token(model).await) }.boxed())
            .buffer_unordered(AT_ONCE);
        let until = tokio::time::Instant::now() + WHOLE;
        while let Ok(Some((place, row))) = tokio::time::timeout_at(until, tests.next()).await {
            rows.push((place, row?));
        }
        drop(tests);
        rows.sort_by_key(|(place, _)| *place);
        let rows: Vec<TestRow> = rows.into_iter().map(|(_, row)| row).collect();
        let works = rows.iter().filter(|row| row.report.verdict == Verdict::Works).count();
        let change =
            Change::new("catalog.test", "all models", json!({"models": count, "tested": rows.len(), "work": works}));
        let (pool, now, actor) = (self.catalog.pool.clone(), self.catalog.clock.now(), Actor::from(admin));
        let work = async move { record(&mut *pool.acquire().await?, &actor, &change, now).await };
        self.catalog.tasks.detached(work).await?;
        Ok(rows)
    }

    async fn one_token(&self, model: FullModelRow) -> Result<TestRow, Error> {
        let (_, mut target) = self.catalog.stored_target(model.upstream_id).await?;
        target.timeouts = target.timeouts.capped(EACH);
        let probe = Probe {
            target,
            model: Some(model.upstream_model.clone()),
            depth: Depth::Reply,
            prompt: TestPrompt::default(),
        };
        let report = diagnose(&self.catalog.client, &probe, &mut |_| {}).await;
        self.note_health(&model, &report);
        repo::write_test_result(&self.catalog.pool, model.id, &report, self.catalog.clock.now()).await?;
        Ok(TestRow { public_name: model.public_name, slug: model.slug, report })
    }
}
