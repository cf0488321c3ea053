//! Statements on `playground_templates`. Every one takes the member's id.

use chrono::{DateTime, Utc};
use domain::{TemplateId, UserId};
use foundation::error::Error;
use sqlx::PgExecutor;
use uuid::Uuid;

/// A template as it is stored.
pub(super) struct TemplateRow {
    pub id: Uuid,
    pub name_ct: Vec<u8>,
    pub body_ct: Vec<u8>,
}

/// An encrypted template to be stored.
pub(super) struct NewTemplate<'a> {
    pub id: TemplateId,
    pub name_ct: &'a [u8],
    pub body_ct: &'a [u8],
    pub now: DateTime<Utc>,
}

/// The member's templates, oldest first; at most 100.
#[tracing::instrument(name = "db.playground_templates.list", skip_all)]
pub(super) async fn list(db: impl PgExecutor<'_>, user: UserId) -> Result<Vec<TemplateRow>, Error> {
    let rows = sqlx::query_as!(
        TemplateRow,
        "SELECT id, name_ct, body_ct FROM playground_templates WHERE user_id = $1 ORDER BY created_at, id LIMIT 100",
        user.0,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// Inserts a template. `false`: the member has the maximum of 100 already.
#[tracing::instrument(name = "db.playground_templates.insert", skip_all)]
pub(super) async fn insert(db: impl PgExecutor<'_>, user: UserId, new: &NewTemplate<'_>) -> Result<bool, Error> {
    let done = sqlx::query!(
        r#"
        INSERT INTO playground_templates (id, user_id, name_ct, body_ct, created_at, updated_at)
        SELECT $1, $2, $3, $4, $5, $5
        WHERE (SELECT count(*) FROM playground_templates WHERE user_id = $2) < 100
        "#,
        new.id.0,
        user.0,
        new.name_ct,
        new.body_ct,
        new.now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Replaces a template. `false`: the member has no such template.
#[tracing::instrument(name = "db.playground_templates.update", skip_all)]
pub(super) async fn update(db: impl PgExecutor<'_>, user: UserId, new: &NewTemplate<'_>) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE playground_templates SET name_ct = $3, body_ct = $4, updated_at = $5 WHERE id = $1 AND user_id = $2",
        new.id.0,
        user.0,
        new.name_ct,
        new.body_ct,
        new.now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Deletes a template. `false`: the member has no such template.
#[tracing::instrument(name = "db.playground_templates.delete", skip_all)]
pub(super) async fn delete(db: impl PgExecutor<'_>, user: UserId, id: TemplateId) -> Result<bool, Error> {
    let done = sqlx::query!("DELETE FROM playground_templates WHERE id = $1 AND user_id = $2", id.0, user.0)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}
