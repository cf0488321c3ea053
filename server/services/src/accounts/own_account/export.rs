//! Exporting everything that a member has here as one JSON file. Comparisons are read one after the other while the client
//! fetches the file (back-pressure), so that never more than one of them is in memory.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::{
    ComparisonId,
    accounts::{OwnAccount, Viewer},
    error::AppError,
    keys::{ApiKey, KeysPort},
    playground::{Comparison, PlaygroundPort},
    routing::{Route, RoutingPort},
    share::{SharePort, SharedContent},
    templates::{Template, TemplatePort},
};
use foundation::{clock::Clock, error::Error};
use futures::stream::{self, Stream};
use serde::Serialize;

use crate::{
    accounts::AccountService, keys::KeyService, playground::PlaygroundService, routing::RoutingService,
    share::ShareService, templates::TemplateService,
};

/// How many ids of comparisons are read at a time.
const BATCH: i64 = 100;

/// The services that hold a member's data.
#[derive(Clone)]
pub struct Exporter {
    pub clock: Arc<dyn Clock>,
    pub accounts: Arc<AccountService>,
    pub playground: Arc<PlaygroundService>,
    pub share: Arc<ShareService>,
    pub templates: Arc<TemplateService>,
    pub keys: Arc<KeyService>,
    pub routing: Arc<RoutingService>,
}

/// The part of the file before the comparisons.
#[derive(Serialize)]
struct Head {
    exported_at: DateTime<Utc>,
    account: Account,
    templates: Vec<Template>,
    routing: Route,
    keys: Vec<ApiKey>,
}

#[derive(Serialize)]
struct Account {
    #[serde(flatten)]
    viewer: Viewer,
    #[serde(flatten)]
    own: OwnAccount,
}

#[derive(Serialize)]
struct Entry {
    #[serde(flatten)]
    comparison: Comparison,
    /// The snapshot that readers of the link see; it may be older than the comparison.
    shared_content: Option<SharedContent>,
}

impl Exporter {
    /// The file as a stream of chunks.
    ///
    /// # Errors
    /// Where its first part cannot be read. If a comparison cannot be read later, the stream ends with an error and the file is
    /// incomplete.
    pub(super) async fn file(
        self,
        viewer: Viewer,
        token: Option<&str>,
    ) -> Result<impl Stream<Item = Result<Bytes, AppError>> + Send + 'static, AppError> {
        let head = Head {
            exported_at: self.clock.now(),
            templates: self.templates.templates(&viewer).await?,
            routing: self.routing.route(&viewer).await?,
            keys: self.keys.keys(&viewer).await?,
            account: Account { viewer: viewer.clone(), own: self.accounts.own_account(viewer.id, token).await? },
        };
        let head = json(&head)?;
        // The comparisons are appended to the head's object, before its closing brace.
        let opening = format!("{},\n\"comparisons\":[", head.strip_suffix('}').unwrap_or(&head));
        let walk = Walk { exporter: self, viewer, waiting: VecDeque::new(), after: None, step: Step::Opening(opening) };
        Ok(stream::try_unfold(walk, async |mut walk| Ok(walk.next().await?.map(|piece| (piece.into(), walk)))))
    }
}

/// The state of a file that is being written.
struct Walk {
    exporter: Exporter,
    viewer: Viewer,
    waiting: VecDeque<ComparisonId>,
    after: Option<ComparisonId>,
    step: Step,
}

enum Step {
    Opening(String),
    /// Whether a comparison has been written.
    Comparisons(bool),
    Closed,
}

impl Walk {
    async fn next(&mut self) -> Result<Option<String>, AppError> {
        match &mut self.step {
            Step::Opening(text) => {
                let text = std::mem::take(text);
                self.step = Step::Comparisons(false);
                Ok(Some(text))
            }
            Step::Comparisons(has_one) => {
                let lead = if *has_one { ",\n" } else { "\n" };
                match self.entry().await? {
                    Some(entry) => {
                        self.step = Step::Comparisons(true);
                        Ok(Some([lead, &json(&entry)?].concat()))
                    }
                    None => {
                        self.step = Step::Closed;
                        Ok(Some("\n]}\n".into()))
                    }
                }
            }
            Step::Closed => Ok(None),
        }
    }

    /// The next comparison, without those deleted meanwhile; `None` after the last.
    async fn entry(&mut self) -> Result<Option<Entry>, AppError> {
        let Exporter { playground, share, .. } = &self.exporter;
        loop {
            if self.waiting.is_empty() {
                self.waiting = playground.ids(&self.viewer, self.after, BATCH).await?.into();
            }
            let Some(id) = self.waiting.pop_front() else { return Ok(None) };
            self.after = Some(id);
            let comparison = match playground.find(&self.viewer, id).await {
                Err(AppError::NotFound(_)) => continue,
                found => found?,
            };
            let slug = comparison.share_slug.as_ref().filter(|_| comparison.is_shared);
            let shared_content = match slug {
                // An error means that it was unshared meanwhile: it is exported as not shared.
                Some(slug) => share.shared(slug).await.ok().map(|shared| shared.content),
                None => None,
            };
            return Ok(Some(Entry { comparison, shared_content }));
        }
    }
}

fn json(value: &impl Serialize) -> Result<String, AppError> {
    Ok(serde_json::to_string(value).map_err(|error| Error::Internal(format!("an export: {error}")))?)
}
