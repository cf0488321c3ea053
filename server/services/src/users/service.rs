//! User administration: listing, inviting, changing and deleting accounts.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;
use domain::{
    UserId,
    accounts::{Admin, Role},
    error::{AppError, FieldError, Noun},
    users::{Invitation, InviteRequest, UserEdit, UserList, UserView, UsersPort},
};
use foundation::{clock::Clock, error::Error, shutdown::Tasks};
use secrecy::ExposeSecret;
use serde_json::json;
use sqlx::PgPool;

use super::repo::{self, UserRow};
use crate::{
    PublicUrl,
    accounts::{AccountService, delete_sign_ins_of, stored_role},
    audit::{Actor, Change, record},
    playground::PlaygroundService,
};

/// Accounts on a page.
const PAGE: usize = 200;

/// User administration.
#[derive(Clone)]
pub struct UserService {
    pool: PgPool,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
    accounts: Arc<AccountService>,
    playground: Arc<PlaygroundService>,
    public_url: PublicUrl,
}

impl UserService {
    /// The service with its dependencies.
    pub fn new(
        pool: PgPool,
        clock: Arc<dyn Clock>,
        tasks: Tasks,
        accounts: Arc<AccountService>,
        playground: Arc<PlaygroundService>,
        public_url: PublicUrl,
    ) -> Self {
        Self { pool, clock, tasks, accounts, playground, public_url }
    }

    /// Deletes an account for its own member, who has been re-authenticated. The audit log records it without the e-mail address,
    /// which is erased with the account. Runs to its end even if the caller goes away.
    ///
    /// # Errors
    /// [`AppError::Conflict`] for the last admin.
    pub async fn erase_own(&self, id: UserId) -> Result<(), Error> {
        let this = self.clone();
        self.tasks.detached(async move { this.erase(id, None).await }).await
    }

    async fn make_invitation(&self, admin: &Admin, request: InviteRequest) -> Result<Invitation, Error> {
        let days = request.days.unwrap_or(7);
        if !(1..=90).contains(&days) {
            let message = "An invitation stands for 1 to 90 days.";
            return Err(AppError::Invalid(vec![FieldError::new("days", "out_of_range", message)]).into());
        }
        let (role, valid_for) = (request.role.unwrap_or(Role::Member), TimeDelta::days(days.into()));
        let email = request.email.map(|email| email.trim().to_owned()).filter(|email| !email.is_empty());
        let now = self.clock.now();
        let token = self.accounts.create_invite(email.clone(), role, Some(admin.viewer().id), valid_for).await?;
        let change = Change::new(
            "invite.create",
            email.unwrap_or_else(|| "anybody".into()),
            json!({"role": role, "days": days}),
        );
        let (pool, actor) = (self.pool.clone(), Actor::from(admin));
        let written = async move { record(&mut *pool.acquire().await?, &actor, &change, now).await };
        self.tasks.detached(written).await?;
        let url = self.public_url.join(&format!("/sign-up?invite={}", token.expose_secret()));
        Ok(Invitation { url, expires_at: now + valid_for })
    }

    async fn change_user(&self, actor: &Actor, id: UserId, edit: UserEdit) -> Result<(), Error> {
        let mut tx = self.pool.begin().await?;
        let target = repo::lock(&mut tx, id).await?.ok_or(AppError::NotFound(Noun::Account))?;
        let is_admin = edit.role.map_or(target.is_admin, |role| role == Role::Admin);
        let is_disabled = edit.is_disabled.unwrap_or(target.is_disabled);
        if actor.id == Some(id) {
            return Err(AppError::Conflict("This is your own account. Ask another admin to change it.".into()).into());
        }
        if !is_admin || is_disabled {
            self.refuse_last(&mut tx, id).await?;
        }
        let now = self.clock.now();
        let role = if is_admin { Role::Admin } else { Role::Member };
        repo::change(&mut *tx, id, role, is_disabled.then_some(now)).await?;
        if is_disabled {
            delete_sign_ins_of(&mut *tx, id).await?;
        }
        let detail = json!({"role": role, "is_disabled": is_disabled});
        record(&mut tx, actor, &Change::new("user.change", target.email, detail), now).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Deletes an account with its data key and everything else. Its runs in this process are cancelled at once; other processes
    /// find theirs gone with the next heartbeat.
    async fn erase(&self, id: UserId, admin: Option<Actor>) -> Result<(), Error> {
        let mut tx = self.pool.begin().await?;
        let target = repo::lock(&mut tx, id).await?.ok_or(AppError::NotFound(Noun::Account))?;
        if target.is_admin && !target.is_disabled {
            self.refuse_last(&mut tx, id).await?;
        }
        repo::delete(&mut *tx, id).await?;
        let (actor, subject) = match admin {
            Some(admin) => (admin, target.email),
            None => (Actor::member(), format!("account {id}")),
        };
        record(&mut tx, &actor, &Change::new("user.delete", subject, json!({})), self.clock.now()).await?;
        tx.commit().await?;
        self.playground.stop_all(id);
        Ok(())
    }

    /// Refuses a change that would leave no admin, since only an admin can make another one on the site.
    async fn refuse_last(&self, db: &mut sqlx::PgConnection, id: UserId) -> Result<(), Error> {
        match repo::other_admins(db, id).await? {
            0 => Err(AppError::Conflict("No admin would be left. Make somebody else an admin first.".into()).into()),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl UsersPort for UserService {
    async fn users(&self, _: &Admin, after: Option<&str>) -> Result<UserList, AppError> {
        let mut rows = repo::page(&self.pool, after, PAGE as i64 + 1).await?;
        let has_more = rows.len() > PAGE;
        rows.truncate(PAGE);
        let users: Vec<UserView> = rows.into_iter().map(UserView::from).collect();
        let next = users.last().filter(|_| has_more).map(|user| user.email.clone());
        Ok(UserList { users, next })
    }

    async fn invite(&self, admin: &Admin, request: InviteRequest) -> Result<Invitation, AppError> {
        Ok(self.make_invitation(admin, request).await?)
    }

    async fn change(&self, admin: &Admin, id: UserId, edit: UserEdit) -> Result<(), AppError> {
        let (this, actor) = (self.clone(), Actor::from(admin));
        Ok(self.tasks.detached(async move { this.change_user(&actor, id, edit).await }).await?)
    }

    async fn delete(&self, admin: &Admin, id: UserId) -> Result<(), AppError> {
        if admin.viewer().id == id {
            let why = "This is your own account. Delete it on the page of your account.";
            return Err(AppError::Conflict(why.into()));
        }
        let (this, actor) = (self.clone(), Actor::from(admin));
        Ok(self.tasks.detached(async move { this.erase(id, Some(actor)).await }).await?)
    }
}

impl From<UserRow> for UserView {
    fn from(row: UserRow) -> Self {
        Self {
            id: UserId(row.id),
            email: row.email,
            role: stored_role(&row.role),
            created_at: row.created_at,
            disabled_at: row.disabled_at,
            last_seen_at: row.last_seen_at,
            comparisons: u32::try_from(row.comparisons).unwrap_or(u32::MAX),
        }
    }
}
