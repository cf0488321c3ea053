//! A member's history of comparisons.

use std::collections::HashMap;

use domain::{
    ComparisonId, RunId,
    accounts::Viewer,
    error::AppError,
    playground::{HistoryEntry, HistoryFilter, HistoryRun},
};
use uuid::Uuid;

use super::PlaygroundService;
use crate::playground::{
    mapping,
    repo::{SessionRow, runs},
};

impl PlaygroundService {
    /// Decrypts rows of the history and keeps those that pass the filter.
    ///
    /// # Errors
    /// What the database returns. A prompt that cannot be decrypted is no error; its row says so.
    pub(super) async fn entries(
        &self,
        viewer: &Viewer,
        rows: Vec<SessionRow>,
        filter: &HistoryFilter,
    ) -> Result<Vec<HistoryEntry>, AppError> {
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let mut runs_of: HashMap<Uuid, Vec<HistoryRun>> = HashMap::new();
        for row in runs::history_runs(&self.executor.pool, &ids).await? {
            let run = HistoryRun {
                id: RunId(row.id),
                position: u8::try_from(row.position).unwrap_or_default(),
                model: row.model_public_name,
                status: mapping::status(&row.status)?,
            };
            runs_of.entry(row.session_id).or_default().push(run);
        }
        let dek = self.accounts.data_key(viewer.id).await?;
        let entries = rows.into_iter().filter_map(|row| {
            let prompt = mapping::prompt(&dek, row.id, &row.prompt_ct);
            let is_shared = row.shared_at.is_some();
            let entry = HistoryEntry {
                id: ComparisonId(row.id),
                created_at: row.created_at,
                prompt_preview: mapping::preview(&prompt),
                is_shared,
                public_url: row.share_slug.filter(|_| is_shared).map(|slug| self.public_url.shared(&slug)),
                picked_run_id: row.picked_run_id.map(RunId),
                runs: runs_of.remove(&row.id).unwrap_or_default(),
            };
            filter.wants(&prompt, &entry).then_some(entry)
        });
        Ok(entries.collect())
    }
}
