//! Moving everything that is wrapped to the primary master key.
//!
//! How an operator rotates: add the new key *after* the old one on every replica and restart; then put it first and
//! restart; run `quadrille keys rotate`; when it reports nothing left, remove the old key. Each row is readable at every
//! moment: its wrapped bytes and its key version change in one statement, guarded by what was read, so that a run that is
//! killed can be started again and two of them at once do no harm.

use foundation::error::Error;
use sqlx::PgPool;
use uuid::Uuid;

use crate::{Keyring, Wrapped, repo, wrap::Purpose};

const BATCH: i64 = 200;

/// What a rotation did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// Data keys, upstream keys and upstream headers now under the primary.
    pub rewrapped: u64,
    /// Those that could not be opened (damaged rows); they are left as they are.
    pub unreadable: u64,
    /// Those that are still under another key: the unreadable ones, and what was written meanwhile by a replica whose
    /// primary is still the old key.
    pub remaining: u64,
}

/// Re-wraps every data key and every key and header of an upstream that is not under the primary. Safe while serving.
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
