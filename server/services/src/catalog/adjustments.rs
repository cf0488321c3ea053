//! What upstreams do not take: remembered for a week, applied to every call meanwhile, listed for admins, forgotten on request.

use chrono::{DateTime, TimeDelta, Utc};
use domain::catalog::admin::AdjustmentView;
use foundation::error::Error;
use serde_json::json;
use upstream::Lesson;
use uuid::Uuid;

use super::{
    CallableModel, CatalogService,
    admin::{AdjustmentViews, find},
    repo::{self, AdjustmentRow},
};
use crate::audit::{Actor, Change, record};

/// How long what was learned is applied. After that the field is sent again, since upstreams learn to take what they did not.
const LIFETIME: TimeDelta = TimeDelta::days(7);

impl CatalogService {
    /// Stores what a call has shown about a model, in the background: the answer does not wait for it, and a failure only
    /// means that the next call learns it again.
    pub fn remember(&self, model: &CallableModel, lessons: Vec<Lesson>) {
        if lessons.is_empty() {
            return;
        }
        let (this, upstream, name) = (self.clone(), model.upstream_id, model.upstream_model.clone());
        drop(self.tasks.spawn(async move {
            if let Err(error) = this.store_lessons(upstream, &name, lessons).await {
                tracing::warn!(%error, "what an upstream does not take could not be stored");
            }
        }));
    }

    async fn store_lessons(&self, upstream: Uuid, model: &str, lessons: Vec<Lesson>) -> Result<(), Error> {
        let mut tx = self.pool.begin().await?;
        for Lesson { field, adjustment, words } in lessons {
            match adjustment {
                Some(adjustment) => {
                    let row = AdjustmentRow {
                        upstream_id: upstream,
                        upstream_model: model.to_owned(),
                        field: field.as_str().to_owned(),
                        change: adjustment.change().to_owned(),
                        words,
                        learned_at: self.clock.now(),
                    };
                    repo::write_adjustment(&mut *tx, &row).await?;
                }
                None => drop(repo::delete_adjustment(&mut *tx, (upstream, model), field.as_str()).await?),
            }
        }
        repo::notify(&mut *tx).await?;
        Ok(tx.commit().await?)
    }

    /// What was learned after this moment is still applied.
    pub(super) fn learned_since(&self) -> DateTime<Utc> {
        self.clock.now() - LIFETIME
    }

    /// What is known of every model.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub(super) async fn adjustment_views(&self) -> Result<AdjustmentViews, Error> {
        let mut views = AdjustmentViews::new();
        for row in repo::adjustments_since(&self.pool, self.learned_since()).await? {
            let AdjustmentRow { upstream_id, upstream_model, field, change, words, learned_at } = row;
            let view = AdjustmentView { field, change, words, learned_at };
            views.entry((upstream_id, upstream_model)).or_default().push(view);
        }
        Ok(views)
    }

    /// Forgets what is known of one field of a model, with an entry in the audit log, so that the next call sends it again.
    ///
    /// # Errors
    ///
    /// [`domain::error::AppError::NotFound`] where there is no such model. What is not known can be forgotten.
    pub(super) async fn forget_adjustment(&self, actor: &Actor, slug: &str, field: &str) -> Result<(), Error> {
        let mut tx = self.pool.begin().await?;
        let model = find(repo::all_models(&mut *tx).await?, slug)?;
        if repo::delete_adjustment(&mut *tx, (model.upstream_id, &model.upstream_model), field).await? {
            let change = Change::new("model.forget_adjustment", &model.public_name, json!({"field": field}));
            record(&mut tx, actor, &change, self.clock.now()).await?;
            repo::notify(&mut *tx).await?;
        }
        Ok(tx.commit().await?)
    }
}
