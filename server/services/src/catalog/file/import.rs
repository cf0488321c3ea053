//! Imports a file: its entries are created or changed; what is not in it stays. A dry run does the same in a transaction that
//! is rolled back, so that its report is exact.

use domain::{
    UpstreamId,
    catalog::admin::{CatalogDiff, DiffLine, ModelEdit, UpstreamEdit},
    error::{AppError, FieldError},
};
use foundation::error::Error;
use sqlx::PgConnection;
use upstream::{BaseUrl, check_base_url};
use uuid::Uuid;

use super::{
    CatalogFileService,
    shape::{File, read},
};
use crate::{
    audit::{Actor, Change, record},
    catalog::{
        CatalogService,
        admin::{ModelWrite, by_slug},
        repo,
    },
};

impl CatalogFileService {
    /// Imports the file, or reports what that would change.
    pub async fn read_file(&self, actor: &Actor, text: &str, is_dry_run: bool) -> Result<CatalogDiff, Error> {
        let file = read(text)?;
        let urls = self.checked_urls(&file).await?;
        let (catalog, actor) = (self.catalog.clone(), actor.clone());
        let work = async move {
            let mut tx = catalog.pool.begin().await?;
            let diff = apply(&catalog, &mut tx, &actor, file, urls).await?;
            if !is_dry_run && !diff.lines.is_empty() {
                let detail = serde_json::json!({"changes": diff.lines.len(), "unchanged": diff.unchanged});
                record(&mut tx, &actor, &Change::new("catalog.import", "file", detail), catalog.clock.now()).await?;
                repo::notify(&mut *tx).await?;
                tx.commit().await?;
            }
            Ok(diff)
        };
        self.catalog.tasks.detached(work).await
    }

    /// Every base URL of the file, checked as when it is saved.
    async fn checked_urls(&self, file: &File) -> Result<Vec<BaseUrl>, Error> {
        let stored = repo::all_upstreams(&self.catalog.pool).await?;
        let mut urls = Vec::new();
        for entry in &file.upstreams {
            let refuse = |error: &str| in_file(&format!("upstream {}", entry.name), error);
            let url = check_base_url(&entry.base_url).map_err(|error| refuse(&error.to_string()))?;
            let same = stored.iter().find(|row| row.name == entry.name.trim());
            let allow_private = same.is_some_and(|row| {
                row.allow_private && check_base_url(&row.base_url).is_ok_and(|stored| stored.origin() == url.origin())
            });
            if let Some(refusal) = self.catalog.client.refusal(&url, allow_private).await {
                return Err(refuse(&refusal));
            }
            urls.push(url);
        }
        Ok(urls)
    }
}

async fn apply(
    catalog: &CatalogService,
    tx: &mut PgConnection,
    actor: &Actor,
    file: File,
    urls: Vec<BaseUrl>,
) -> Result<CatalogDiff, Error> {
    repo::lock_models(&mut *tx).await?;
    let mut diff = CatalogDiff::default();
    for (entry, url) in file.upstreams.into_iter().zip(urls) {
        let id = repo::upstream_id(&mut *tx, entry.name.trim()).await?;
        let edit = UpstreamEdit {
            name: Some(entry.name.clone()),
            base_url: None,
            is_enabled: Some(entry.is_enabled),
            timeout_ms: entry.timeout_ms,
            first_byte_ms: entry.first_byte_ms,
            idle_ms: entry.idle_ms,
            ..UpstreamEdit::default()
        };
        let what = format!("upstream {}", entry.name);
        let written = catalog.write_upstream_edit(tx, actor, id.map(UpstreamId), edit, Some(url)).await;
        let (_, detail) = written.map_err(|error| place(error, &what))?;
        note(&mut diff, what, id.is_none(), detail);
    }
    let known = by_slug(repo::all_models(&mut *tx).await?);
    let mut order: Vec<Uuid> = Vec::new();
    for entry in file.models {
        let (slug, what) = (entry.slug.trim().to_owned(), format!("model {}", entry.public_name));
        let stored = known.get(&slug).cloned();
        let is_new = stored.is_none();
        let ModelWrite { id, detail, .. } = catalog
            .write_edited(tx, actor, stored, ModelEdit::from(entry))
            .await
            .map_err(|error| place(error, &what))?;
        order.push(id);
        note(&mut diff, what, is_new, serde_json::Value::Object(detail));
    }
    let before: Vec<Uuid> = repo::all_models(&mut *tx).await?.into_iter().map(|row| row.id).collect();
    repo::place_models(&mut *tx, &order).await?;
    let after: Vec<Uuid> = repo::all_models(&mut *tx).await?.into_iter().map(|row| row.id).collect();
    if before != after {
        diff.lines.push(DiffLine { subject: "order of the picker".into(), is_new: false, fields: Vec::new() });
    }
    Ok(diff)
}

fn note(diff: &mut CatalogDiff, subject: String, is_new: bool, detail: serde_json::Value) {
    let fields: Vec<String> =
        detail.as_object().into_iter().flatten().map(|(name, value)| format!("{name} = {value}")).collect();
    match fields.is_empty() && !is_new {
        true => diff.unchanged += 1,
        false => diff.lines.push(DiffLine { subject, is_new, fields }),
    }
}

/// The errors of an entry, each with the entry's name in front.
fn place(error: Error, what: &str) -> Error {
    match error {
        Error::App(AppError::Invalid(errors)) => {
            let messages: Vec<String> =
                errors.into_iter().map(|error| format!("{}: {}", error.field, error.message)).collect();
            in_file(what, &messages.join(" "))
        }
        other => other,
    }
}

fn in_file(what: &str, message: &str) -> Error {
    let message = format!("In {what}: {message}");
    AppError::Invalid(vec![FieldError::new("file", "invalid_entry", message)]).into()
}
