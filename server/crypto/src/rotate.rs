//! Re-wrapping everything under the primary master key.
//!
//! The operator's procedure: add the new key *after* the old one on every replica and restart; put it first and restart; run
//! `quadrille keys rotate`; when nothing remains, remove the old key. Each row can be unwrapped at any time, because its
//! wrapped bytes and its key version change in one statement, as a compare and swap. An interrupted rotation can therefore
//! be run again, and two at once do no harm.

use foundation::error::Error;
use sqlx::PgPool;
use uuid::Uuid;

use crate::{Keyring, Wrapped, repo, wrap::Purpose};

/// Rows read at a time.
const BATCH: i64 = 200;

/// The outcome of a rotation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// Secrets re-wrapped under the primary.
    pub rewrapped: u64,
    /// Secrets that could not be unwrapped because their row is damaged; the row is not changed.
    pub unreadable: u64,
    /// Secrets still under another key: the unreadable ones, and those written meanwhile by a replica whose primary is still
    /// the old key.
    pub remaining: u64,
}

/// Re-wraps every secret that is not under the primary. Safe while servers are running; idempotent. Cancelled, it leaves the
/// remaining secrets under their old key.
///
/// # Errors
/// Where the database fails. A secret that cannot be unwrapped is counted and logged instead.
pub async fn rotate(pool: &PgPool, keyring: &Keyring) -> Result<Rotation, Error> {
    let mut done = Rotation::default();
    for purpose in [Purpose::DataKey, Purpose::UpstreamApiKey, Purpose::UpstreamHeaders] {
        let mut after = Uuid::nil();
        loop {
            let batch = repo::not_under(pool, purpose, keyring.primary_version(), after, BATCH).await?;
            let Some((last, _)) = batch.last() else { break };
            after = *last;
            for (owner, old) in &batch {
                match keyring.rewrap(purpose, *owner, old) {
                    Ok(new) => done.rewrapped += store(pool, purpose, *owner, old, &new).await?,
                    Err(error) => {
                        tracing::error!(row.id = %owner, key.version = old.key_version, %error, "not re-wrapped");
                        done.unreadable += 1;
                    }
                }
            }
        }
    }
    done.remaining = repo::count_not_under(pool, keyring.primary_version()).await?;
    Ok(done)
}

async fn store(pool: &PgPool, purpose: Purpose, owner: Uuid, old: &Wrapped, new: &Wrapped) -> Result<u64, Error> {
    match purpose {
        Purpose::DataKey => repo::replace_data_key(pool, owner, old, new).await,
        Purpose::UpstreamApiKey => repo::replace_api_key(pool, owner, old, new).await,
        Purpose::UpstreamHeaders => repo::replace_headers(pool, owner, old, new).await,
        Purpose::Canary => Ok(0),
    }
}
