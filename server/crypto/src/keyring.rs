//! The verified master keys of a running server.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::UserId;
use foundation::error::{Error, OperatorError};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    Dek, MasterKeys, Wrapped,
    canary::{self, Identified},
    master::MasterKey,
    repo,
    wrap::{self, Purpose},
};

/// Wraps and unwraps secrets. Constructing it verifies that the configured master keys fit the database.
pub struct Keyring {
    by_version: BTreeMap<i32, MasterKey>,
    unproven: Vec<MasterKey>,
    primary: i32,
}

impl Keyring {
    /// Verifies the configured keys against the database, and stores a canary for a primary that is used for the first time.
    /// Called at the start, before anything is served. Holds a lock on `master_keys` meanwhile, which blocks other writers
    /// and no readers.
    ///
    /// # Errors
    /// Where the keys do not fit the database (with a remedy), or it cannot be reached.
    pub async fn load(pool: &PgPool, keys: MasterKeys, now: DateTime<Utc>) -> Result<Self, Error> {
        let mut tx = pool.begin().await?;
        // Serializes replicas that start at once, so that both see the same versions.
        repo::lock_master_keys(&mut *tx).await?;
        let found = identify(&mut tx, keys).await?;
        if let Some(row) = &found.new_row {
            repo::insert_canary(&mut *tx, row, now).await?;
            tracing::info!(key.version = row.version, "a new master key is in use");
        }
        tx.commit().await?;
        Ok(Self { by_version: found.by_version, unproven: found.unproven, primary: found.primary })
    }

    /// Verifies like [`Keyring::load`] without storing anything, for commands that only read.
    ///
    /// # Errors
    /// Like [`Keyring::load`].
    pub async fn load_read_only(db: &mut PgConnection, keys: MasterKeys) -> Result<Self, Error> {
        let found = identify(db, keys).await?;
        Ok(Self { by_version: found.by_version, unproven: found.unproven, primary: found.primary })
    }

    /// The version of the primary, under which everything new is wrapped.
    pub fn primary_version(&self) -> i32 {
        self.primary
    }

    /// Generates a data key for a new member; returns it with its wrapped form, ready to be stored.
    ///
    /// # Errors
    /// Where the operating system gives no randomness.
    pub fn new_dek(&self, user: UserId) -> Result<(Dek, Wrapped), Error> {
        let dek = Dek::generate(user)?;
        let wrapped = self.wrap(Purpose::DataKey, user.0, &*dek.key)?;
        Ok((dek, wrapped))
    }

    /// The data key of a member, from `users.wrapped_dek` and `users.dek_key_version`.
    ///
    /// # Errors
    /// Where it is damaged, or belongs to another member or another master key.
    pub fn unwrap_dek(&self, user: UserId, wrapped: &[u8], key_version: i32) -> Result<Dek, Error> {
        let bytes = self.unwrap(Purpose::DataKey, user.0, wrapped, key_version)?;
        let key = bytes.as_slice().try_into().map_err(|_| Error::Encryption("cannot be decrypted"))?;
        Ok(Dek::new(Zeroizing::new(key), user))
    }

    /// Wraps an upstream's API key to be stored.
    ///
    /// # Errors
    /// Where the operating system gives no randomness.
    pub fn wrap_api_key(&self, upstream: Uuid, api_key: &SecretString) -> Result<Wrapped, Error> {
        self.wrap(Purpose::UpstreamApiKey, upstream, api_key.expose_secret().as_bytes())
    }

    /// An upstream's API key, from `upstreams.wrapped_api_key` and `upstreams.api_key_version`.
    ///
    /// # Errors
    /// Where it is damaged, or belongs to another upstream or another master key.
    pub fn unwrap_api_key(&self, upstream: Uuid, wrapped: &[u8], key_version: i32) -> Result<SecretString, Error> {
        let bytes = self.unwrap(Purpose::UpstreamApiKey, upstream, wrapped, key_version)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| Error::Encryption("cannot be decrypted"))?;
        Ok(SecretString::from(text))
    }

    /// Wraps an upstream's custom headers, as one text, to be stored.
    ///
    /// # Errors
    /// Where the operating system gives no randomness.
    pub fn wrap_headers(&self, upstream: Uuid, headers: &SecretString) -> Result<Wrapped, Error> {
        self.wrap(Purpose::UpstreamHeaders, upstream, headers.expose_secret().as_bytes())
    }

    /// An upstream's custom headers, from `upstreams.wrapped_headers` and `upstreams.headers_version`.
    ///
    /// # Errors
    /// Where they are damaged, or belong to another upstream or another master key.
    pub fn unwrap_headers(&self, upstream: Uuid, wrapped: &[u8], key_version: i32) -> Result<SecretString, Error> {
        let bytes = self.unwrap(Purpose::UpstreamHeaders, upstream, wrapped, key_version)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| Error::Encryption("cannot be decrypted"))?;
        Ok(SecretString::from(text))
    }

    pub(super) fn rewrap(&self, purpose: Purpose, owner: Uuid, old: &Wrapped) -> Result<Wrapped, Error> {
        self.wrap(purpose, owner, &self.unwrap(purpose, owner, &old.bytes, old.key_version)?)
    }

    fn wrap(&self, purpose: Purpose, owner: Uuid, secret: &[u8]) -> Result<Wrapped, Error> {
        let key = self.by_version.get(&self.primary).ok_or(Error::Encryption("no primary key"))?;
        wrap::wrap(key, self.primary, purpose, owner, secret)
    }

    fn unwrap(&self, purpose: Purpose, owner: Uuid, wrapped: &[u8], version: i32) -> Result<Zeroizing<Vec<u8>>, Error> {
        if let Some(key) = self.by_version.get(&version) {
            return wrap::unwrap(key, version, purpose, owner, wrapped);
        }
        // Another process has begun a rotation to a key that this one was given ahead of it and has not seen in use before.
        self.unproven
            .iter()
            .find_map(|key| wrap::unwrap(key, version, purpose, owner, wrapped).ok())
            .ok_or(Error::Encryption("cannot be decrypted"))
    }
}

/// Finds the version of each key, and fails where a version that is still in use is missing.
async fn identify(db: &mut PgConnection, keys: MasterKeys) -> Result<Identified, Error> {
    let found = canary::identify(keys, &repo::canaries(&mut *db).await?)?;
    let in_use = repo::versions_in_use(db).await?;
    if let Some(missing) = in_use.iter().find(|version| !found.by_version.contains_key(version)) {
        return Err(OperatorError::new(
            format!("master key version {missing} is still in use, and none of the configured keys is that one"),
            "add that older key after the first one, then run `quadrille keys rotate`; nothing was changed",
        )
        .into());
    }
    Ok(found)
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyring")
            .field("versions", &self.by_version.keys())
            .field("primary", &self.primary)
            .finish_non_exhaustive()
    }
}
